// node bench/stack.mjs [--rounds N] [--ms N] [--threads N] [shapes...]: a Bidirectional and stacks of two layers, each as
// one call of the addon (NativeStack), against the same GRUs called one by one, on one thread and on several. The calls
// take turns, and the figure is the median of the ratios of one round. Never a test; `npm run build` comes first.
import { availableParallelism } from "node:os";
import { CALL_FLAGS, callArguments, setStackHalf, stackCallArguments } from "../dist/native/contract.js";
import { native } from "../dist/native/load.js";
import { readPlainArguments, readPlainShape } from "./plain_arguments.mjs";

const USAGE = `node bench/stack.mjs [--rounds 31] [--ms 30] [--threads ${availableParallelism()}] [32x100x128-256 ...]
Times a Bidirectional and stacks of two layers, as one call and one by one, on one thread and on several.`;
const options = {
  rounds: { type: "string", default: "31" },
  ms: { type: "string", default: "30" },
  threads: { type: "string", default: String(availableParallelism()) },
};
const { values, positionals } = readPlainArguments(USAGE, options, ["rounds", "ms", "threads"]);
const { rounds, ms: sampleMs, threads: several } = values;
const SHAPES = [
  "32x100x128-256",
  "64x50x512-512",
  "16x200x32-128",
  "1x100x64-64",
  "1x100x256-256",
  "1x50x1024-1024",
  "1x1x4-4",
];

const shapes = (positionals.length > 0 ? positionals : SHAPES).map((text) => [text, readPlainShape(text)]);

/** The kinds of stacks: for each layer, its merge mode, or null for one GRU. */
const KINDS = {
  bidirectional: ["concat"],
  "two layers": [null, null],
  "two bidirectional": ["concat", "concat"],
};

const addon = native();
const random = (length, scale) => Float32Array.from({ length }, () => (Math.random() * 2 - 1) * scale);

/** Returns the GRUs of a kind, with arrays for one call each, and the call of the whole stack. */
function prepare(merges, { batch: B, timesteps: T, features, units: U }) {
  const halves = [];
  let inputs = random(B * T * features, 1);
  const first = inputs;
  let width = features;
  for (const merge of merges) {
    for (let half = 0; half < (merge === null ? 1 : 2); half++) {
      const gru = new addon.NativeGru({
        dtype: "float32",
        features: width,
        units: U,
        resetAfter: true,
        activation: { name: "tanh", parameters: [] },
        recurrentActivation: { name: "sigmoid", parameters: [] },
        stateRounding: null,
        cudaDevice: 0,
      });
      const scale = 1 / Math.sqrt(U);
      gru.setWeights(random(width * 3 * U, scale), random(U * 3 * U, scale), random(6 * U, scale));
      const flags = half === 1 ? CALL_FLAGS.goBackwards : 0;
      const call = { inputs, mask: null, lengths: null, batch: B, timesteps: T, dropout: null };
      const arrays = { output: new Float32Array(B * T * U), state: new Float32Array(B * U), initialState: null };
      halves.push({ gru, flags, arrays, call: { ...call, flags: flags | CALL_FLAGS.returnSequences } });
    }
    width = merge === null ? U : 2 * U;
    // What a layer above would get; its values do not matter to the time.
    inputs = random(B * T * width, 0.5);
  }
  const stack = new addon.NativeStack(
    merges,
    halves.map(({ gru }) => gru),
  );
  const call = {
    inputs: first,
    output: new Float32Array(B * T * width),
    secondOutput: null,
    mask: null,
    lengths: null,
    batch: B,
    timesteps: T,
    flags: CALL_FLAGS.returnSequences,
  };
  const args = stackCallArguments(call, halves.length);
  halves.forEach(({ flags, arrays: { state } }, at) => {
    setStackHalf(args, at, { state, initialState: null, inputDropout: null, recurrentDropout: null, halfFlags: flags });
  });
  const singles = halves.map(({ gru, call: one, arrays }) => ({ gru, args: callArguments(one, arrays) }));
  return {
    stack: () => stack.call(...args),
    oneByOne: () => {
      for (const one of singles) one.gru.call(...one.args);
    },
    first: () => singles[0].gru.call(...singles[0].args),
  };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** Returns microseconds a call for each task, round by round. The tasks take turns. */
function measure(tasks) {
  const sample = ({ threads, run }, calls) => {
    addon.setThreads(threads);
    run();
    const start = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) run();
    return Number(process.hrtime.bigint() - start) / 1000 / calls;
  };
  for (const task of tasks) {
    const once = Math.min(sample(task, 1), sample(task, 3));
    task.calls = Math.max(1, Math.round((sampleMs * 1000) / once));
    task.times = [];
  }
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? tasks : tasks.toReversed();
    for (const task of order) task.times.push(sample(task, task.calls));
  }
}

const ratio = (a, b) => median(a.times.map((time, i) => time / b.times[i])).toFixed(3);

console.log("Microseconds, and the medians of the ratios. `1` and `n` are one thread and several.");
console.log(`n = ${several}, ${addon.cpuInfo().isa}, ${rounds} rounds of ${sampleMs} ms`);
console.log(
  "| shape | kind | stack 1 | one by one 1 | 1: ratio | stack n | one by one n | n: ratio | n / one by one 1 | n / one GRU 1 |",
);
console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
for (const [text, [batch, timesteps, features, units]] of shapes) {
  for (const [kind, merges] of Object.entries(KINDS)) {
    const { stack, oneByOne, first } = prepare(merges, { batch, timesteps, features, units });
    const tasks = [
      { threads: 1, run: stack },
      { threads: 1, run: oneByOne },
      { threads: several, run: stack },
      { threads: several, run: oneByOne },
      { threads: 1, run: first },
    ];
    measure(tasks);
    const [stack1, one1, stackN, oneN, single] = tasks;
    const time = (task) => median(task.times).toPrecision(4);
    const ratios = [ratio(stack1, one1), ratio(stackN, oneN), ratio(stackN, one1), ratio(stackN, single)];
    console.log(
      `| ${text} | ${kind} | ${time(stack1)} | ${time(one1)} | ${ratios[0]} | ${time(stackN)} | ${time(oneN)} | ${ratios[1]} | ${ratios[2]} | ${ratios[3]} |`,
    );
  }
}
