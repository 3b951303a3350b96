import { Command, Option } from "commander";
import { list, oneOf, positive, shape, threadCount } from "./option_values.js";
import { PEERS } from "./peers/index.js";
import { DEFAULT_SHAPES, parseShape, QUICK_SHAPES, type Shape } from "./shapes.js";

/** The parts of the benchmark. Curves take long and are only measured on request. */
export const PARTS = ["inference", "training", "stacks", "sixteen-bit", "models", "orthogonal", "curves"] as const;
export type Part = (typeof PARTS)[number];

/** The options of the command line. */
export interface BenchArguments {
  quick: boolean;
  parts: Part[];
  shapes: Shape[];
  /** Names of the peers to run; null for all. */
  peers: string[] | null;
  /** Threads that contenders may use, a run for each; "all" for every CPU this process may use. */
  threads: (number | "all")[];
  /** Rounds of each run; the last number is for all that follow. */
  rounds: number[];
  /** Milliseconds one sample should take. */
  sampleMs: number;
  /** Where to write the record; true for standard output, null for nowhere. */
  json: string | true | null;
  /** Where to draw the curves; null for nowhere. */
  curves: string | null;
  /** Where to draw our times beside those of the peers; null for nowhere. */
  speed: string | null;
  /** A record to print instead of measuring. */
  report: string | null;
}

/** Commander's values, by the names of the options. */
interface Values {
  quick: boolean;
  only?: Part[];
  shapes?: Shape[];
  peers?: string[];
  threads?: (number | "all")[];
  rounds?: number[];
  sampleMs?: number;
  json?: string | true;
  record?: string;
  curves?: string;
  speed?: string;
  report?: string;
}

/**
 * Reads the command line. Help and what is wrong with it are written to the standard streams, and then a
 * `CommanderError` is thrown with the exit code.
 */
export function readArguments(args: string[]): BenchArguments {
  const peers = PEERS.map(({ name }) => name);
  const command = new Command("npm run bench --")
    .exitOverride()
    .allowExcessArguments(false)
    .option("--quick", "3 rounds of 5 ms samples, small sizes, one thread: whether everything runs", false)
    .option("--only <parts>", `of ${PARTS.join(", ")}; default all but curves`, list(oneOf(PARTS)))
    .option("--shapes <a,b>", `batch x timesteps x features - units; default ${DEFAULT_SHAPES.join(",")}`, list(shape))
    .option(
      "--peers <a,b>",
      `of ${peers.join(", ")}; "none" for ours alone; default all`,
      list(oneOf([...peers, "none"])),
    )
    .option("--threads <n,all>", "threads for every contender, a run for each (default 1,all)", list(threadCount))
    .option("--rounds <n,n>", "samples of every contender, by run (default 21,11)", list(positive))
    .option("--sample-ms <n>", "what one sample should take (default 40)", positive)
    .option("--json [file.json]", "writes everything measured, to standard output without a file")
    .addOption(new Option("--record <file.json>").hideHelp())
    .option("--curves <file.svg>", "measures time against each size, and draws it")
    .option("--speed <file.svg>", "draws inference on one thread beside onnxruntime, Keras and tfjs")
    .option("--report <file.json>", "prints a record again (and draws its pictures), without measuring");
  const values = command.parse(args, { from: "user" }).opts<Values>();
  const { quick } = values;
  const curves = values.curves ?? null;
  return {
    quick,
    parts: values.only ?? PARTS.filter((part) => part !== "curves" || curves !== null),
    shapes: values.shapes ?? (quick ? QUICK_SHAPES : DEFAULT_SHAPES).map(parseShape),
    peers: values.peers?.filter((name) => name !== "none") ?? null,
    threads: values.threads ?? (quick ? [1] : [1, "all"]),
    rounds: values.rounds ?? (quick ? [3] : [21, 11]),
    sampleMs: values.sampleMs ?? (quick ? 5 : 40),
    json: values.json ?? values.record ?? null,
    curves,
    speed: values.speed ?? null,
    report: values.report ?? null,
  };
}

/** Numbers of threads: "all" as `usable`, and each number once. */
export function resolveThreads(threads: readonly (number | "all")[], usable: number): number[] {
  return [...new Set(threads.map((count) => (count === "all" ? usable : count)))];
}
