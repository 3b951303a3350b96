#!/usr/bin/env node
import { Command, InvalidArgumentError } from "commander";
import { PACKAGE_VERSION } from "../package_version.js";

function readDevice(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected the index of a CUDA device.");
}

const program = new Command("cudnn-gru")
  .description("The Keras GRU layer for Node.js: what it can use on this machine")
  .version(PACKAGE_VERSION);

program
  .command("doctor")
  .description("tell what works here, what was tried and why it did not, and what to do")
  .option("--json", "print the same as JSON")
  .option("--require-cudnn", "exit with 1 unless calls would run on the GPU (in float32)")
  .option("--device <index>", "the CUDA device to try", readDevice, 0)
  .addHelpText("after", "\nThe exit status is 0 if cudnn-gru works here, on the GPU or the CPU, and 1 if it does not.")
  .action(async (options: { json?: boolean; requireCudnn?: boolean; device: number }) => {
    const [{ examine }, { reportText }] = await Promise.all([import("./report.js"), import("./text.js")]);
    const report = examine(options.device, { requireCudnn: options.requireCudnn === true });
    process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
    process.exitCode = report.exitStatus;
  });

program
  .command("build")
  .description("build the addon from the package's sources, where no prebuilt binary fits")
  .action(async () => {
    const { buildAddon } = await import("./build.js");
    process.exitCode = buildAddon();
  });

await program.parseAsync();
