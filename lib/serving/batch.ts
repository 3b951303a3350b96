import { allocate } from "../arguments/memory.js";
import type { ReadCall } from "../arguments/read_call.js";
import { checkedProduct } from "../arguments/shapes.js";
import type { Dtype } from "../keras/dtype_policy.js";
import { type CombinedRows, type RequestPart, rowsOfPart, stepsOfPart } from "../layers/call/combined_rows.js";
import type { FloatArray, NativeArray } from "../native/arrays.js";
import type { NativeDtype } from "../native/binding.js";
import { Tensor } from "../tensor/tensor.js";
import type { BatchRequest } from "./request.js";

/** The sizes and dtypes of the arrays of a combined call. */
export interface CombinedSizes {
  readonly features: number;
  /** The dtype of the inputs. */
  readonly dtype: Dtype;
  /** The initial states, one for each GRU. */
  readonly states: readonly { readonly units: number; readonly kernelDtype: NativeDtype }[];
}

/** One call that computes one request or several. */
export interface RequestsCall {
  readonly read: Omit<ReadCall, "initialState" | "out">;
  readonly initialStates: readonly (NativeArray | null)[];
  /** The rows of each request; `null` when there is only one. */
  readonly rows: CombinedRows | null;
}

/** Returns the call that computes these requests. A request that is alone is not copied. */
export function callOf(requests: readonly BatchRequest[], sizes: CombinedSizes): RequestsCall {
  const [first] = requests as [BatchRequest];
  if (requests.length > 1) return combine(requests, sizes);
  const { rows: batch, inputs, timesteps, mask, lengths, initialStates } = first;
  return {
    read: ownCall({ inputs, batch, timesteps, features: sizes.features, mask, lengths }),
    initialStates,
    rows: null,
  };
}

/** Returns a call of these values, which are memory of its own. */
function ownCall(
  values: Pick<ReadCall, "inputs" | "batch" | "timesteps" | "features" | "mask" | "lengths">,
): RequestsCall["read"] {
  const { inputs, batch, timesteps, features, mask, lengths } = values;
  return {
    inputs,
    source: null,
    owned: true,
    batch,
    timesteps,
    features,
    mask,
    lengths,
    training: false,
    transfer: false,
  };
}

/** Puts the requests one below the other, each row padded on the right to the longest. */
function combine(requests: readonly BatchRequest[], { features, dtype, states }: CombinedSizes): RequestsCall {
  const batch = requests.reduce((sum, { rows }) => sum + rows, 0);
  const timesteps = requests.reduce((most, request) => Math.max(most, request.timesteps), 0);
  const inputs = allocate(dtype, checkedProduct([batch, timesteps, features], "inputs"), "inputs");
  const parts: RequestPart[] = [];
  const endsMasked: boolean[] = [];
  let firstRow = 0;
  for (const request of requests) {
    const step = request.timesteps * features;
    for (let row = 0; row < request.rows; row++) {
      inputs.set(request.inputs.subarray(row * step, (row + 1) * step), (firstRow + row) * timesteps * features);
      endsMasked.push(endsWithMask(request, row));
    }
    parts.push({ firstRow, rows: request.rows, timesteps: request.timesteps });
    firstRow += request.rows;
  }
  return {
    read: ownCall({ inputs, batch, timesteps, features, ...combineMasks(requests, batch, timesteps) }),
    initialStates: states.map((_, index) => combineStates(requests, batch, states, index)),
    rows: { parts, endsMasked },
  };
}

/** True when the request itself masks the last step of this row. */
function endsWithMask({ mask, lengths, timesteps }: BatchRequest, row: number): boolean {
  if (mask !== null) return mask[(row + 1) * timesteps - 1] === 0;
  return lengths !== null && (lengths[row] as number) < timesteps;
}

/** Masks where a request has one; else lengths where the requests differ in theirs, or have some. */
function combineMasks(
  requests: readonly BatchRequest[],
  rows: number,
  timesteps: number,
): Pick<ReadCall, "mask" | "lengths"> {
  if (requests.some(({ mask }) => mask !== null)) {
    return { mask: combinedMask(requests, rows, timesteps), lengths: null };
  }
  if (requests.some((request) => request.lengths !== null || request.timesteps !== timesteps)) {
    return { mask: null, lengths: combinedLengths(requests, rows) };
  }
  return { mask: null, lengths: null };
}

function combinedMask(requests: readonly BatchRequest[], rows: number, timesteps: number): Uint8Array {
  const combined = new Uint8Array(rows * timesteps);
  let first = 0;
  for (const { mask, rows: own, timesteps: steps } of requests) {
    for (let row = 0; row < own; row++) {
      const at = (first + row) * timesteps;
      if (mask === null) combined.fill(1, at, at + steps);
      else combined.set(mask.subarray(row * steps, (row + 1) * steps), at);
    }
    first += own;
  }
  return combined;
}

function combinedLengths(requests: readonly BatchRequest[], rows: number): Int32Array {
  const combined = new Int32Array(rows);
  let first = 0;
  for (const { lengths, rows: own, timesteps } of requests) {
    if (lengths === null) combined.fill(timesteps, first, first + own);
    else combined.set(lengths, first);
    first += own;
  }
  return combined;
}

function combineStates(
  requests: readonly BatchRequest[],
  rows: number,
  states: CombinedSizes["states"],
  index: number,
): NativeArray | null {
  if (requests.every(({ initialStates }) => (initialStates[index] ?? null) === null)) return null;
  const { units, kernelDtype } = states[index] as CombinedSizes["states"][0];
  const combined = allocate(kernelDtype, checkedProduct([rows, units], "initial_state"), "initial_state");
  let first = 0;
  for (const { initialStates, rows: own } of requests) {
    const state = initialStates[index] ?? null;
    if (state !== null) combined.set(state, first * units);
    first += own;
  }
  return combined;
}

/** The layout of the output of a combined call. */
export interface OutputLayout {
  readonly returnSequences: boolean;
  /** True when the output has the last timestep first. */
  readonly goBackwards: boolean;
  /** The size of its last dimension. */
  readonly units: number;
}

/** Splits the combined call's output into the outputs that each request would have got from a call of its own. */
export function splitOutput(
  { data, shape, dtype }: Tensor<FloatArray>,
  parts: readonly RequestPart[],
  { returnSequences, goBackwards, units }: OutputLayout,
): Tensor<FloatArray>[] {
  return parts.map((part) => {
    const { rows, timesteps } = part;
    if (!returnSequences) return new Tensor(rowsOfPart(data, part, units), [rows, units], dtype);
    const own = stepsOfPart(data, part, { longest: shape[1] as number, units, goBackwards });
    return new Tensor(own, [rows, timesteps, units], dtype);
  });
}

/** Splits the combined call's state into the states of the requests. */
export function splitState(
  { data, dtype }: Tensor<FloatArray>,
  parts: readonly RequestPart[],
  units: number,
): Tensor<FloatArray>[] {
  return parts.map((part) => new Tensor(rowsOfPart(data, part, units), [part.rows, units], dtype));
}
