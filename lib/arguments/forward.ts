import { expected } from "../errors/messages.js";
import { unreadable } from "../errors/reading.js";
import type { Dtype } from "../keras/dtype_policy.js";
import type { NativeArray } from "../native/binding.js";
import { isRecord, readRecord, refuseUnknown } from "../options/record.js";
import type { TensorLike, TypedArray } from "../tensor/tensor.js";
import { type CallArguments, type CallSettings, type ReadCall, readCall } from "./call.js";
import { kernelArray } from "./convert.js";
import { checkShaped, shapedElements, unwrap } from "./shaped.js";
import { checkedProduct } from "./shapes.js";
import type { ReadTensor } from "./tensor_like.js";
import { requireWhole } from "./typed_array.js";

/** What `forward` takes beside its inputs; as in `call`. */
export type ForwardArguments = Omit<CallArguments, "out">;

/** What `forwardAsync` takes beside its inputs; as in `callAsync`. */
export interface ForwardAsyncArguments extends ForwardArguments {
  /** Aborting it makes the promise reject with `ERR_ABORTED`. */
  signal?: AbortSignal | null | undefined;
  /** Gives the inputs' buffer away (it is detached) in place of copying it; default false. */
  transfer?: boolean | undefined;
}

/** A tensor, or a bare typed array with as many elements. */
export type GradientLike = TensorLike | TypedArray;

/** The gradients that come from above, of the shapes of a pass's output and state; one that is left out is zeros. */
export interface Upstream {
  /** The gradient of the output, in its shape. */
  output?: GradientLike | null | undefined;
  /** The gradient of the state, (batch, units), bare or in a list of one. */
  state?: GradientLike | readonly [GradientLike] | null | undefined;
  /** What the gradient of the pass's own losses is multiplied by, such as a loss scale; default 1. */
  losses?: number | undefined;
}

/** What `backwardAsync` takes beside the upstream gradients. */
export interface BackwardAsyncArguments {
  /** Aborting it makes the promise reject with `ERR_ABORTED`; the pass is then used up. */
  signal?: AbortSignal | null | undefined;
}

const KNOWN: ReadonlySet<string> = new Set(["mask", "lengths", "training", "initial_state"]);
const KNOWN_ASYNC: ReadonlySet<string> = new Set([...KNOWN, "signal", "transfer"]);
const UPSTREAM: ReadonlySet<string> = new Set(["output", "state", "losses"]);

/** Reads `forward`'s arguments. Throws as `readCall`. */
export function readForward(
  settings: CallSettings,
  features: number | null,
  inputs: unknown,
  args: unknown,
  asynchronous: boolean,
): ReadCall {
  const [known, name] = asynchronous ? ([KNOWN_ASYNC, "forwardAsync"] as const) : ([KNOWN, "forward"] as const);
  try {
    if (isRecord(args)) refuseUnknown(args, known, name);
  } catch (error) {
    throw unreadable(error, name);
  }
  return readCall(settings, features, inputs, args, asynchronous);
}

/** Upstream gradients, read: as the kernels take them, `null` for zeros. */
export interface ReadUpstream {
  output: NativeArray | null;
  state: NativeArray | null;
  losses: number;
}

/**
 * Reads upstream gradients for results of these shapes and this dtype; both shapes are judged before anything is copied.
 * Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`.
 */
export function readUpstream(
  value: unknown,
  outputShape: readonly number[],
  stateShape: readonly number[],
  dtype: Dtype,
  copy: boolean,
): ReadUpstream {
  try {
    return readGradients(value, outputShape, stateShape, dtype, copy);
  } catch (error) {
    throw unreadable(error, "backward");
  }
}

function readGradients(
  value: unknown,
  outputShape: readonly number[],
  stateShape: readonly number[],
  dtype: Dtype,
  copy: boolean,
): ReadUpstream {
  if (value === undefined || value === null) return { output: null, state: null, losses: 1 };
  const record = readRecord(value, UPSTREAM, "backward", "upstream", "an object { output, state }");
  const check = (entry: unknown, shape: readonly number[], name: string) =>
    entry === undefined || entry === null ? null : checkShaped(entry, shape, checkedProduct(shape, name), dtype, name);
  const read = (entry: ReadTensor | null) =>
    entry === null ? null : kernelArray(shapedElements(entry, dtype, copy), dtype);
  const { output, state, losses = 1 } = record;
  if (typeof losses !== "number" || !Number.isFinite(losses)) {
    throw expected("ERR_ARGUMENT", "losses", "a finite number", losses);
  }
  const outputEntry = check(output, outputShape, "output");
  const stateEntry = check(unwrap(state), stateShape, "state");
  const gradients = { output: read(outputEntry), state: read(stateEntry), losses };
  // An element of a nested array may be a getter that detaches the other gradient.
  if (gradients.output !== null) requireWhole(gradients.output, (outputEntry as ReadTensor).count, "output");
  return gradients;
}
