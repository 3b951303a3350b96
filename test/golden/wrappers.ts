import { type GoldenDtype, type GoldenTensor, readBlob, readJson, type TensorEntry, tensorOf } from "./reader.js";

/** The arguments of a layer: a GRU, or a Bidirectional where there is `wrapper`. */
export interface GoldenLayer {
  layer: Record<string, unknown>;
  backward_layer?: Record<string, unknown>;
  /** Arguments of the Bidirectional itself. */
  wrapper?: Record<string, unknown>;
}

/** Dropout multipliers that Keras drew for one GRU. */
export interface GoldenDropout {
  input_dropout?: GoldenTensor;
  recurrent_dropout?: GoldenTensor;
}

/** One call of the layers, and Keras's results for it. */
export interface GoldenWrapperCall {
  inputs: GoldenTensor;
  mask?: GoldenTensor;
  /** One for each GRU. */
  initial_state?: GoldenTensor[];
  training?: boolean;
  reset_before: boolean;
  /** One for each GRU. */
  dropout?: GoldenDropout[];
  /** The output or both outputs and, with `return_state`, the states of all GRUs. */
  outputs: GoldenTensor[];
  losses: number[];
}

/** A Bidirectional, or several layers one after the other, the calls made on them in order, and Keras's results. */
export interface GoldenWrapper {
  name: string;
  group: string;
  /** The loosest dtype of the layers, whose tolerance applies. */
  tolerance: GoldenDtype;
  layers: GoldenLayer[];
  return_state: boolean;
  /** A list for each GRU. */
  weights: GoldenTensor[][];
  calls: GoldenWrapperCall[];
  /** Of the first call: sum(upstream * results) + sum(losses). */
  gradients?: {
    upstream: GoldenTensor[];
    inputs: GoldenTensor;
    initial_state?: GoldenTensor[];
    weights: GoldenTensor[];
  };
}

/** A stored tensor: `[dtype, shape, offset]`, or `[dtype, shape, seed, scale]` of a computed one. */
type Entry =
  | [dtype: string, shape: number[], offset: number]
  | [dtype: string, shape: number[], seed: number, scale: number];

interface CallEntry {
  inputs: Entry;
  mask?: Entry;
  initial_state?: Entry[];
  training?: boolean;
  reset_before?: boolean;
  dropout?: { input_dropout?: Entry; recurrent_dropout?: Entry }[];
  outputs: Entry[];
  losses?: number[];
}

interface CaseEntry extends Omit<GoldenWrapper, "group" | "weights" | "calls" | "gradients"> {
  weights: Entry[][];
  calls: CallEntry[];
  gradients?: { upstream: Entry[]; inputs: Entry; initial_state?: Entry[]; weights: Entry[] };
}

interface Index {
  version: number;
  blob: { file: string; bytes: number; sha256: string };
  groups: Record<string, CaseEntry[]>;
}

function entryOf([dtype, shape, first, scale]: Entry): TensorEntry {
  return scale === undefined ? { dtype, shape, offset: first } : { dtype, shape, uniform: { seed: first, scale } };
}

/** The cases of Bidirectionals and stacks, in the order of the file. Throws as `goldenCases`. */
export function goldenWrappers(): GoldenWrapper[] {
  return ["bidirectional.json", "stacks.json", "one_call_stacks.json"].flatMap(casesOf);
}

function casesOf(file: string): GoldenWrapper[] {
  const { blob: entry, groups } = readJson<Index>(file);
  const blob = readBlob(entry);
  const tensor = (one: Entry) => tensorOf(entryOf(one), blob);
  return Object.entries(groups).flatMap(([group, cases]) =>
    cases.map(
      ({ weights, calls, gradients, ...rest }): GoldenWrapper => ({
        ...rest,
        group,
        weights: weights.map((own) => own.map(tensor)),
        calls: calls.map((call) => callOf(call, tensor)),
        ...(gradients === undefined
          ? {}
          : {
              gradients: {
                upstream: gradients.upstream.map(tensor),
                inputs: tensor(gradients.inputs),
                weights: gradients.weights.map(tensor),
                ...(gradients.initial_state === undefined
                  ? {}
                  : { initial_state: gradients.initial_state.map(tensor) }),
              },
            }),
      }),
    ),
  );
}

function callOf(
  { inputs, mask, initial_state, training, reset_before, dropout, outputs, losses }: CallEntry,
  tensor: (entry: Entry) => GoldenTensor,
): GoldenWrapperCall {
  return {
    inputs: tensor(inputs),
    ...(mask === undefined ? {} : { mask: tensor(mask) }),
    ...(initial_state === undefined ? {} : { initial_state: initial_state.map(tensor) }),
    ...(training === undefined ? {} : { training }),
    reset_before: reset_before ?? false,
    ...(dropout === undefined
      ? {}
      : {
          dropout: dropout.map((own) =>
            Object.fromEntries(Object.entries(own).map(([key, entry]) => [key, tensor(entry)])),
          ),
        }),
    outputs: outputs.map(tensor),
    losses: losses ?? [],
  };
}
