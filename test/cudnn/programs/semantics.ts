// Tests cases that the golden data does not have: forms of one call on the cuDNN path against the CPU path, and
// gradients against finite differences in float64.
import { configure, createBatcher, GRU, type GRUArguments, GRUError, type Tensor, tensor } from "cudnn-gru";
import { relativeError } from "../../golden/reader.js";
import { listed, numbers, setNumbers } from "./layers.js";

export interface SemanticsReport {
  /** Worst relative error against the CPU path, by form. */
  forward: Record<string, number>;
  /** Worst relative error of gradients against finite differences, by form. */
  gradients: Record<string, number>;
  /** 65,540 steps: against the CPU path, and three gradients against differences. */
  long: { forward: number; gradients: number };
  /** Two devices used in turn by layers of one thread: worst error. */
  devices: number;
  /** `states` after a call that fails in its argument, and one aborted before it began. */
  stateful: { error: number; kept: boolean };
  /** Requests in calls that a batcher combined, against each alone on the CPU path: worst error, by form. */
  batched: Record<string, number>;
}

const FLAGS = ["return_sequences", "go_backwards", "zero_output_for_mask"] as const;
const LENGTHS = {
  none: undefined,
  full: [5, 5, 5, 5],
  ragged: [3, 5, 1, 4],
  "some rows empty": [0, 2, 0, 5],
  "all rows empty": [0, 0, 0, 0],
  "no row full": [2, 1, 3, 3],
};

type Flags = Partial<Record<(typeof FLAGS)[number], boolean>>;

function pair(options: object, features: number, units = 3): [GRU, GRU] {
  const on = (use_cudnn: boolean) => {
    const gru = new GRU(units, { return_state: true, ...options, use_cudnn } as GRUArguments);
    setNumbers(gru, features, 21);
    return gru;
  };
  return [on(true), on(false)];
}

function worst(found: Tensor[], expected: Tensor[]): number {
  if (found.length !== expected.length) return Number.MAX_VALUE;
  const errors = found.map(({ data }, i) => relativeError(data as Float64Array, expected[i]?.data as Float64Array));
  return Math.min(Math.max(...errors), Number.MAX_VALUE);
}

/** The values after a row's end are NaN, because they must not matter. */
function poisonPadding(inputs: Tensor, lengths: readonly number[] | undefined): Tensor {
  if (!lengths) return inputs;
  const [, steps = 0, features = 0] = inputs.shape;
  const data = Float64Array.from(inputs.data as Float64Array);
  lengths.forEach((length, row) => {
    data.fill(Number.NaN, (row * steps + length) * features, (row + 1) * steps * features);
  });
  return tensor(data, inputs.shape);
}

function forms(): [string, Flags, number[] | undefined][] {
  const all: [string, Flags, number[] | undefined][] = [];
  for (let bits = 0; bits < 2 ** FLAGS.length; bits++) {
    const flags = Object.fromEntries(FLAGS.map((flag, i) => [flag, (bits & (1 << i)) !== 0]));
    const names = FLAGS.filter((flag) => flags[flag]);
    for (const [kind, lengths] of Object.entries(LENGTHS))
      all.push([`${[...names, `lengths: ${kind}`].join(", ")}`, flags, lengths]);
  }
  return all;
}

function forwardErrors(): Record<string, number> {
  const errors: Record<string, number> = {};
  for (const [name, flags, lengths] of forms()) {
    const [cudnn, cpu] = pair({ ...flags, dtype: "float64" }, 2);
    const inputs = poisonPadding(numbers([4, 5, 2], 8, 1, "float64"), lengths);
    const call = { initial_state: numbers([4, 3], 9, 1, "float64"), ...(lengths && { lengths }) };
    errors[name] = worst(listed(cudnn.call(inputs, call)), listed(cpu.call(inputs, call)));
    cudnn.dispose();
  }
  return errors;
}

function lossOf(results: Tensor[], upstream: Tensor[]): number {
  let sum = 0;
  results.forEach(({ data }, i) => {
    const by = upstream[i]?.data as Float64Array;
    for (let j = 0; j < data.length; j++) sum += (data[j] as number) * (by[j] as number);
  });
  return sum;
}

/** The worst of |found - difference| / max(1, |difference|), over the elements that `picked` takes. */
function againstDifferences(values: Float64Array, found: Float64Array, loss: () => number, picked?: number[]): number {
  let error = 0;
  for (const i of picked ?? values.keys()) {
    const kept = values[i] as number;
    values[i] = kept + 1e-5;
    const above = loss();
    values[i] = kept - 1e-5;
    const below = loss();
    values[i] = kept;
    const expected = (above - below) / 2e-5;
    error = Math.max(error, Math.abs((found[i] as number) - expected) / Math.max(1, Math.abs(expected)));
  }
  return error;
}

