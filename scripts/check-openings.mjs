// Fails when a comment of lib/ or native/ begins with a noun clause, such as "What x takes" or "Gives x".
import { badOpenings } from "./comments/openings.mjs";
import { linesOf } from "./layers/lines.mjs";
import { filesBelow } from "./setup/stamp.mjs";

const folders = ["lib", "native"];

const files = folders.flatMap(filesBelow).filter((name) => /\.(ts|cc|h|inc)$/.test(name));
const problems = files.flatMap((file) => badOpenings(linesOf(file)).map((problem) => `${file}:${problem}`));
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
