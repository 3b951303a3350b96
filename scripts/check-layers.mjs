// Fails when an include or import points upwards, or when includes of native/ run in a circle. The rooms and their
// order are those of docs/architecture.md.
import { circlesOf } from "./layers/circles.mjs";
import { libProblems } from "./layers/lib.mjs";
import { linesOf } from "./layers/lines.mjs";
import { includesOf, nativeProblems } from "./layers/native.mjs";
import { filesBelow } from "./setup/stamp.mjs";

const nativeFiles = filesBelow("native").filter((name) => /\.(cc|h|inc)$/.test(name));
const includes = new Map(
  nativeFiles.map((file) => [
    file,
    includesOf(linesOf(file))
      .filter((include) => include.ours)
      .map((include) => `native/${include.name}`),
  ]),
);

const problems = [
  ...nativeFiles.flatMap((file) => nativeProblems(file, linesOf(file))),
  ...circlesOf(includes).map((circle) => `a circle of includes: ${circle.join(" -> ")}`),
  ...filesBelow("lib")
    .filter((name) => name.endsWith(".ts"))
    .flatMap((file) => libProblems(file, linesOf(file))),
];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
