import { allocate } from "../../arguments/memory.js";
import type { MergeMode } from "../../keras/merge_mode.js";
import type { NativeArray } from "../../native/arrays.js";
import { outputWidth, returnsSequences, type Stage } from "./composite.js";
import { castTo, nativeDtype, roundedTo } from "./values.js";

/** The numbers of rows and timesteps of a call. */
export interface CallSize {
  readonly batch: number;
  readonly timesteps: number;
}

/**
 * Returns the outputs of a stage: one, or two with `merge_mode: null`. `halves` are the outputs of its halves, in the
 * form that the kernels compute in; the results have the same form, in the stage's dtype. As in Keras, the outputs of
 * the backward half are put into the other order of time first.
 */
export function mergeOutputs(stage: Stage, halves: readonly NativeArray[], size: CallSize): NativeArray[] {
  const { dtype, merge } = stage;
  const [first, second] = stage.halves.map(({ options }, index) =>
    castTo(halves[index] as NativeArray, options.computeDtype, dtype),
  ) as [NativeArray, NativeArray?];
  if (second === undefined || merge === "single") return [first];
  const turned = inOtherOrder(stage, second, size);
  if (merge === null) return [first, turned];
  if (merge === "concat") return [concatenated(stage, first, turned)];
  return [roundedTo(combined(merge, first, turned, stage), dtype)];
}

/** Returns the output of a stage's backward half in the other order of time. A last output has no order. */
function inOtherOrder(stage: Stage, values: NativeArray, { batch, timesteps }: CallSize): NativeArray {
  if (!returnsSequences(stage)) return values;
  const width = stage.halves.at(-1)?.options.units as number;
  const turned = allocate(nativeDtype(stage.dtype), values.length, "output");
  for (let row = 0; row < batch; row++) {
    for (let step = 0; step < timesteps; step++) {
      const from = (row * timesteps + step) * width;
      const to = (row * timesteps + timesteps - 1 - step) * width;
      for (let unit = 0; unit < width; unit++) turned[to + unit] = values[from + unit] as number;
    }
  }
  return turned;
}

function concatenated(stage: Stage, first: NativeArray, second: NativeArray): NativeArray {
  const [left, right] = stage.halves.map(({ options }) => options.units) as [number, number];
  const width = left + right;
  const rows = first.length / left;
  const joined = allocate(nativeDtype(stage.dtype), rows * width, "output");
  for (let row = 0; row < rows; row++) {
    for (let unit = 0; unit < left; unit++) joined[row * width + unit] = first[row * left + unit] as number;
    for (let unit = 0; unit < right; unit++) joined[row * width + left + unit] = second[row * right + unit] as number;
  }
  return joined;
}

function combined(
  merge: Exclude<MergeMode, "concat" | null>,
  first: NativeArray,
  second: NativeArray,
  { dtype }: Stage,
): NativeArray {
  const result = allocate(nativeDtype(dtype), first.length, "output");
  if (merge === "mul") {
    for (let i = 0; i < result.length; i++) result[i] = (first[i] as number) * (second[i] as number);
    return result;
  }
  for (let i = 0; i < result.length; i++) result[i] = (first[i] as number) + (second[i] as number);
  if (merge === "sum") return result;
  // Keras adds and then divides. In 16 bits each of the two operations rounds its result.
  const sum = roundedTo(result, dtype);
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) / 2;
  return sum;
}

/** The output of each half that a product was made of, in the stage's dtype and in the order of time of the output. */
export type Factors = readonly [NativeArray, NativeArray];

/** Returns the factors of a stage that multiplies, for `splitGradients`; `null` for any other stage. */
export function factorsOf(stage: Stage, halves: readonly NativeArray[], size: CallSize): Factors | null {
  if (stage.merge !== "mul") return null;
  return mergeOutputs({ ...stage, merge: null }, halves, size) as [NativeArray, NativeArray];
}

/**
 * Returns the gradient of each half's output from the gradients of a stage's outputs, which have the stage's dtype.
 * `null` means zeros. The results have the dtypes of the halves, and may be arrays of `gradients`.
 */
export function splitGradients(
  stage: Stage,
  gradients: readonly (NativeArray | null)[],
  factors: Factors | null,
  size: CallSize,
): (NativeArray | null)[] {
  const parts = partsOfGradient(stage, gradients, factors);
  return stage.halves.map(({ options }, index) => {
    const part = parts[index] ?? null;
    if (part === null) return null;
    const ordered = index === 0 ? part : inOtherOrder(stage, part, size);
    return castTo(ordered, stage.dtype, options.computeDtype);
  });
}

function partsOfGradient(
  stage: Stage,
  gradients: readonly (NativeArray | null)[],
  factors: Factors | null,
): readonly (NativeArray | null)[] {
  const { merge, dtype } = stage;
  const [gradient] = gradients;
  if (merge === "single" || merge === null || gradient === null || gradient === undefined) return gradients;
  if (merge === "concat") return slices(stage, gradient);
  // Each half gets an array of its own, because the gradients of losses are added to it.
  if (merge === "sum") return [gradient.slice(), gradient.slice()];
  if (merge === "ave") return [0, 1].map(() => roundedTo(gradient.map((value) => value / 2) as NativeArray, dtype));
  const [first, second] = factors as Factors;
  return [second, first].map((factor) =>
    roundedTo(gradient.map((value, i) => value * (factor[i] as number)) as NativeArray, dtype),
  );
}

function slices(stage: Stage, gradient: NativeArray): NativeArray[] {
  const width = outputWidth(stage);
  const rows = gradient.length / width;
  let first = 0;
  return stage.halves.map(({ options: { units } }) => {
    const part = allocate(nativeDtype(stage.dtype), rows * units, "gradient");
    for (let row = 0; row < rows; row++) {
      for (let unit = 0; unit < units; unit++)
        part[row * units + unit] = gradient[row * width + first + unit] as number;
    }
    first += units;
    return part;
  });
}
