import type { GRUError } from "../errors/gru_error.js";
import { expected, expectedShape } from "../errors/messages.js";
import { unreadable } from "../errors/reading.js";
import type { Dtype } from "../keras/dtype_policy.js";
import type { NativeArray, NativeDtype } from "../native/binding.js";
import { isSixteenBit } from "../native/sixteen_bit.js";
import { isRecord, readRecord } from "../options/record.js";
import type { FloatArray, TensorDtype, TensorLike, TypedArray } from "../tensor/tensor.js";
import { CombinedInputs } from "./combined.js";
import { converted, kernelArray, requireNamed } from "./convert.js";
import { isSteady, lengthOf } from "./intrinsics.js";
import { checkMaskShape, type MaskLike, maskBytes, type ReadMask, readLengths, readMask } from "./mask.js";
import { requireWeightMemory } from "./memory.js";
import { type Out, type ReadOut, readOut } from "./out.js";
import { checkShaped, shapedElements, unwrap } from "./shaped.js";
import { checkedProduct } from "./shapes.js";
import { readSignal } from "./signal.js";
import { type Elements, elementsOf, type ReadTensor, readTensor } from "./tensor_like.js";
import { isTypedArray, requireWhole } from "./typed_array.js";

/** An initial state: a (batch, units) tensor, or a bare typed array of that many elements. */
export type StateLike = TensorLike | TypedArray;

/** What a call takes beside its inputs, by Keras's names; `lengths` and `out` are this package's. */
export interface CallArguments<S extends boolean = boolean> {
  /** (batch, timesteps) or (batch, timesteps, 1): where it is false, a timestep is skipped. */
  mask?: MaskLike | null | undefined;
  /** Timesteps of each row, in place of a right-padded mask. */
  lengths?: Int32Array | readonly number[] | null | undefined;
  /** Whether dropout is on; default false. */
  training?: boolean | null | undefined;
  /** (batch, units), bare or in a list of one; default zeros, or the carried state of a stateful layer. */
  initial_state?: StateLike | readonly [StateLike] | null | undefined;
  /** Where to write the results, in place of new arrays. */
  out?: Out<S> | null | undefined;
}

/** What `callAsync` takes beside its inputs. */
export interface CallAsyncArguments<S extends boolean = boolean> extends CallArguments<S> {
  /** Aborting it makes the promise reject with `ERR_ABORTED`. */
  signal?: AbortSignal | null | undefined;
  /** Gives the inputs' buffer away (it is detached) in place of copying it; default false. */
  transfer?: boolean | undefined;
}

const KNOWN: ReadonlySet<string> = new Set(["mask", "lengths", "training", "initial_state", "out"]);
const CALLED = "arguments of the call";
const KNOWN_ASYNC: ReadonlySet<string> = new Set([...KNOWN, "signal", "transfer"]);

/** What a layer brings to the reading of a call's arguments. */
export interface CallFacts {
  readonly units: number;
  /** The dtype of inputs, initial states and results. */
  readonly computeDtype: Dtype;
  readonly variableDtype: Dtype;
  readonly kernelDtype: NativeDtype;
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
  /** What the caller gave as data; `null` for nested arrays. */
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
  /** How the rows are those of several requests of a batcher; `null` for every other call. */
  combined: CombinedInputs | null;
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
  try {
    const read = readInputs(facts, features, inputs);
    const combined = inputs instanceof CombinedInputs ? inputs : null;
    const request =
      args === undefined || args === null ? requestOf(read, facts) : readArguments(facts, read, args, asynchronous);
    request.combined = combined;
    return request;
  } catch (error) {
    throw unreadable(error, asynchronous ? "callAsync" : "call");
  }
}

/** Every description is read before anything is copied; no code of the caller's runs between the copies and the checks of them. */
function readArguments(facts: CallFacts, inputs: ReadTensor, args: unknown, asynchronous: boolean): CallRequest {
  const record = asynchronous
    ? readRecord(args, KNOWN_ASYNC, "callAsync", CALLED)
    : readRecord(args, KNOWN, "call", CALLED);
  const { mask, lengths, training, initial_state, out, transfer } = record;
  if (training !== undefined && training !== null && typeof training !== "boolean") {
    throw expected("ERR_ARGUMENT", "training", "true or false", training);
  }
  if (transfer !== undefined && typeof transfer !== "boolean") {
    throw expected("ERR_ARGUMENT", "transfer", "true or false", transfer);
  }
  const batch = inputs.shape[0] as number;
  const timesteps = inputs.shape[1] as number;
  const { units, computeDtype, returnSequences, returnState } = facts;
  const copy = asynchronous || facts.custom;
  let readingMask: ReadMask | null = null;
  if (mask !== undefined && mask !== null) {
    readingMask = readMask(mask);
    checkMaskShape(readingMask, batch, timesteps);
  }
  let readingLengths: Int32Array | null = null;
  if (lengths !== undefined && lengths !== null) {
    readingLengths = readLengths(lengths, batch, timesteps, copy);
    if (readingMask !== null) {
      throw expected("ERR_ARGUMENT", "lengths", "either `mask` or `lengths`, not both,", lengths);
    }
  }
  const readingState =
    initial_state === undefined || initial_state === null ? null : readInitialState(initial_state, facts, batch);
  let readingOut: ReadOut | null = null;
  if (out !== undefined && out !== null) {
    const outputShape = returnSequences ? [batch, timesteps, units] : [batch, units];
    checkedProduct(outputShape, "out");
    readingOut = readOut(out, outputShape, returnState ? [batch, units] : null, computeDtype);
  }
  const request = requestOf(inputs, facts);
  request.training = training === true;
  request.transfer = transfer === true;
  request.lengths = readingLengths;
  request.out = readingOut;
  if (readingMask !== null) request.mask = maskBytes(readingMask, copy);
  if (readingState !== null) {
    request.initialState = kernelArray(shapedElements(readingState, computeDtype, copy), computeDtype);
  }
  requireIntact(request, units);
  return request;
}

