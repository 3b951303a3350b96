import type { GRUOptions } from "../arguments/constructor.js";
import { allocate } from "../arguments/memory.js";
import type { ReadCall } from "../arguments/read_call.js";
import { checkedProduct } from "../arguments/shapes.js";
import type { BatcherCall } from "../layers/async/call_async.js";
import { type RequestPart, rowsOfPart, stepsOfPart } from "../layers/call/combined_rows.js";
import type { FloatArray, NativeArray } from "../native/arrays.js";
import { Tensor } from "../tensor/tensor.js";
import type { BatchRequest } from "./request.js";

/** Returns the call that computes these requests. A request that is alone is not copied. */
export function callOf(requests: readonly BatchRequest[], features: number, options: GRUOptions): BatcherCall {
  const [first] = requests as [BatchRequest];
  if (requests.length > 1) return combine(requests, features, options);
  const { rows: batch, inputs, timesteps, mask, lengths, initialState } = first;
  return { read: ownCall({ inputs, batch, timesteps, features, mask, lengths, initialState }), rows: null };
}

/** Returns a call of these values, which are memory of its own. */
function ownCall(values: Omit<ReadCall, "source" | "owned" | "training" | "out" | "transfer">): ReadCall {
  const { inputs, batch, timesteps, features, mask, lengths, initialState } = values;
  return {
    inputs,
    source: null,
    owned: true,
    batch,
    timesteps,
    features,
    mask,
    lengths,
    initialState,
    training: false,
    out: null,
    transfer: false,
  };
}

/** Puts the requests one below the other, each row padded on the right to the longest. */
function combine(requests: readonly BatchRequest[], features: number, options: GRUOptions): BatcherCall {
  const { computeDtype } = options;
  const batch = requests.reduce((sum, { rows }) => sum + rows, 0);
  const timesteps = requests.reduce((most, request) => Math.max(most, request.timesteps), 0);
  const inputs = allocate(computeDtype, checkedProduct([batch, timesteps, features], "inputs"), "inputs");
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
    read: ownCall({
      inputs,
      batch,
      timesteps,
      features,
      ...combineMasks(requests, batch, timesteps),
      initialState: combineStates(requests, batch, options),
    }),
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
  { units, kernelDtype }: GRUOptions,
): NativeArray | null {
  if (requests.every(({ initialState }) => initialState === null)) return null;
  const combined = allocate(kernelDtype, checkedProduct([rows, units], "initial_state"), "initial_state");
  let first = 0;
  for (const { initialState, rows: own } of requests) {
    if (initialState !== null) combined.set(initialState, first * units);
    first += own;
  }
  return combined;
}

/** Splits the combined call's output into the outputs that each request would have got from a call of its own. */
export function splitOutput(
  { data, shape, dtype }: Tensor<FloatArray>,
  parts: readonly RequestPart[],
  { returnSequences, goBackwards, units }: GRUOptions,
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
  { units }: GRUOptions,
): Tensor<FloatArray>[] {
  return parts.map((part) => new Tensor(rowsOfPart(data, part, units), [part.rows, units], dtype));
}
