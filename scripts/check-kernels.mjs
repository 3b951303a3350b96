// Looks at the compiled kernel units (native/cpu/kernels/isa_*.cc) of both builds, with binutils, and of every target that
// npm run build:platforms has compiled. Fails
// - when a unit defines a symbol that the linker may share with other units: an inline function or template compiled
//   for AVX-512 could then be the one that runs on a CPU without it;
// - when a unit of npm run build:platforms breaks a rule of scripts/platforms/units.mjs, which that command checks too;
// - when node-gyp and cmake-js made different machine code of a unit: the results are bit-exact only for one code.
import { execFileSync } from "node:child_process";
import { basename, join } from "node:path";
import { targets } from "./platforms/targets.mjs";
import { unitProblems, unitsOf } from "./platforms/units.mjs";
import { root } from "./setup/shell.mjs";
import { filesBelow } from "./setup/stamp.mjs";

function tool(name, args) {
  return execFileSync(name, args, { encoding: "utf8", maxBuffer: 1 << 28 }).split("\n");
}

/** Kernel objects of a build by unit, `isa_avx2` say. */
function kernelObjects(folder) {
  const objects = filesBelow(folder).filter((path) => /\/isa_[a-z0-9]+(\.cc)?\.o$/.test(path));
  return new Map(objects.map((path) => [basename(path).split(".")[0], join(root, path)]));
}

/** The instructions of an object, without its name. */
function code(object) {
  return tool("objdump", ["--disassemble", "--no-show-raw-insn", object]).slice(3).join("\n");
}

/** The symbols of an object that the linker may take from another object. */
function sharedSymbols(object) {
  const lines = tool("nm", ["--demangle", "--defined-only", object]);
  return lines.filter((line) => /^[0-9a-f]* [WVu] /.test(line)).map((line) => line.split(" ").slice(2).join(" "));
}

const gyp = kernelObjects("build/Release/obj.target");
const cmake = kernelObjects("build-cmake/CMakeFiles");
const problems = [];
if (gyp.size === 0 || cmake.size === 0) problems.push("no kernel objects: npm run build and npm run build:cmake first");
for (const [unit, object] of gyp) {
  problems.push(...sharedSymbols(object).map((name) => `${unit} shares ${name}`));
  if (!cmake.has(unit)) problems.push(`${unit} is not in the build of cmake-js`);
  else if (code(object) !== code(cmake.get(unit))) problems.push(`${unit}: the two builds differ in machine code`);
}
const ofTargets = targets
  .filter(({ kernels }) => kernels === undefined)
  .flatMap((target) => unitsOf(target).map((unit) => ({ target, unit })));
problems.push(...ofTargets.flatMap(({ target, unit }) => unitProblems(target, unit)));
for (const problem of problems) console.error(problem);
console.log(
  `kernel units: ${[...gyp.keys(), ...ofTargets.map(({ target, unit }) => `${target.name} ${unit.name}`)].join(", ")}`,
);
process.exitCode = problems.length > 0 ? 1 : 0;
