#!/usr/bin/env node
import { Command, InvalidArgumentError } from "commander";
import { GRUError } from "../errors/gru_error.js";
import { PACKAGE_VERSION } from "../package_version.js";
import { UsageError } from "./typed.js";

function readDevice(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected the index of a CUDA device.");
}

function readCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected a positive integer.");
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== "" && seconds > 0 && seconds <= 600) return seconds;
  throw new InvalidArgumentError("Expected a number of seconds, at most 600.");
}

const collected = (value: string, before: readonly string[] = []) => [...before, value];

/** Runs a command. Its error is printed as text or JSON, and makes the exit status 1, or 2 for what the user typed. */
async function run(json: boolean | undefined, body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof GRUError)) throw error;
    const { code, message } = error;
    process.exitCode = error instanceof UsageError ? 2 : 1;
    if (json) process.stdout.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`);
    else process.stderr.write(`cudnn-gru: ${message} (${code})\n`);
  }
}

const printed = (json: boolean | undefined, report: object, text: () => string) =>
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : text());

const program = new Command("cudnn-gru")
  .description("Keras GRUs and whole Keras models in Node.js")
  .version(PACKAGE_VERSION)
  .addHelpText(
    "after",
    "\nExit status: 0 if it worked, 1 if it did not, 2 for arguments that are wrong whatever\nthe files hold.\n" +
      "Example: cudnn-gru predict model.keras --input x.csv --output y.csv",
  )
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));

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

program
  .command("inspect")
  .description("show a model file: its layers, its GRUs, the path they would take here, and what is not supported")
  .argument("<model>", "a .keras file, or a .h5 file with a whole model")
  .option("--json", "print the same as JSON")
  .addHelpText(
    "after",
    "\nExample: cudnn-gru inspect model.keras\nThe exit status is 1 for a model that is not supported.",
  )
  .action((file: string, { json }: { json?: boolean }) =>
    run(json, async () => {
      const [{ inspectFile }, { inspectText }] = await Promise.all([
        import("./inspect.js"),
        import("./inspect_text.js"),
      ]);
      const report = await inspectFile(file);
      printed(json, report, () => inspectText(report));
      process.exitCode = report.supported ? 0 : 1;
    }),
  );

program
  .command("predict")
  .description("compute a model's outputs for arrays in files")
  .argument("<model>", "a .keras file, or a .h5 file with a whole model")
  .requiredOption(
    "-i, --input <file>",
    ".npy, .csv or .json; NAME=FILE for each input of several; - reads standard input, which must be JSON",
    collected,
  )
  .option(
    "-o, --output <file>",
    ".npy, .csv or .json; NAME=FILE for each output of several; without it JSON on standard output",
    collected,
    [],
  )
  .option("--batch-size <rows>", "rows that are computed at a time", readCount, 256)
  .option("--quiet", "print neither a progress bar nor the time it took")
  .option("--json", "print the time it took, and the shapes, as JSON on standard error")
  .addHelpText(
    "after",
    `
Examples:
  cudnn-gru predict model.keras --input x.npy --output y.npy
  cudnn-gru predict model.keras --input x.csv > y.json
  echo '[[[1, 2], [3, 4]]]' | cudnn-gru predict model.keras --input -
  cudnn-gru predict translate.keras -i source=a.npy -i target=b.npy -o y.npy
A line of a CSV file is one sample, its numbers in row-major order; a first line of names is left out.`,
  )
  .action(
    (
      model: string,
      options: { input: string[]; output: string[]; batchSize: number; quiet?: boolean; json?: boolean },
    ) =>
      run(options.json, async () => {
        const { predictFiles } = await import("./predict.js");
        const output = options.output.length > 0 ? options.output : ["-"];
        const quiet = options.quiet === true;
        const report = await predictFiles(model, { ...options, output, quiet, json: options.json === true });
        const { rows, predictMilliseconds: ms, rowsPerSecond } = report;
        const text = `${rows} row${rows === 1 ? "" : "s"} in ${ms} ms: ${rowsPerSecond} rows a second\n`;
        if (options.json) process.stderr.write(`${JSON.stringify(report, null, 2)}\n`);
        else if (!quiet) process.stderr.write(text);
      }),
  );

program
  .command("convert")
  .description("write a model, or its weights, to a file of another format")
  .argument("<model>", "a .keras file, or a .h5 file with a whole model")
  .argument("<out>", "a path that ends in .keras, .weights.h5 or .safetensors")
  .option("--overwrite", "replace a file that is there")
  .option("--json", "print the same as JSON")
  .addHelpText(
    "after",
    `
Examples:
  cudnn-gru convert model.h5 model.keras            # for Keras 3, from files of Keras 2 too
  cudnn-gru convert model.keras model.weights.h5    # for model.load_weights("model.weights.h5") in Keras 3
  cudnn-gru convert model.h5 model.safetensors      # tensors such as "encoder/gru/kernel"
Not every model that inspect calls supported can be converted: Keras cannot read some of them back from such a file.
Then convert says why, and writes nothing. The state of an optimizer is left out.`,
  )
  .action((input: string, output: string, { overwrite, json }: { overwrite?: boolean; json?: boolean }) =>
    run(json, async () => {
      const { convertFile, convertText } = await import("./convert.js");
      const report = await convertFile(input, output, overwrite === true);
      printed(json, report, () => convertText(report));
    }),
  );

program
  .command("bench")
  .description("time GRUs on this machine: on one thread, on all, and on the GPU where there is one")
  .argument("[shapes...]", "batch, timesteps, features and units, such as 32x100x128-256")
  .option("--seconds <n>", "about how long each row takes", readSeconds, 0.5)
  .option("--json", "print the same as JSON")
  .action(async (shapes: string[], { seconds, json }: { seconds: number; json?: boolean }) => {
    const { bench, benchText, readShape, SHAPES } = await import("./bench.js");
    const wrong = shapes.find((shape) => readShape(shape) === null);
    if (wrong !== undefined) program.error(`error: expected a shape such as 32x100x128-256 but received ${wrong}`);
    await run(json, async () => {
      const report = bench(shapes.length > 0 ? shapes : SHAPES, seconds);
      printed(json, report, () => benchText(report));
    });
  });

await program.parseAsync();
