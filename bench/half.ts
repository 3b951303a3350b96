// npm run bench:half -- [kernels...] [--threads N]: how fast arrays of 16-bit types are converted, beside a plain copy
// (bench/native/half_conversions.cc). Never a test.
import { execFileSync } from "node:child_process";
import { backendInfo } from "../dist/index.js";
import { compile } from "./compile.js";
import { Unavailable } from "./contender.js";
import { linkedWithAddon } from "./peers/kernel.js";
import { readHalfArguments } from "./program_arguments.js";

const { kernels, threads } = readHalfArguments(process.argv.slice(2), backendInfo().cpu.isas);

try {
  const program = compile("half_conversions", linkedWithAddon());
  execFileSync(program, [...kernels, "--threads", String(threads)], { stdio: "inherit" });
} catch (error) {
  if (!(error instanceof Unavailable)) throw error;
  console.error(`bench:half: ${error.message}`);
  process.exitCode = 1;
}
