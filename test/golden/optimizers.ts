import type { SerializedObject } from "cudnn-gru";
import { type GoldenTensor, readBlob, readJson, type TensorEntry, tensorOf } from "./reader.js";

/** Weights and slots after a step, one after the other in one tensor. */
export interface GoldenState {
  /** From 1. */
  step: number;
  iterations: number;
  /** Keras's names of the slots. */
  slots: string[];
  values: GoldenTensor;
}

/** Ten updates with given gradients, and the results of Keras's optimizer. */
export interface GoldenUpdates {
  name: string;
  dtype: "float32" | "float64";
  /** The optimizer in Keras's serialized form. */
  optimizer: SerializedObject;
  /** Serialized; of every variable. */
  constraint: SerializedObject | null;
  variables: { name: string; shape: number[]; values: GoldenTensor }[];
  /** Before each step. */
  learningRates: number[];
  /** The factor of the gradients before each step. */
  scales: number[];
  /** The gradients of a step from 1, already multiplied. */
  gradients(step: number): GoldenTensor[];
  stored: GoldenState[];
}

/** Ten steps of training a GRU. */
export interface GoldenFit {
  name: string;
  dtype: "float32" | "float64";
  optimizer: SerializedObject;
  /** Constructor arguments of the layer, `dtype` left out. */
  arguments: Record<string, unknown>;
  weights: GoldenTensor[];
  mask: boolean[][] | null;
  /** Inputs and upstream gradient of a step from 1. */
  step(step: number): { inputs: GoldenTensor; upstream: GoldenTensor };
  /** sum(upstream * output) + sum(layer.losses) of each step. */
  losses: number[];
  stored: GoldenState[];
}

interface Entry {
  name: string;
  dtype: "float32" | "float64";
  optimizer: GoldenUpdates["optimizer"];
  stored: { step: number; iterations: number; slots: string[]; values: TensorEntry }[];
}

interface UpdatesEntry extends Entry {
  variables: { name: string; shape: number[]; uniform: { seed: number; scale: number } }[];
  constraint?: SerializedObject;
  /** Steps whose first gradient begins with an infinity. */
  spoiled?: number[];
  gradients: number;
  learning_rates: number[];
  scales: number[];
}

interface FitEntry extends Entry {
  arguments: Record<string, unknown>;
  weights: TensorEntry[];
  shapes: [inputs: number[], upstream: number[]];
  seed: number;
  mask?: number[][];
  losses: number[];
}

interface Index {
  version: number;
  blob: { file: string; bytes: number; sha256: string };
  updates: UpdatesEntry[];
  fits: FitEntry[];
}

const STEPS = 10;

/** The golden data of training. Throws, saying how to regenerate it, when it is missing, damaged or of another version. */
export function goldenOptimizers(): { updates: GoldenUpdates[]; fits: GoldenFit[] } {
  const index = readJson<Index>("optimizers.json");
  const blob = readBlob(index.blob);
  const states = (entry: Entry): GoldenState[] =>
    entry.stored.map((state) => ({ ...state, values: tensorOf(state.values, blob) }));
  return {
    updates: index.updates.map((entry) => updatesOf(entry, states(entry), blob)),
    fits: index.fits.map((entry) => fitOf(entry, states(entry), blob)),
  };
}

function computed(shape: number[], dtype: string, seed: number, scale: number, blob: Buffer): GoldenTensor {
  return tensorOf({ shape, dtype, uniform: { seed, scale } }, blob);
}

function ofEachStep(numbers: number[]): number[] {
  return numbers.length === 1 ? new Array<number>(STEPS).fill(numbers[0] as number) : numbers;
}

function updatesOf(entry: UpdatesEntry, stored: GoldenState[], blob: Buffer): GoldenUpdates {
  const { name, dtype, optimizer, variables, constraint = null, spoiled = [] } = entry;
  const scales = ofEachStep(entry.scales);
  return {
    name,
    dtype,
    optimizer,
    constraint,
    variables: variables.map(({ name, shape, uniform }) => ({
      name,
      shape,
      values: computed(shape, dtype, uniform.seed, uniform.scale, blob),
    })),
    learningRates: ofEachStep(entry.learning_rates),
    scales,
    gradients: (step) =>
      variables.map(({ shape }, index) => {
        const gradient = computed(shape, dtype, entry.gradients + variables.length * step + index, 1, blob);
        const values = gradient.data as Float32Array;
        for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * (scales[step - 1] as number);
        if (spoiled.includes(step)) values[0] = Number.POSITIVE_INFINITY;
        return gradient;
      }),
    stored,
  };
}

function fitOf(entry: FitEntry, stored: GoldenState[], blob: Buffer): GoldenFit {
  const { name, dtype, optimizer, shapes, seed, mask, losses } = entry;
  const [inputs, upstream] = shapes;
  return {
    name,
    dtype,
    optimizer,
    arguments: entry.arguments,
    weights: entry.weights.map((weight) => tensorOf(weight, blob)),
    mask: mask?.map((row) => row.map(Boolean)) ?? null,
    step: (step) => ({
      inputs: computed(inputs, dtype, seed + 2 * step, 1, blob),
      upstream: computed(upstream, dtype, seed + 2 * step + 1, 1, blob),
    }),
    losses,
    stored,
  };
}