const FLAT_INPUTS = "Say what the numbers are: tensor(data, [batch, timesteps, features]).";

/** The error about inputs that are numbers without a shape. */
function flatInputs(value: TypedArray): GRUError {
  const what = "a tensor ({ data, shape } or nested arrays)";
  return expected("ERR_ARGUMENT", "inputs", what, value, { remedy: FLAT_INPUTS });
}

/**
 * Throws `ERR_ARGUMENT` when what a request refers to has been detached since it was read: an element of a nested array may
 * be a getter.
 */
function requireIntact(
  { inputs, mask, lengths, initialState, batch, timesteps, features }: CallRequest,
  units: number,
): void {
  requireWhole(inputs, batch * timesteps * features, "inputs.data");
  if (mask !== null) requireWhole(mask, batch * timesteps, "mask.data");
  if (lengths !== null) requireWhole(lengths, batch, "lengths");
  if (initialState !== null) requireWhole(initialState, batch * units, "initial_state");
}

/** The signal of an asynchronous call, read before anything else. */
export function readCallSignal(args: unknown): AbortSignal | null {
  try {
    return isRecord(args) ? readSignal(args.signal) : null;
  } catch (error) {
    throw unreadable(error, "signal");
  }
}

function readInputs(facts: CallFacts, features: number | null, value: unknown): ReadTensor {
  if (isTypedArray(value)) throw flatInputs(value);
  const { computeDtype, autocast } = facts;
  const read = readTensor(value, "inputs", computeDtype);
  const { shape, dtype } = read;
  if (shape.length !== 3 || (features !== null && shape[2] !== features)) {
    throw unfitInputs(shape, features);
  }
  if (shape[1] === 0) throw expectedShape("inputs", "at least one timestep", shape);
  if (!autocast && dtype !== computeDtype && isFloat(dtype)) {
    throw expected("ERR_DTYPE", "inputs.dtype", `"${computeDtype}" (the layer has \`autocast: false\`)`, dtype);
  }
  requireNamed(read, computeDtype, "inputs");
  // Before data that is not there (its strides may be 0) is written out for a layer that cannot be built.
  if (features === null) requireWeightMemory(facts, shape[2] as number);
  return read;
}

/** A request of these inputs alone. */
function requestOf(read: ReadTensor, { computeDtype }: CallFacts): CallRequest {
  const { shape } = read;
  const elements = elementsOf(read);
  const inputs = convert(elements, read.dtype, computeDtype);
  return {
    inputs,
    source: read.given,
    owned: elements.owned || inputs !== elements.data,
    batch: shape[0] as number,
    timesteps: shape[1] as number,
    features: shape[2] as number,
    mask: null,
    lengths: null,
    initialState: null,
    training: false,
    out: null,
    transfer: false,
    combined: null,
    pathFlags: 0,
  };
}

/** The error about inputs of another shape, with what to do where that is clear. */
function unfitInputs(shape: readonly number[], features: number | null): GRUError {
  const [first, second] = shape;
  let remedy: string | undefined;
  if (shape.length === 1) remedy = FLAT_INPUTS;
  else if (shape.length === 2) {
    remedy = `One sequence is a batch of one: [sequence], or tensor(data, [1, ${first}, ${second}]).`;
  } else if (shape.length === 3 && second === features) {
    remedy = "The features are the last dimension: transpose the data.";
  }
  return expectedShape("inputs", `shape [batch, timesteps, ${features ?? "features"}]`, shape, { remedy });
}

/** The elements in the compute dtype: the caller's own array where that is safe, else a copy. */
function convert({ data, owned }: Elements, dtype: TensorDtype, wanted: Dtype): FloatArray {
  // An empty array of our own cannot be detached while the other arguments are read.
  if (dtype === wanted && (owned || (lengthOf(data) !== 0 && isSteady(data)))) return data as FloatArray;
  return converted(data, dtype, wanted, "inputs");
}

function isFloat(dtype: TensorDtype): boolean {
  return dtype === "float32" || dtype === "float64" || isSixteenBit(dtype);
}

function readInitialState(value: unknown, facts: CallFacts, batch: number): ReadTensor {
  const item = unwrap(value);
  if (Array.isArray(value) && value.length !== 1 && isRecord(value[0])) {
    throw expected("ERR_ARGUMENT", "initial_state", "one state (a GRU has one)", value);
  }
  const shape = [batch, facts.units];
  return checkShaped(item, shape, checkedProduct(shape, "initial_state"), facts.computeDtype, "initial_state");
}
