import { existsSync } from "node:fs";
import { join } from "node:path";
import { CommandError, root, run } from "../setup/shell.mjs";

/** Runs test/golden/generate.py with .venv's Python where there is one, else with python3. */
export function golden(args) {
  const venv = join(root, ".venv/bin/python");
  const python = existsSync(venv) ? venv : "python3";
  try {
    run(python, ["test/golden/generate.py", ...args]);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(
      `${error.message}. The generator needs the packages of test/golden/requirements.txt: ` +
        "python3 -m venv .venv && .venv/bin/pip install -r test/golden/requirements.txt",
      error.status,
    );
  }
}
