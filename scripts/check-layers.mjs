// Fails when an include or import points upwards, when includes of native/ or imports of lib/ run in a circle, or when an
// error is made outside of lib/errors/. The rooms and their order are those of docs/architecture.md.
import { circlesOf } from "./layers/circles.mjs";
import { libCircles, libProblems } from "./layers/lib.mjs";
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

const libFiles = new Map(
  filesBelow("lib")
    .filter((name) => name.endsWith(".ts"))
    .map((file) => [file, linesOf(file)]),
);

const problems = [
  ...nativeFiles.flatMap((file) => nativeProblems(file, linesOf(file))),
  ...circlesOf(includes).map((circle) => `a circle of includes: ${circle.join(" -> ")}`),
  ...[...libFiles].flatMap(([file, lines]) => libProblems(file, lines)),
  ...libCircles(libFiles).map((circle) => `a circle of imports: ${circle.join(" -> ")}`),
];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
