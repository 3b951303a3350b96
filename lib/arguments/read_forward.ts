import { expected } from "../errors/messages.js";
import { unreadable } from "../errors/reading.js";
import type { Dtype } from "../keras/dtype_policy.js";
import type { NativeArray } from "../native/binding.js";
import { readRecord } from "../options/record.js";
import type { TensorLike, TypedArray } from "../tensor/tensor.js";
import { kernelArray } from "./convert.js";
import { elementsAs, readWithShape, stateFromList } from "./known_shape.js";
import type { CallArguments } from "./read_call.js";
import { checkedProduct } from "./shapes.js";
import type { ReadTensor } from "./tensor_like.js";
import { requireWhole } from "./typed_array.js";

/** The arguments of `forward`, beside its inputs. They mean the same as in `call`. */
export type ForwardArguments = Omit<CallArguments, "out">;

/** The arguments of `forwardAsync`, beside its inputs. They mean the same as in `callAsync`. */
export interface ForwardAsyncArguments extends ForwardArguments {
  /** Makes the promise reject with `ERR_ABORTED` when it aborts. */
  signal?: AbortSignal | null | undefined;
  /** Whether the call takes over the inputs' buffer, which detaches it, in place of copying it; false by default. */
  transfer?: boolean | undefined;
}

/** A gradient: a tensor, or a bare typed array with as many elements. */
export type GradientLike = TensorLike | TypedArray;

/**
 * The upstream gradients, in the shapes of the pass's output and state. A gradient that is left out counts as zeros.
 */
export interface Upstream {
  /** The gradient of the output, in its shape. */
  output?: GradientLike | null | undefined;
  /** The gradient of the state, (batch, units), bare or in a list of one. */
  state?: GradientLike | readonly [GradientLike] | null | undefined;
  /** The factor of the gradient of the pass's own losses, such as a loss scale; 1 by default. */
  losses?: number | undefined;
}

/** The arguments of `backwardAsync`, beside the upstream gradients. */
export interface BackwardAsyncArguments {
  /** Makes the promise reject with `ERR_ABORTED` when it aborts. The pass is then used up. */
  signal?: AbortSignal | null | undefined;
}

const UPSTREAM: ReadonlySet<string> = new Set(["output", "state", "losses"]);

/** Upstream gradients after they were read, in the form that the kernels take. `null` stands for zeros. */
export interface ReadUpstream {
  output: NativeArray | null;
  state: NativeArray | null;
  losses: number;
}

/**
 * Reads upstream gradients for results of these shapes and this dtype. Both shapes are checked before anything is
 * copied. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`.
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
    entry === undefined || entry === null
      ? null
      : readWithShape(entry, shape, checkedProduct(shape, name), dtype, name);
  const read = (entry: ReadTensor | null) =>
    entry === null ? null : kernelArray(elementsAs(entry, dtype, copy), dtype);
  const { output, state, losses = 1 } = record;
  if (typeof losses !== "number" || !Number.isFinite(losses)) {
    throw expected("ERR_ARGUMENT", "losses", "a finite number", losses);
  }
  const outputEntry = check(output, outputShape, "output");
  const stateEntry = check(stateFromList(state), stateShape, "state");
  const gradients = { output: read(outputEntry), state: read(stateEntry), losses };
  // An element of a nested array may be a getter, which may have detached the other gradient.
  if (gradients.output !== null) requireWhole(gradients.output, (outputEntry as ReadTensor).count, "output");
  return gradients;
}