function gradientErrors(): Record<string, number> {
  const errors: Record<string, number> = {};
  for (const [name, flags, lengths] of forms()) {
    const [gru] = pair({ ...flags, dtype: "float64" }, 2);
    const inputs = numbers([4, 5, 2], 8, 1, "float64");
    const initial_state = numbers([4, 3], 9, 1, "float64");
    const weights = gru.getWeights();
    const call = { initial_state, ...(lengths && { lengths }) };
    const results = () => listed(gru.call(inputs, call));
    const upstream = results().map(({ shape }, i) => numbers([...shape], 30 + i, 1, "float64"));
    const loss = () => {
      gru.setWeights(weights);
      return lossOf(results(), upstream);
    };
    const pass = gru.forward(inputs, call);
    const found = pass.backward({ output: upstream[0] as Tensor, state: upstream[1] as Tensor });
    let error = againstDifferences(inputs.data as Float64Array, found.inputs.data as Float64Array, loss);
    error = Math.max(
      error,
      againstDifferences(initial_state.data as Float64Array, found.initial_state.data as Float64Array, loss),
    );
    weights.forEach(({ data }, i) => {
      const by = found.weights[i]?.data as Float64Array;
      error = Math.max(error, againstDifferences(data as Float64Array, by, loss));
    });
    errors[name] = error;
    pass.dispose();
    gru.dispose();
  }
  return errors;
}

/** Rows that end in the first chunk of 65,535 steps, just past it, and at the end. */
function long(): SemanticsReport["long"] {
  const steps = 65_540;
  const lengths = [10, 65_536, steps];
  const [cudnn, cpu] = pair({ return_sequences: true, dtype: "float64" }, 1, 1);
  const inputs = numbers([3, steps, 1], 4, 1, "float64");
  const initial_state = numbers([3, 1], 5, 1, "float64");
  // An update gate of nearly 1: what came first still counts at the end.
  const weights = [
    [0.2, 0.1, 0.3],
    [0.1, 0.1, 0.2],
    [14, 0, 0, 0, 0, 0],
  ].map((values) => Float64Array.from(values));
  cudnn.setWeights(weights);
  cpu.setWeights(weights);
  const call = { lengths, initial_state };
  const forward = worst(listed(cudnn.call(inputs, call)), listed(cpu.call(inputs, call)));

  const state = numbers([3, 1], 6, 1, "float64");
  const pass = cudnn.forward(inputs, call);
  const found = pass.backward({ state });
  pass.dispose();
  const loss = () => {
    cpu.setWeights(weights);
    return lossOf([listed(cpu.call(inputs, call))[1] as Tensor], [state]);
  };
  let gradients = againstDifferences(
    initial_state.data as Float64Array,
    found.initial_state.data as Float64Array,
    loss,
  );
  const inside = [0, 9, steps + 65_534, steps + 65_535, 2 * steps, 3 * steps - 1];
  gradients = Math.max(
    gradients,
    againstDifferences(inputs.data as Float64Array, found.inputs.data as Float64Array, loss, inside),
    againstDifferences(weights[0] as Float64Array, found.weights[0]?.data as Float64Array, loss, [2]),
    againstDifferences(weights[2] as Float64Array, found.weights[2]?.data as Float64Array, loss, [0]),
  );
  cudnn.dispose();
  return { forward, gradients };
}

function devices(): number {
  const layers = [0, 1].map((cuda_device) => pair({ cuda_device }, 2));
  const inputs = numbers([2, 3, 2], 8);
  let error = 0;
  for (let round = 0; round < 3; round++)
    for (const [cudnn, cpu] of layers)
      error = Math.max(error, worst(listed(cudnn.call(inputs)), listed(cpu.call(inputs))));
  for (const [cudnn] of layers) cudnn.dispose();
  return error;
}

async function stateful(): Promise<SemanticsReport["stateful"]> {
  const [cudnn, cpu] = pair({ stateful: true }, 2);
  let error = 0;
  for (let i = 0; i < 3; i++) {
    const inputs = numbers([2, 3, 2], 50 + i);
    error = Math.max(error, worst(listed(cudnn.call(inputs)), listed(await cpu.callAsync(inputs))));
  }
  const before = Array.from(cudnn.states?.[0]?.data as Float32Array);
  const failed = await Promise.allSettled([
    cudnn.callAsync(numbers([3, 3, 2], 1)),
    cudnn.callAsync(numbers([2, 3, 2], 1), { signal: AbortSignal.abort() }),
  ]);
  const kept =
    failed.every((one) => one.status === "rejected" && one.reason instanceof GRUError) &&
    before.every((value, i) => value === cudnn.states?.[0]?.data[i]);
  cudnn.dispose();
  return { error, kept };
}

async function batched(): Promise<SemanticsReport["batched"]> {
  const errors: Record<string, number> = {};
  for (const [name, flags, lengths] of forms()) {
    const [cudnn, cpu] = pair({ ...flags, dtype: "float64" }, 2);
    const batcher = createBatcher(cudnn, { maxBatch: 12 });
    const requests = [5, 9, 7].map((timesteps, i) => numbers([4, timesteps, 2], 60 + i, 1, "float64"));
    const args = lengths === undefined ? {} : { lengths };
    const results = await Promise.all(requests.map((inputs) => batcher.callAsync(inputs, args)));
    const pairs = requests.map((inputs, i) => worst(listed(results[i] as Tensor), listed(cpu.call(inputs, args))));
    errors[name] = Math.max(...pairs);
    cudnn.dispose();
  }
  return errors;
}

configure({ threads: 1 });
const report: SemanticsReport = {
  forward: forwardErrors(),
  gradients: gradientErrors(),
  long: long(),
  devices: devices(),
  stateful: await stateful(),
  batched: await batched(),
};
process.stdout.write(JSON.stringify(report));
