import type { Dtype } from "../keras/dtype_policy.js";
import type { NativeArray } from "../native.js";
import { isSixteenBit } from "../sixteen_bit.js";
import type { FloatArray, TensorDtype, TensorLike, TypedArray } from "../tensor.js";
import { converted, kernelArray, requireNamed } from "./convert.js";
import { checkMaskShape, type MaskLike, readLengths, readMask } from "./mask.js";
import { expected, expectedShape } from "./messages.js";
import { type Out, type ReadOut, readOut } from "./out.js";
import { isRecord, refuseUnknown } from "./predicates.js";
import { readShaped, unwrap } from "./shaped.js";
import { checkedProduct } from "./shapes.js";
import { readSignal } from "./signal.js";
import { type ReadTensor, readTensor } from "./tensor_like.js";
import { isShared } from "./typed_array.js";

/** An initial state: a (batch, units) tensor, or a bare typed array of that many elements. */
export type StateLike = TensorLike | TypedArray;

/** What a call takes beside its inputs, by Keras's names; `lengths` and `out` are this package's. */
export interface CallArguments<S extends boolean = boolean> {
  /** (batch, timesteps) or (batch, timesteps, 1): where it is false, a timestep is skipped. */
  mask?: MaskLike | null;
  /** Timesteps of each row, in place of a right-padded mask. */
  lengths?: Int32Array | readonly number[] | null;
  /** Whether dropout is on; default false. */
  training?: boolean | null;
  /** (batch, units), bare or in a list of one; default zeros, or the carried state of a stateful layer. */
  initial_state?: StateLike | readonly [StateLike] | null;
  /** Where to write the results, in place of new arrays. */
  out?: Out<S> | null;
}

/** What `callAsync` takes beside its inputs. */
export interface CallAsyncArguments<S extends boolean = boolean> extends CallArguments<S> {
  /** Aborting it makes the promise reject with `ERR_ABORTED`. */
  signal?: AbortSignal | null;
  /** Gives the inputs' buffer away (it is detached) in place of copying it; default false. */
  transfer?: boolean;
}

const KNOWN: ReadonlySet<string> = new Set(["mask", "lengths", "training", "initial_state", "out"]);
const KNOWN_ASYNC: ReadonlySet<string> = new Set([...KNOWN, "signal", "transfer"]);

/** What a layer brings to the reading of a call's arguments. */
export interface CallFacts {
  readonly units: number;
  /** The dtype of inputs, initial states and results. */
  readonly computeDtype: Dtype;
  readonly autocast: boolean;
  /** Whether functions of the caller's run during the call, so that it must have memory of its own. */
  readonly custom: boolean;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
}

/**
 * A call, read and checked. Its floating-point arrays are as the addon takes them: rounded to the layer's compute dtype,
 * and where that has 16 bits `inputs` holds bits and everything else float32. Arrays may be the caller's memory unless it
 * is asynchronous; `inputs` may be even then. */
export interface CallRequest {
  inputs: FloatArray;
  /** What the caller gave as data, when `inputs` is or was read from it; `null` for nested arrays. */
  source: TypedArray | null;
  /** Whether `inputs` is the call's own memory. */
  owned: boolean;
  batch: number;
  timesteps: number;
  features: number;
  mask: Uint8Array | null;
  lengths: Int32Array | null;
  initialState: NativeArray | null;
  training: boolean;
  out: ReadOut | null;
  transfer: boolean;
  /** What the choice of the path adds to the flags of the native call; 0 on the CPU. */
  pathFlags: number;
}

/**
 * Reads a call. `features` is `null` for a layer that is not built. Changes nothing and computes nothing.
 *
 * Throws `ERR_ARGUMENT`, `ERR_SHAPE`, `ERR_DTYPE` or `ERR_UNSUPPORTED`, naming the argument.
 */
