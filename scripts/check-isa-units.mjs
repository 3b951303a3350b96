// Fails when a kernel unit (native/cpu/isa_*.cc) defines a symbol that the linker may share with other units: an
// inline function or template compiled for AVX-512 could then be the one that runs on a CPU without it.
// Reads the objects of the node-gyp build with nm.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./setup/shell.mjs";
import { filesBelow } from "./setup/stamp.mjs";

const objects = filesBelow("build/Release/obj.target").filter((path) => /\/isa_[^/]*\.o$/.test(path));
const problems = objects.flatMap((path) =>
  execFileSync("nm", ["--demangle", "--defined-only", join(root, path)], { encoding: "utf8" })
    .split("\n")
    .filter((line) => /^[0-9a-f]* [WVu] /.test(line))
    .map((line) => `${path} shares ${line.split(" ").slice(2).join(" ")}`),
);
if (objects.length === 0) problems.push("no kernel objects below build/Release/obj.target: build first");
for (const problem of problems) console.error(problem);
console.log(`${objects.length} kernel units looked at`);
process.exitCode = problems.length > 0 ? 1 : 0;
