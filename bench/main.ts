// npm run bench -- [options]: our layer, the libraries of bench/peers and the machine's own limits, interleaved in one
// run. README.md says what the numbers mean. Never a test.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { backendInfo, configure } from "../dist/index.js";
import { type BenchArguments, readArguments, USAGE } from "./arguments.js";
import { type Contender, type ContenderSource, Unavailable } from "./contender.js";
import { Limits } from "./limits.js";
import { describeMachine, load, watchSteal } from "./machine.js";
import { measureShape } from "./measure.js";
import { CudnnGru } from "./peers/cudnn_gru.js";
import { KERNEL, PEERS, TRAINING_PEERS } from "./peers/index.js";
import { streamingWays } from "./peers/streaming.js";
import { CudnnGruTraining } from "./peers/training.js";
import type { BenchRecord, ShapeRecord, Skipped } from "./record.js";
import { formatReport } from "./report.js";
import { formatShape } from "./shapes.js";

/** Progress goes to standard error, so that standard output holds the report alone. */
function progress(message: string): void {
  console.error(`bench: ${message}`);
}

/** What `open` gives, or null, with the reason noted, where this machine does not have it. */
async function openOrSkip<T>(name: string, open: () => Promise<T>, skipped: Skipped[]): Promise<T | null> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    progress(`without ${name}: ${error.message}`);
    skipped.push({ contender: name, reason: error.message });
    return null;
  }
}

function chosenPeers(names: readonly string[] | null, training: boolean): ContenderSource[] {
  const peers = training ? TRAINING_PEERS : PEERS;
  const unknown = names?.find((name) => !peers.some((peer) => peer.name === name));
  if (unknown !== undefined) {
    throw new RangeError(`Expected peers of ${peers.map(({ name }) => name).join(", ")}, got "${unknown}"`);
  }
  return peers.filter(({ name }) => names === null || names.includes(name));
}

async function measure(args: BenchArguments): Promise<BenchRecord> {
  const peers = chosenPeers(args.peers, args.training);
  const threads = args.threads ?? backendInfo().cpu.usableCpus;
  configure({ threads });
  const busy = load();
  if (busy > 0.5) progress(`the load average is ${busy.toFixed(2)}: something else computes here, expect noise`);
  const skipped: Skipped[] = [];
  const limits = await openOrSkip("the machine's limits", () => Limits.open(threads), skipped);
  const contenders: Contender[] = args.training ? [new CudnnGruTraining()] : [new CudnnGru(), ...streamingWays];
  for (const source of args.training ? peers : [KERNEL, ...peers]) {
    const contender = await openOrSkip(source.name, () => source.open(threads), skipped);
    if (contender !== null) contenders.push(contender);
  }
  const steal = watchSteal();
  const shapes: ShapeRecord[] = [];
  try {
    for (const shape of args.shapes) {
      progress(formatShape(shape));
      shapes.push(await measureShape(shape, contenders, limits, { ...args, threads }));
    }
  } finally {
    for (const contender of contenders) await contender.close();
    limits?.close();
  }
  const { training, rounds, sampleMs } = args;
  const date = new Date().toISOString().slice(0, 10);
  const settings = { threads, training, rounds, sampleMs, load: busy, steal: steal() };
  return { format: 1, date, machine: describeMachine(), ...settings, skipped, shapes };
}

async function main(): Promise<void> {
  const args = readArguments(process.argv.slice(2));
  if (args.help) {
    console.log(USAGE);
    return;
  }
  const record =
    args.report === null ? await measure(args) : (JSON.parse(readFileSync(args.report, "utf8")) as BenchRecord);
  if (args.record !== null) {
    mkdirSync(dirname(args.record), { recursive: true });
    writeFileSync(args.record, `${JSON.stringify(record, null, 1)}\n`);
  }
  console.log(await formatReport(record));
}

try {
  await main();
} catch (error) {
  const misuse = error instanceof RangeError || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
  console.error(misuse ? `bench: ${(error as Error).message}\n\n${USAGE}` : error);
  process.exitCode = 1;
}
