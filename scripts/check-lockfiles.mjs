// Fails when a lockfile of the repository records other dependencies of the package than package.json has. The next
// `npm install` beside such a lockfile would change it.
import { execFileSync } from "node:child_process";
import { lockfileProblems } from "./setup/lockfiles.mjs";
import { root } from "./setup/shell.mjs";

const tracked = execFileSync("git", ["ls-files", "--cached", "--", "package-lock.json", "**/package-lock.json"], {
  cwd: root,
  encoding: "utf8",
});
const problems = lockfileProblems(root, tracked.split("\n").filter(Boolean));
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
