import { parseArgs } from "node:util";
import { DEFAULT_SHAPES, parseShape, type Shape } from "./shapes.js";

/** What the command line asks for. */
export interface BenchArguments {
  shapes: Shape[];
  /** Names of the peers to run; null for all. */
  peers: string[] | null;
  /** Threads each contender may use; null for every CPU this process may use. */
  threads: number | null;
  /** Forward and backward instead of forward alone. */
  training: boolean;
  rounds: number;
  /** Milliseconds one sample should take. */
  sampleMs: number;
  /** Where to write the record; null for nowhere. */
  record: string | null;
  /** A record to print instead of measuring. */
  report: string | null;
  help: boolean;
}

export const USAGE = `npm run bench -- [options]

  --quick             3 rounds of 5 ms samples: whether everything runs, not how fast
  --shapes a,b        batch x timesteps x features - units; default ${DEFAULT_SHAPES.join(",")}
  --peers a,b         of onnxruntime, onednn, pytorch, keras, tfjs; "none" for our layer alone; default all
  --threads n|all     threads for every contender (default 1)
  --training          forward and backward, of our layer and PyTorch
  --rounds n          samples of every contender (default 21)
  --sample-ms n       what one sample should take (default 40)
  --record file.json  writes everything measured
  --report file.json  prints a record again, without measuring
`;

/** Reads the command line. Throws a `RangeError` or node:util's `TypeError` for what it does not understand. */
export function readArguments(args: string[]): BenchArguments {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      shapes: { type: "string" },
      peers: { type: "string" },
      threads: { type: "string", default: "1" },
      training: { type: "boolean", default: false },
      rounds: { type: "string" },
      "sample-ms": { type: "string" },
      record: { type: "string" },
      report: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  return {
    shapes: (values.shapes === undefined ? DEFAULT_SHAPES : values.shapes.split(",")).map(parseShape),
    peers: values.peers === undefined ? null : values.peers.split(",").filter((name) => name !== "none"),
    threads: values.threads === "all" ? null : positive("--threads", values.threads),
    training: values.training,
    rounds: positive("--rounds", values.rounds ?? (values.quick ? "3" : "21")),
    sampleMs: positive("--sample-ms", values["sample-ms"] ?? (values.quick ? "5" : "40")),
    record: values.record ?? null,
    report: values.report ?? null,
    help: values.help,
  };
}

function positive(option: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new RangeError(`Expected a positive integer for ${option}, got "${text}"`);
  return Number(text);
}
