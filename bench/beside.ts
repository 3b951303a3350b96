// npm run bench:beside: our layer on one thread and on all, alone in the process and beside onnxruntime-node, whose threads
// spin for some milliseconds after each of its calls. Calls of both take turns. Never a test.
import { backendInfo, configure, type GRU } from "../dist/index.js";
import { describeMachine } from "./machine.js";
import { makeInputs, makeLayer } from "./peers/cudnn_gru.js";
import { onnxruntime } from "./peers/onnxruntime.js";
import { makeProblem, type Problem } from "./problem.js";
import { readBesideShapes } from "./program_arguments.js";
import { formatShape, parseShape } from "./shapes.js";
import { spreadOf } from "./statistics.js";

const SHAPES = ["1x50x1024-1024", "16x200x32-128", "1x100x128-256", "1x100x64-64", "32x100x128-256"].map(parseShape);
const ROUNDS = 9;
/** How long one setting is measured before the next one has its turn, as a program would use one setting all the time. */
const TURN_MS = 300;

interface Timed {
  /** Milliseconds of one call. */
  readonly time: () => number;
  readonly close: () => void;
}

function ours(problem: Problem): Timed {
  const gru = makeLayer(problem, { return_sequences: true, return_state: false }) as GRU<false>;
  const inputs = makeInputs(problem);
  const out = new Float32Array(problem.shape.batch * problem.shape.timesteps * problem.shape.units);
  return {
    time() {
      const start = process.hrtime.bigint();
      gru.call(inputs, { out });
      return Number(process.hrtime.bigint() - start) / 1e6;
    },
    close: () => gru.dispose(),
  };
}

/** The times of our calls on `threads` threads, each after a call of `neighbour`. */
async function turn({ time }: Timed, threads: number, neighbour: () => Promise<void>): Promise<number> {
  configure({ threads });
  const times: number[] = [];
  const end = performance.now() + TURN_MS;
  while (performance.now() < end) {
    await neighbour();
    times.push(time());
  }
  return spreadOf(times).median;
}

/** Medians of the turns, in milliseconds. */
interface Times {
  aloneOne: number;
  aloneAll: number;
  besideOne: number;
  besideAll: number;
  theirs: number;
}

async function measure(problem: Problem, threads: number): Promise<Times> {
  const layer = ours(problem);
  const samples = { aloneOne: [], aloneAll: [], besideOne: [], besideAll: [], theirs: [] } as Record<
    keyof Times,
    number[]
  >;
  const nobody = async () => {};
  // All rounds without the peer come first: its threads exist from its first call on.
  for (let round = 0; round < ROUNDS; round++) {
    samples.aloneOne.push(await turn(layer, 1, nobody));
    samples.aloneAll.push(await turn(layer, threads, nobody));
  }
  const contender = await onnxruntime.open(threads);
  const peer = await contender.prepare(problem);
  const call = async () => {
    samples.theirs.push((await peer.time(1)) / 1e6);
  };
  for (let round = 0; round < ROUNDS; round++) {
    samples.besideOne.push(await turn(layer, 1, call));
    samples.besideAll.push(await turn(layer, threads, call));
  }
  await peer.close();
  contender.close();
  layer.close();
  const medians = Object.entries(samples).map(([name, values]) => [name, spreadOf(values).median]);
  return Object.fromEntries(medians) as Times;
}

function rowOf(problem: Problem, { aloneOne, aloneAll, besideOne, besideAll, theirs }: Times): string {
  const cells = [
    formatShape(problem.shape),
    ...[aloneOne, aloneAll, besideOne, besideAll, theirs].map((time) => time.toPrecision(3)),
    ...[aloneAll / aloneOne, besideAll / besideOne, theirs / besideAll].map((ratio) => ratio.toFixed(2)),
  ];
  return `| ${cells.join(" | ")} |`;
}

const shapes = readBesideShapes(process.argv.slice(2), SHAPES);
const threads = backendInfo().cpu.usableCpus;
const { cpu, node } = describeMachine();
console.log(`${cpu}, Node.js ${node}, ${threads} threads, medians of ${ROUNDS} turns of ${TURN_MS} ms, milliseconds\n`);
const names = ["shape", "alone, 1 thread", "alone, all", "beside, 1 thread", "beside, all", "onnxruntime-node"];
const ratios = ["all by 1, alone", "all by 1, beside", "onnxruntime-node by ours, beside"];
const header = [...names, ...ratios];
console.log(`| ${header.join(" | ")} |\n|${" --- |".repeat(header.length)}`);
for (const shape of shapes) {
  const problem = makeProblem(shape);
  console.log(rowOf(problem, await measure(problem, threads)));
}
