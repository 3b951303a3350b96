// Looks at the compiled kernel units (native/cpu/kernels/isa_*.cc) of both builds, with binutils. Fails
// - when a unit defines a symbol that the linker may share with other units: an inline function or template compiled
//   for AVX-512 could then be the one that runs on a CPU without it;
// - when node-gyp and cmake-js made different machine code of a unit: the results are bit-exact only for one code.
import { execFileSync } from "node:child_process";
import { basename, join } from "node:path";
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

const gyp = kernelObjects("build/Release/obj.target");
const cmake = kernelObjects("build-cmake/CMakeFiles");
const problems = [];
if (gyp.size === 0 || cmake.size === 0) problems.push("no kernel objects: npm run build and npm run build:cmake first");
for (const [unit, object] of gyp) {
  const shared = tool("nm", ["--demangle", "--defined-only", object]).filter((line) => /^[0-9a-f]* [WVu] /.test(line));
  problems.push(...shared.map((line) => `${unit} shares ${line.split(" ").slice(2).join(" ")}`));
  if (!cmake.has(unit)) problems.push(`${unit} is not in the build of cmake-js`);
  else if (code(object) !== code(cmake.get(unit))) problems.push(`${unit}: the two builds differ in machine code`);
}
for (const problem of problems) console.error(problem);
console.log(`kernel units: ${[...gyp.keys()].join(", ")}`);
process.exitCode = problems.length > 0 ? 1 : 0;