export function readCall(
  facts: CallFacts,
  features: number | null,
  inputs: unknown,
  args: unknown,
  asynchronous: boolean,
): CallRequest {
  const request = readInputs(facts, features, inputs);
  if (args === undefined || args === null) return request;
  if (!isRecord(args)) throw expected("ERR_ARGUMENT", "arguments of the call", "an object", args);
  refuseUnknown(args, asynchronous ? KNOWN_ASYNC : KNOWN, asynchronous ? "callAsync" : "call");
  const { mask, lengths, training, initial_state, out, transfer } = args;
  if (training !== undefined && training !== null) {
    if (typeof training !== "boolean") throw expected("ERR_ARGUMENT", "training", "true or false", training);
    request.training = training;
  }
  if (transfer !== undefined) {
    if (typeof transfer !== "boolean") throw expected("ERR_ARGUMENT", "transfer", "true or false", transfer);
    request.transfer = transfer;
  }
  const { batch, timesteps } = request;
  const copy = asynchronous || facts.custom;
  if (mask !== undefined && mask !== null) {
    const read = readMask(mask, copy);
    checkMaskShape(read, batch, timesteps);
    request.mask = read.data;
  }
  if (lengths !== undefined && lengths !== null) {
    request.lengths = readLengths(lengths, batch, timesteps, copy);
    if (request.mask !== null)
      throw expected("ERR_ARGUMENT", "lengths", "either `mask` or `lengths`, not both,", lengths);
  }
  if (initial_state !== undefined && initial_state !== null) {
    request.initialState = readInitialState(initial_state, facts, batch, copy);
  }
  if (out !== undefined && out !== null) {
    const { units, computeDtype, returnSequences, returnState } = facts;
    const outputShape = returnSequences ? [batch, timesteps, units] : [batch, units];
    checkedProduct(outputShape, "out");
    request.out = readOut(out, outputShape, returnState ? [batch, units] : null, computeDtype);
  }
  return request;
}

/** The signal of an asynchronous call, read before anything else. */
export function readCallSignal(args: unknown): AbortSignal | null {
  return isRecord(args) ? readSignal(args.signal) : null;
}

function readInputs(facts: CallFacts, features: number | null, value: unknown): CallRequest {
  const read = readTensor(value, "inputs", facts.computeDtype);
  const { shape } = read;
  if (shape.length !== 3 || (features !== null && shape[2] !== features)) {
    throw expectedShape("inputs", `shape [batch, timesteps, ${features ?? "features"}]`, shape);
  }
  if (shape[1] === 0) throw expectedShape("inputs", "at least one timestep", shape);
  const data = convert(read, facts);
  return {
    inputs: data,
    source: read.owned ? null : read.data,
    owned: read.owned || data !== read.data,
    batch: shape[0] as number,
    timesteps: shape[1] as number,
    features: shape[2] as number,
    mask: null,
    lengths: null,
    initialState: null,
    training: false,
    out: null,
    transfer: false,
    pathFlags: 0,
  };
}

/** The elements in the compute dtype: the caller's own array where that is safe, else a copy. */
function convert(read: ReadTensor, { computeDtype, autocast }: CallFacts): FloatArray {
  const { data, dtype } = read;
  if (dtype === computeDtype) {
    // An empty array of our own cannot be detached while the other arguments are read.
    if (read.owned || (data.length !== 0 && !isShared(data))) return data as FloatArray;
  }
  if (!autocast && dtype !== computeDtype && isFloat(dtype)) {
    throw expected("ERR_DTYPE", "inputs.dtype", `"${computeDtype}" (the layer has \`autocast: false\`)`, dtype);
  }
  requireNamed(read, computeDtype, "inputs");
  return converted(data, dtype, computeDtype);
}

function isFloat(dtype: TensorDtype): boolean {
  return dtype === "float32" || dtype === "float64" || isSixteenBit(dtype);
}

function readInitialState(value: unknown, facts: CallFacts, batch: number, copy: boolean): NativeArray {
  const item = unwrap(value);
  if (Array.isArray(value) && value.length !== 1 && value.some((entry) => isRecord(entry))) {
    throw expected("ERR_ARGUMENT", "initial_state", "one state (a GRU has one)", value);
  }
  const shape = [batch, facts.units];
  const { computeDtype } = facts;
  const count = checkedProduct(shape, "initial_state");
  return kernelArray(readShaped(item, shape, count, computeDtype, "initial_state", copy), computeDtype);
}
