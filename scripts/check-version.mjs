// Fails when a file states another version than package.json.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { versionProblems } from "./release/version_files.mjs";
import { root } from "./setup/shell.mjs";

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const problems = versionProblems(version, root);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
