import type { CallAsyncArguments } from "../arguments/call.js";
import { CombinedInputs, type Part, rowsOfPart, stepsOfPart } from "../arguments/combined.js";
import type { GRUOptions } from "../arguments/constructor.js";
import { allocate } from "../arguments/memory.js";
import { checkedProduct } from "../arguments/shapes.js";
import type { Dtype } from "../keras/dtype_policy.js";
import { type FloatArray, Tensor } from "../tensor.js";
import type { BatchRequest } from "./request.js";

/** One call that computes several requests. Each row is padded on the right to the longest one. */
export interface CombinedCall {
  inputs: CombinedInputs;
  args: Pick<CallAsyncArguments, "mask" | "lengths" | "initial_state">;
}

/**
 * Puts the rows of all requests into one call, one request below the other. All requests must have `mask`, or none may.
 */
export function combine(requests: readonly BatchRequest[], features: number, options: GRUOptions): CombinedCall {
  const { computeDtype, units } = options;
  const rows = requests.reduce((sum, request) => sum + request.rows, 0);
  const timesteps = requests.reduce((most, request) => Math.max(most, request.timesteps), 0);
  const shape = [rows, timesteps, features];
  const data = allocate(computeDtype, checkedProduct(shape, "inputs"), "inputs");
  const parts: Part[] = [];
  const endsMasked: boolean[] = [];
  let firstRow = 0;
  for (const request of requests) {
    const step = request.timesteps * features;
    for (let row = 0; row < request.rows; row++) {
      data.set(request.inputs.subarray(row * step, (row + 1) * step), (firstRow + row) * timesteps * features);
      endsMasked.push(endsWithMask(request, row));
    }
    parts.push({ firstRow, rows: request.rows, timesteps: request.timesteps });
    firstRow += request.rows;
  }
  const args: CombinedCall["args"] = {};
  if (requests.some(({ mask }) => mask !== null)) args.mask = combineMasks(requests, rows, timesteps);
  else if (requests.some((request) => request.lengths !== null || request.timesteps !== timesteps)) {
    args.lengths = combineLengths(requests, rows);
  }
  if (requests.some(({ initialState }) => initialState !== null)) {
    args.initial_state = combineStates(requests, rows, units, computeDtype);
  }
  return { inputs: new CombinedInputs(data, shape, computeDtype, parts, endsMasked), args };
}

/** True when the request itself masks the last step of this row. */
function endsWithMask({ mask, lengths, timesteps }: BatchRequest, row: number): boolean {
  if (mask !== null) return mask[(row + 1) * timesteps - 1] === 0;
  return lengths !== null && (lengths[row] as number) < timesteps;
}

function combineMasks(requests: readonly BatchRequest[], rows: number, timesteps: number): Tensor<Uint8Array> {
  const data = new Uint8Array(rows * timesteps);
  let first = 0;
  for (const { mask, rows: own, timesteps: steps } of requests) {
    for (let row = 0; row < own; row++) {
      const at = (first + row) * timesteps;
      if (mask === null) data.fill(1, at, at + steps);
      else data.set(mask.subarray(row * steps, (row + 1) * steps), at);
    }
    first += own;
  }
  return new Tensor(data, [rows, timesteps], "bool");
}

function combineLengths(requests: readonly BatchRequest[], rows: number): Int32Array {
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
  units: number,
  dtype: Dtype,
): Tensor<FloatArray> {
  const data = allocate(dtype, checkedProduct([rows, units], "initial_state"), "initial_state");
  let first = 0;
  for (const { initialState, rows: own } of requests) {
    if (initialState !== null) data.set(initialState, first * units);
    first += own;
  }
  return new Tensor(data, [rows, units], dtype);
}

/** Splits the combined call's output into the outputs that each request would have got from a call of its own. */
export function splitOutput(
  { data, shape, dtype }: Tensor<FloatArray>,
  parts: readonly Part[],
  { returnSequences, goBackwards, units }: GRUOptions,
): Tensor<FloatArray>[] {
  return parts.map((part) => {
    const { rows, timesteps } = part;
    if (!returnSequences) return new Tensor(rowsOfPart(data, part, units), [rows, units], dtype);
    const own = stepsOfPart(data, part, shape[1] as number, units, goBackwards);
    return new Tensor(own, [rows, timesteps, units], dtype);
  });
}

/** Splits the combined call's state into the states of the requests. */
export function splitState(
  { data, dtype }: Tensor<FloatArray>,
  parts: readonly Part[],
  { units }: GRUOptions,
): Tensor<FloatArray>[] {
  return parts.map((part) => new Tensor(rowsOfPart(data, part, units), [part.rows, units], dtype));
}
