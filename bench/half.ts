// npm run bench:half -- [kernels...] [--threads N]: how fast arrays of 16-bit types are converted, beside a plain copy
// (bench/native/half_conversions.cc). Never a test.
import { execFileSync } from "node:child_process";
import { compile } from "./compile.js";
import { Unavailable } from "./contender.js";
import { linkedWithAddon } from "./peers/kernel.js";

try {
  const program = compile("half_conversions", linkedWithAddon());
  execFileSync(program, process.argv.slice(2), { stdio: "inherit" });
} catch (error) {
  if (!(error instanceof Unavailable)) throw error;
  console.error(`bench:half: ${error.message}`);
  process.exitCode = 1;
}
