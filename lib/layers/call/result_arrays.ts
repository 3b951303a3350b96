import { isSteady, overlap } from "../../arguments/intrinsics.js";
import { allocate } from "../../arguments/memory.js";
import { checkedProduct } from "../../arguments/shapes.js";
import type { FloatArray, NativeArray, TypedArray } from "../../native/arrays.js";
import type { NativeCallArrays } from "../../native/contract.js";
import type { LayerParts } from "../layer_parts.js";
import type { PreparedCall } from "./prepare_call.js";

/** The shape of a call's output. */
export function outputShapeOf({ options }: LayerParts, { batch, timesteps }: PreparedCall): number[] {
  return options.returnSequences ? [batch, timesteps, options.units] : [batch, options.units];
}

/**
 * The arrays of a synchronous call. The addon writes to the memory of `out` itself where that is safe: no code of the
 * caller's runs meanwhile, nobody else can change it, and the kernels do not read it.
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

/** The arrays of an asynchronous call, all of them new. */
export function asyncArrays(layer: LayerParts, call: PreparedCall): NativeCallArrays {
  return {
    output: newOutput(layer, call),
    state: layer.carried === null ? newState(layer, call.batch) : layer.carried.spare(call.batch),
    initialState: initialStateOf(layer, call),
  };
}

/** The arrays of a call that keeps a pass, all of them new, and of the type that gradients are computed in. */
export function passArrays(layer: LayerParts, call: PreparedCall): NativeCallArrays & { readonly output: NativeArray } {
  const count = checkedProduct(outputShapeOf(layer, call), "output");
  const output = allocate(layer.options.kernelDtype, count, "output");
  return {
    output,
    state: layer.carried === null ? newState(layer, call.batch) : layer.carried.spare(call.batch),
    initialState: initialStateOf(layer, call),
  };
}

function initialStateOf({ carried }: LayerParts, { initialState, batch }: PreparedCall): NativeArray | null {
  return initialState ?? carried?.before(batch) ?? null;
}

function newOutput(layer: LayerParts, call: PreparedCall): FloatArray {
  const count = checkedProduct(outputShapeOf(layer, call), "output");
  return allocate(layer.options.computeDtype, count, "output");
}

/** A state of `batch` rows, in the type that the kernels compute in. */
export function newState({ options }: LayerParts, batch: number): NativeArray {
  return allocate(options.kernelDtype, checkedProduct([batch, options.units], "state"), "state");
}

/** Where the last state goes when nobody asked for it. Synchronous calls run one at a time, so they share it. */
function unusedState(layer: LayerParts, batch: number): NativeArray {
  const count = batch * layer.options.units;
  if (layer.unusedState === null || layer.unusedState.length !== count) layer.unusedState = newState(layer, batch);
  return layer.unusedState;
}

/** True when the kernels may write to `target` while they read the call's arrays. */
function isSafe(target: TypedArray, { inputs, initialState }: PreparedCall): boolean {
  if (!isSteady(target) || overlap(target, inputs)) return false;
  // The addon copies mask and lengths before it computes.
  return initialState === null || !overlap(target, initialState);
}
