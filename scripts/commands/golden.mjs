import { existsSync } from "node:fs";
import { join } from "node:path";
import { CommandError, root, run } from "../setup/shell.mjs";

/**
 * Runs test/golden/generate.py, with .venv's Python where there is one, else with python3. With the first argument
 * "models" it runs test/golden/models/generate.py instead, and without arguments both.
 */
export function golden(args) {
  const venv = join(root, ".venv/bin/python");
  const python = existsSync(venv) ? venv : "python3";
  try {
    if (args[0] !== "models") run(python, ["test/golden/generate.py", ...args]);
    if (args.length === 0 || args[0] === "models") run(python, ["test/golden/models/generate.py", ...args.slice(1)]);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(
      `${error.message}. The generator needs the packages of test/golden/requirements.txt: ` +
        "python3 -m venv .venv && .venv/bin/pip install -r test/golden/requirements.txt",
      error.status,
    );
  }
}
