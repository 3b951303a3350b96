// The process that the cases run in. Its parent (supervisor.ts) watches it, because it may crash or hang.
// Arguments: target, seed, first case, most cases, the time (in ms since 1970) after which no case begins, progress file.
import { openSync, writeSync } from "node:fs";
import { GRUError } from "cudnn-gru";
import type { Finding } from "./findings.js";
import { Random } from "./random.js";
import type { Case, Target } from "./target.js";

export type FromChild =
  | { kind: "finding"; finding: Finding }
  | { kind: "ran"; cases: number; count: number; outcomes: Record<string, number> }
  | { kind: "done"; next: number; why: "time" | "cases" | "spent" };

const [name, seedText, firstText, mostText, untilText, progressPath] = process.argv.slice(2) as string[];
const seed = Number(seedText);
const until = Number(untilText);
const progress = openSync(progressPath as string, "r+");
const CODES: ReadonlySet<string> = new Set([
  "ERR_ARGUMENT",
  "ERR_SHAPE",
  "ERR_DTYPE",
  "ERR_NOT_BUILT",
  "ERR_STATE",
  "ERR_CUDNN_UNAVAILABLE",
  "ERR_CUDNN_NOT_ELIGIBLE",
  "ERR_OUT_OF_MEMORY",
  "ERR_DISPOSED",
  "ERR_ABORTED",
  "ERR_BUSY",
  "ERR_CALLBACK",
  "ERR_UNSUPPORTED",
  "ERR_FILE_FORMAT",
]);

const verbose = process.env.CUDNN_GRU_FUZZ_VERBOSE === "1";
let current = Number(firstText);
let doing = "";
let count = 0;
let outcomes: Record<string, number> = {};

function send(message: FromChild): void {
  process.send?.(message);
}

function report(symptom: string, detail = ""): void {
  const finding = { target: name as string, seed, case: current, symptom, step: doing, detail };
  if (verbose) console.error(`FINDING ${symptom} ${detail.slice(0, 1000)}`);
  send({ kind: "finding", finding });
}

/** An error without numbers and names that differ from case to case, with the place in the package that it came from. */
function symptomOf(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${typeof error}`;
  const place = /dist\/([\w/.]+js):\d+/.exec(String(error.stack))?.[1] ?? "outside dist";
  const text = String(error.message).split("\n")[0] as string;
  return `${error.name} "${text.replace(/\d+/g, "N").slice(0, 100)}" in ${place}`;
}

function tally(outcome: string): void {
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}

function accepts(error: unknown, codes: readonly string[] = [...CODES]): boolean {
  tally(error instanceof GRUError ? error.code : "a foreign error");
  if (error instanceof GRUError && codes.includes(error.code)) return true;
  const what = error instanceof GRUError ? `unexpected ${error.code}` : "foreign error";
  report(`${what}: ${symptomOf(error)}`, error instanceof Error ? String(error.stack) : "");
  return false;
}

function caseOf(index: number): Case {
  return {
    random: new Random(seed, index),
    index,
    step(what) {
      doing = what;
      if (verbose) console.error(what);
      const line = `${JSON.stringify({ case: index, step: what.slice(0, 2000) })}\n`;
      writeSync(progress, line.padEnd(300), 0);
    },
    count() {
      count += 1;
    },
    tally,
    report,
    accepts,
  };
}

async function load(): Promise<Target> {
  if (name === "api") return (await import("./api/target.js")).target;
  if (name === "files") return (await import("./files/target.js")).target;
  return (await import("./planted.js")).target;
}

process.on("unhandledRejection", (error) =>
  report(`unhandled rejection: ${symptomOf(error)}`, error instanceof Error ? String(error.stack) : String(error)),
);
process.on("uncaughtException", (error) => report(`uncaught exception: ${symptomOf(error)}`, String(error?.stack)));

const target = await load();
send({ kind: "ran", cases: 0, count: 0, outcomes: {} });
const last = current + Number(mostText);
let why: "time" | "cases" | "spent" = "cases";
let sent = Date.now();
let ran = 0;
for (; current < last; current++) {
  if (Date.now() >= until) {
    why = "time";
    break;
  }
  if (target.spent?.()) {
    why = "spent";
    break;
  }
  try {
    await target.run(caseOf(current));
  } catch (error) {
    report(`the case itself failed: ${symptomOf(error)}`, String((error as Error).stack));
  }
  ran += 1;
  if (Date.now() - sent > 200) {
    send({ kind: "ran", cases: ran, count, outcomes });
    sent = Date.now();
    [ran, count, outcomes] = [0, 0, {}];
    // The parent's messages, and what the case left behind.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
send({ kind: "ran", cases: ran, count, outcomes });
send({ kind: "done", next: current, why });
process.disconnect?.();
setTimeout(() => process.exit(0), 100).unref();
