// npm run bench [-- --seconds 1]: one layer, the last state, one thread; every library in the same run, interleaved.
// Prints the median time of a call, the rate that follows from it, and our advantage. Never a test.
import { parseArgs } from "node:util";
import { backendInfo, configure } from "../dist/index.js";
import { cudnnGru } from "./peers/cudnn_gru.js";
import { onnxRuntime } from "./peers/onnxruntime.js";
import { tfjs } from "./peers/tfjs.js";
import { type Contender, flops, makeProblem, type Peer, type Problem, SHAPES } from "./problem.js";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "1" } } });
const budget = Number(values.seconds) * 1000;

function median(times: number[]): number {
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

/** The median milliseconds of a call for each contender; they take turns until each has had its share of time. */
async function interleave(contenders: Contender[]): Promise<number[]> {
  const times = contenders.map((): number[] => []);
  for (const contender of contenders) for (let i = 0; i < 2; i++) await contender.run();
  const end = performance.now() + budget * contenders.length;
  do {
    for (const [at, contender] of contenders.entries()) {
      const begin = performance.now();
      await contender.run();
      times[at]!.push(performance.now() - begin);
    }
  } while (performance.now() < end || times[0]!.length < 5);
  return times.map(median);
}

/** Two libraries that compute different numbers cannot be compared. */
async function requireSameNumbers([ours, ...peers]: Contender[]): Promise<void> {
  const expected = Float32Array.from(await ours!.run());
  for (const peer of peers) {
    const got = await peer.run();
    const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0);
    if (!(worst <= 1e-4)) throw new Error(`${peer.name} computes other numbers: the worst differs by ${worst}`);
  }
}

async function compare(problem: Problem, peers: Peer[]): Promise<void> {
  const made = await Promise.all(peers.map((peer) => peer(problem)));
  const contenders = made.filter((contender) => contender !== null);
  await requireSameNumbers(contenders);
  const times = await interleave(contenders);
  const { batch, timesteps, features, units, resetAfter } = problem;
  console.log(`\n${batch}×${timesteps}×${features}→${units}${resetAfter ? "" : ", reset_after=False"}`);
  for (const [at, contender] of contenders.entries()) {
    const rate = flops(problem) / times[at]! / 1e6;
    const ratio = at === 0 ? "" : `  cudnn-gru is ${(times[at]! / times[0]!).toFixed(2)}× as fast`;
    console.log(
      `  ${contender.name.padEnd(17)}${times[at]!.toFixed(3).padStart(9)} ms${rate.toFixed(1).padStart(8)} GFLOP/s${ratio}`,
    );
    contender.dispose();
  }
}

configure({ threads: 1 });
console.log(`cudnn-gru on ${backendInfo().cpu.isa}, one thread, Node ${process.version}; medians`);
for (const shape of SHAPES) await compare(makeProblem(shape, true), [cudnnGru, onnxRuntime]);
await compare(makeProblem([1, 100, 64, 64], false), [cudnnGru, onnxRuntime, tfjs]);
