// Reports the cuDNN algorithms that calls run with, and whether their results equal those of the CPU path.
import { GRU, type GRUArguments, type Tensor } from "cudnn-gru";
import { relativeError } from "../../golden/reader.js";
import { Control } from "../control.js";
import { listed, numbers, setNumbers } from "./layers.js";

export interface AlgorithmsReport {
  /** `runtime` of `explain()`, in float32. */
  runtime: { met: boolean; detail: string };
  /** By case: how often each algorithm was launched, and the worst error. */
  cases: Record<string, { launched: Record<string, number>; error: number }>;
  /** Calls to cuDNN that a second call of each shape, and a second training step, made in vain. */
  refused: number;
}

interface Case {
  units: number;
  options?: GRUArguments;
  lengths?: number[];
  train?: boolean;
}

const units = Number(process.argv[2] ?? 5);
/** The rows of every call: by default more than those for which time-major tensors come first. */
const rows = Number(process.argv[3] ?? 6);
const CASES: Record<string, Case> = {
  call: { units },
  sequences: { units, options: { return_sequences: true } },
  backwards: { units, options: { return_sequences: true, go_backwards: true } },
  "equal lengths": { units, lengths: Array<number>(rows).fill(4), options: { return_sequences: true } },
  ragged: { units, lengths: Array.from({ length: rows }, (_, row) => [2, 6, 3][row % 3] as number) },
  float64: { units, options: { dtype: "float64" } },
  training: { units, train: true, options: { return_sequences: true } },
  "training, backwards": { units, train: true, options: { return_sequences: true, go_backwards: true } },
  "192 units": { units: 192 },
  "193 units": { units: 193 },
  "training, 128 units": { units: 128, train: true },
  "training, 129 units": { units: 129, train: true },
};

const control = Control.own();

function layer({ units, options }: Case, use_cudnn: boolean): GRU {
  const gru = new GRU(units, { return_state: true, ...options, use_cudnn } as GRUArguments);
  setNumbers(gru, 3, 5);
  return gru;
}

function run(one: Case, gru: GRU): Tensor[] {
  const dtype = one.options?.dtype === "float64" ? "float64" : "float32";
  const inputs = numbers([rows, 6, 3], 8, 1, dtype);
  const call = {
    initial_state: numbers([rows, one.units], 9, 1, dtype),
    ...(one.lengths && { lengths: one.lengths }),
  };
  if (!one.train) return listed(gru.call(inputs, call));
  const pass = gru.forward(inputs, call);
  const found = pass.backward({ output: pass.output, state: pass.state });
  pass.dispose();
  return [pass.output, pass.state, found.inputs, found.initial_state, ...found.weights];
}

function worst(found: Tensor[], expected: Tensor[]): number {
  const errors = found.map(({ data }, i) => relativeError(data as Float32Array, expected[i]?.data as Float32Array));
  return Math.min(Math.max(...errors), Number.MAX_VALUE);
}

const { met, detail } = new GRU(5, {}).explain().requirements.find(({ id }) => id === "runtime") as {
  met: boolean;
  detail: string;
};
const report: AlgorithmsReport = { runtime: { met, detail }, cases: {}, refused: 0 };
if (met) new GRU(5, { dtype: "float64" }).explain();
for (const [name, one] of Object.entries(met ? CASES : {})) {
  const gru = layer(one, true);
  const expected = run(one, layer(one, false));
  let error = 0;
  const grown = await control.growth("algorithm.", () => {
    error = worst(run(one, gru), expected);
  });
  report.cases[name] = { launched: Object.fromEntries(grown), error };
  const again = await control.growth("", () => {
    error = Math.max(error, worst(run(one, gru), expected));
  });
  const launched = [...again]
    .filter(([key]) => key.startsWith("algorithm."))
    .reduce((sum, [, count]) => sum + count, 0);
  const called = (again.get("calls.cudnnRNNForward") ?? 0) + (again.get("calls.cudnnRNNBackwardData_v8") ?? 0);
  report.refused += called - launched + (again.get("calls.cudnnCreateRNNDescriptor") ?? 0);
  report.cases[name].error = error;
  gru.dispose();
}
process.stdout.write(JSON.stringify(report));
