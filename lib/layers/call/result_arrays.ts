import { allocate } from "../../arguments/memory.js";
import { checkedProduct } from "../../arguments/shapes.js";
import type { FloatArray, NativeArray, TypedArray } from "../../native/arrays.js";
import type { NativeCallArrays } from "../../native/contract.js";
import { isSteady, overlap } from "../../native/intrinsics.js";
import type { LayerParts } from "../layer_parts.js";
import type { PreparedCall } from "./prepare_call.js";

/** The parts of a call that the sizes of its results depend on, and its initial state. */
type CallSizes = Pick<PreparedCall, "batch" | "timesteps" | "initialState">;

/** Returns the shape of a call's output. */
export function outputShapeOf(
  { options }: LayerParts,
  { batch, timesteps }: Omit<CallSizes, "initialState">,
): number[] {
  return options.returnSequences ? [batch, timesteps, options.units] : [batch, options.units];
}

/**
 * Returns the arrays of a synchronous call. The addon writes directly to the memory of `out` if that is safe: no user
 * code runs meanwhile, nobody else can change the memory, and the kernels do not read it.
 */
export function syncArrays(layer: LayerParts, call: PreparedCall): NativeCallArrays {
  const { carried, options } = layer;
  const { batch } = call;
  const out = layer.custom === null ? call.out : null;
  const output = out !== null && isSafe(out.output.data, call) ? out.output.data : newOutput(layer, call);
  let state: NativeArray;
  if (carried !== null) state = carried.spare(batch);
  else if (!options.returnState) state = unusedState(layer, batch);
  else if (options.rounding === null && out?.state && isSafe(out.state.data, call)) {
    state = out.state.data as NativeArray;
  } else state = newState(layer, batch);
  return { output, state, initialState: initialStateOf(layer, call) };
}

/** Returns the arrays of an asynchronous call. All of them are new, except the states of a stateful layer. */
export function asyncArrays(layer: LayerParts, call: PreparedCall): NativeCallArrays {
  return {
    output: newOutput(layer, call),
    ...stateArrays(layer, call),
  };
}

/** The arrays of a call that keeps a pass. */
export interface PassArrays extends NativeCallArrays {
  readonly output: NativeArray;
}

/**
 * Returns the arrays of a call that keeps a pass, in the type that gradients are computed in. All of them are new,
 * except the states of a stateful layer.
 */
export function passArrays(layer: LayerParts, call: CallSizes): PassArrays {
  return {
    output: allocate(layer.options.kernelDtype, outputCount(layer, call), "output"),
    ...stateArrays(layer, call),
  };
}

/** The array for the last state of a call, and the state that it starts from. */
export type StateArrays = Pick<NativeCallArrays, "state" | "initialState">;

/** Returns the states of a call. The last state is a new array, or the spare one of a stateful layer. */
export function stateArrays(layer: LayerParts, call: CallSizes): StateArrays {
  return { state: stateToKeep(layer, call.batch), initialState: initialStateOf(layer, call) };
}

/** Returns the states of a synchronous call whose last state nobody asked for. */
export function unkeptStateArrays(layer: LayerParts, call: CallSizes): StateArrays {
  const { carried } = layer;
  const state = carried === null ? unusedState(layer, call.batch) : carried.spare(call.batch);
  return { state, initialState: initialStateOf(layer, call) };
}

function initialStateOf({ carried }: LayerParts, { initialState, batch }: CallSizes): NativeArray | null {
  return initialState ?? carried?.stateFor(batch) ?? null;
}

function newOutput(layer: LayerParts, call: PreparedCall): FloatArray {
  return allocate(layer.options.computeDtype, outputCount(layer, call), "output");
}

function outputCount(layer: LayerParts, call: CallSizes): number {
  return checkedProduct(outputShapeOf(layer, call), "output");
}

/** Returns the array for a last state that outlives the call: the spare one of a stateful layer, or a new one. */
function stateToKeep(layer: LayerParts, batch: number): NativeArray {
  return layer.carried === null ? newState(layer, batch) : layer.carried.spare(batch);
}

/** Returns a new state of `batch` rows, in the type that the kernels compute in. */
export function newState({ options }: LayerParts, batch: number): NativeArray {
  return allocate(options.kernelDtype, checkedProduct([batch, options.units], "state"), "state");
}

/** Returns the memory for a last state that nobody asked for. Synchronous calls run one at a time, so they share it. */
function unusedState(layer: LayerParts, batch: number): NativeArray {
  const count = batch * layer.options.units;
  if (layer.unusedState === null || layer.unusedState.length !== count) layer.unusedState = newState(layer, batch);
  return layer.unusedState;
}

/** True when the kernels may write to `target` while they read the call's arrays. */
export function isSafe(
  target: TypedArray,
  { inputs, initialState }: Pick<PreparedCall, "inputs" | "initialState">,
): boolean {
  if (!isSteady(target) || overlap(target, inputs)) return false;
  // The addon copies mask and lengths before it computes.
  return initialState === null || !overlap(target, initialState);
}
