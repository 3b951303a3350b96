// The command lines of the programs beside `npm run bench`. Each reader prints help, or says what is wrong, and then ends
// the process: with 0 after help, otherwise with 1, and before anything is measured.
import { Command, Option } from "commander";
import { list, oneOf, positive, seconds, several, shape, threadCount } from "./option_values.js";
import { formatShape, type Shape } from "./shapes.js";

function command(name: string, about: string): Command {
  return new Command(name).description(about).allowExcessArguments(false);
}

const user = { from: "user" } as const;
const named = (shapes: readonly Shape[]) =>
  `batch x timesteps x features - units; default ${shapes.map(formatShape).join(" ")}`;

/** Commander gives an empty list where no shape is named. */
const orElse = (shapes: readonly Shape[], otherwise: readonly Shape[]) => (shapes.length > 0 ? shapes : otherwise);

/** The command line of `bench:half`. */
export interface HalfArguments {
  /** Names of sets of kernels; empty for those that calls get. */
  readonly kernels: readonly string[];
  readonly threads: number;
}

/** Reads the command line of `bench:half`. `isas` are the sets of kernels that this machine can run. */
export function readHalfArguments(args: string[], isas: readonly string[]): HalfArguments {
  const about = "Times the conversions of float16 and bfloat16 arrays beside a copy of as many bytes.";
  const parsed = command("npm run bench:half --", about)
    .argument("[kernels...]", `of ${isas.join(", ")}; default the fastest`, several(oneOf(isas)))
    .option("--threads <n>", "threads of a conversion", positive, 1)
    .parse(args, user);
  return { kernels: parsed.processedArgs[0], threads: parsed.opts().threads };
}

/** Reads the shapes of `bench:beside`. */
export function readBesideShapes(args: string[], otherwise: readonly Shape[]): readonly Shape[] {
  const about = "Times calls on one thread and on all, alone and in turns with onnxruntime-node.";
  const parsed = command("npm run bench:beside --", about)
    .argument("[shapes...]", named(otherwise), several(shape))
    .parse(args, user);
  return orElse(parsed.processedArgs[0], otherwise);
}

/** The command line of `bench:models`. */
export interface ModelsArguments {
  readonly rounds: number;
  readonly sampleMs: number;
  readonly threads: (number | "all")[];
  readonly batches: number[];
  readonly models?: string[];
  readonly json?: string;
}

/** Reads the command line of `bench:models`. */
export function readModelsArguments(args: string[]): ModelsArguments {
  return command("npm run bench:models --", "Times whole Keras models beside other libraries.")
    .option("--rounds <n>", "samples of each contender", positive, 11)
    .option("--sample-ms <n>", "about how long a sample takes", positive, 40)
    .addOption(
      new Option("--threads <n,all>", "numbers of threads, a run for each")
        .argParser(list(threadCount))
        .default([1], "1"),
    )
    .addOption(new Option("--batches <a,b>", "rows of a call").argParser(list(positive)).default([1, 64], "1,64"))
    .option(
      "--models <a,b>",
      "only these models, by their names in the report",
      list((text) => text.trim()),
    )
    .option("--json <file.json>", "also writes the record to a file")
    .parse(args, user)
    .opts<ModelsArguments>();
}

/** The command line of `bench/concurrency.ts`. */
export interface ConcurrencyArguments {
  /** The time that each line of a table takes. */
  readonly seconds: number;
  readonly shapes: readonly Shape[];
}

/** Reads the command line of `bench/concurrency.ts`. */
export function readConcurrencyArguments(args: string[], otherwise: readonly Shape[]): ConcurrencyArguments {
  const about = "Calls a second with several asynchronous calls in flight, and with a batcher.";
  const [time, shapes] = command("bench/concurrency.ts", about)
    .argument("[seconds]", "for each line", seconds, 2)
    .argument("[shapes...]", named(otherwise), several(shape))
    .parse(args, user).processedArgs;
  return { seconds: time, shapes: orElse(shapes, otherwise) };
}

/** Reads the seconds of each line of `bench/event_loop.ts`. */
export function readEventLoopSeconds(args: string[]): number {
  return command("bench/event_loop.ts", "How late the event loop is while large asynchronous calls run.")
    .argument("[seconds]", "for each line", seconds, 10)
    .parse(args, user).processedArgs[0];
}
