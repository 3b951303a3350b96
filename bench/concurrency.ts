// Throughput of asynchronous calls at 1, 2, 8 and 64 in flight, alone and through a batcher, against one call after the
// other; how much of the CPUs and of the JavaScript thread they use, and how evenly the lanes are served:
//
//   npm run build && node --import ./scripts/typescript/register.mjs bench/concurrency.ts [seconds for each line] [BxTxF-U ...]
import { existsSync, readFileSync } from "node:fs";
import { backendInfo, createBatcher, GRU, type Tensor, tensor } from "../dist/index.js";
import { describeMachine, load } from "./machine.js";
import { readConcurrencyArguments } from "./program_arguments.js";
import { formatShape, parseShape, type Shape } from "./shapes.js";
import { spreadOf } from "./statistics.js";

const SHAPES = [
  "1x1x3-8",
  "1x20x16-32",
  "1x96x3-32",
  "1x100x64-64",
  "1x50x128-256",
  "1x100x256-256",
  "16x200x32-128",
].map(parseShape);
const IN_FLIGHT = [1, 2, 8, 64];
const ROUNDS = 5;

const medianOf = (values: number[]) => spreadOf(values).median;

type Call = () => unknown;

interface Result {
  /** Calls a second. */
  rate: number;
  /** Share of the usable CPUs' time. */
  busy: number;
  /** CPU time of the JavaScript thread for each call, in microseconds; NaN where the system does not say. */
  javascript: number;
  /** The number of calls of the least served lane, divided by that of the most served one. */
  even: number;
}

/** The CPU time of this thread, which is the process's first, in microseconds; NaN where there is no /proc. */
function threadTime(): number {
  const path = `/proc/self/task/${process.pid}/schedstat`;
  return existsSync(path) ? Number(readFileSync(path, "utf8").split(" ")[0]) / 1000 : Number.NaN;
}

/** Keeps `lanes` calls in flight for some time. */
async function run(call: Call, lanes: number, seconds: number): Promise<Result> {
  const counts = new Array<number>(lanes).fill(0);
  const cpu = process.cpuUsage();
  const javascript = threadTime();
  const start = performance.now();
  const end = start + 1000 * seconds;
  await Promise.all(
    counts.map(async (_, lane) => {
      while (performance.now() < end) {
        await call();
        counts[lane] = (counts[lane] as number) + 1;
      }
    }),
  );
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return {
    rate: (total / elapsed) * 1000,
    busy: (user + system) / 1000 / elapsed / describeMachine().usableCpus,
    javascript: (threadTime() - javascript) / total,
    even: Math.min(...counts) / Math.max(...counts),
  };
}

function makeWays(gru: GRU, inputs: Tensor): [string, number, Call][] {
  const ways: [string, number, Call][] = [["call, one after the other", 1, () => gru.call(inputs)]];
  for (const lanes of IN_FLIGHT) ways.push([`callAsync, ${lanes} in flight`, lanes, () => gru.callAsync(inputs)]);
  for (const lanes of IN_FLIGHT.slice(1)) {
    const batcher = createBatcher(gru, { maxBatch: 32 * (inputs.shape[0] as number) });
    ways.push([`createBatcher, ${lanes} in flight`, lanes, () => batcher.callAsync(inputs)]);
  }
  return ways;
}

async function measure(shape: Shape, seconds: number): Promise<void> {
  const { batch, timesteps, features, units } = shape;
  const gru = new GRU(units, { seed: 1, use_cudnn: false });
  gru.build([null, null, features]);
  await gru.warmUp({ batch, timesteps });
  const values = new Float32Array(batch * timesteps * features).map((_, i) => Math.sin(i));
  const ways = makeWays(gru, tensor(values, [batch, timesteps, features]));
  for (const [, lanes, call] of ways) await run(call, lanes, seconds / 4);
  const results = ways.map((): Result[] => []);
  // The variants take turns in rounds, so that other work of the machine affects all of them.
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, [, lanes, call]] of ways.entries()) {
      results[index]?.push(await run(call, lanes, seconds / ROUNDS));
    }
  }
  const middle = (index: number, key: keyof Result) => medianOf((results[index] as Result[]).map((each) => each[key]));
  const alone = results[1] as Result[];
  // Ratios within each round.
  const ratio = (index: number) =>
    medianOf((results[index] as Result[]).map(({ rate }, round) => rate / (alone[round] as Result).rate));
  console.log(`\n### ${formatShape(shape)}\n`);
  console.log(
    "|  | calls a second | × one callAsync after the other | CPUs busy | JavaScript µs a call | least served |",
  );
  console.log("| :-- | --: | --: | --: | --: | --: |");
  for (const [index, [name, lanes]] of ways.entries()) {
    const even = lanes === 1 ? "" : `${(100 * middle(index, "even")).toFixed(0)} %`;
    const busy = `${(100 * middle(index, "busy")).toFixed(0)} %`;
    const rate = `${middle(index, "rate").toFixed(0)} | ${ratio(index).toFixed(2)}`;
    console.log(`| ${name} | ${rate} | ${busy} | ${middle(index, "javascript").toFixed(1)} | ${even} |`);
  }
  gru.dispose();
}

const { seconds, shapes } = readConcurrencyArguments(process.argv.slice(2), SHAPES);
const { cpu, usableCpus, isa, os, node } = describeMachine();
console.log(`${cpu}, ${usableCpus} CPUs, ${isa}, ${backendInfo().cpu.threads} threads, ${os}, Node ${node}`);
console.log(`load average at the start: ${load().toFixed(2)}`);
for (const shape of shapes) await measure(shape, seconds);
