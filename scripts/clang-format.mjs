// Formats the C++ sources in place, or with --check says which lines differ from the house style and fails. Files may be
// named; without names it takes all of them.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { CommandError, root, runNode } from "./setup/shell.mjs";

const program = join(root, "node_modules/@wasm-fmt/clang-format/clang-format-cli.cjs");

const named = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const all = () =>
  ["native", "test/native", "test/doubles"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((name) => /\.(cc|h|inc)$/.test(name))
      .map((name) => join(folder, name)),
  );
const mode = process.argv.includes("--check") ? ["--dry-run", "-Werror"] : ["-i"];
try {
  runNode(program, [...mode, ...(named.length > 0 ? named : all())]);
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  process.exitCode = error.status;
}
