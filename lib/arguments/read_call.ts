import type { GRUError } from "../errors/gru_error.js";
import { expected, expectedShape } from "../errors/messages.js";
import { unreadable } from "../errors/reading.js";
import type { Dtype } from "../keras/dtype_policy.js";
import type { NativeArray, NativeDtype } from "../native/binding.js";
import { isSteady, lengthOf } from "../native/intrinsics.js";
import { isSixteenBit } from "../native/sixteen_bit.js";
import { isRecord, readRecord } from "../options/record.js";
import { requireBoolean } from "../options/values.js";
import type { FloatArray, TensorDtype, TensorLike, TypedArray } from "../tensor/tensor.js";
import { converted, kernelArray, requireNamed } from "./convert.js";
import { elementsAs, readWithShape, stateFromList } from "./known_shape.js";
import { checkMaskShape, type MaskLike, maskBytes, type ReadMask, readLengths, readMask } from "./mask_and_lengths.js";
import { requireWeightMemory } from "./memory.js";
import { type Out, type ReadOut, readOut } from "./out_argument.js";
import { checkedProduct } from "./shapes.js";
import { readSignal } from "./signal.js";
import { type Elements, elementsOf, type ReadTensor, readTensor } from "./tensor_like.js";
import { isTypedArray, requireWhole } from "./typed_array.js";

/** An initial state: a (batch, units) tensor, or a bare typed array with as many elements. */
export type StateLike = TensorLike | TypedArray;

/**
 * The arguments of a call, beside its inputs. The names are Keras's, except `lengths` and `out`, which this package
 * adds.
 */
export interface CallArguments<S extends boolean = boolean> {
  /** (batch, timesteps) or (batch, timesteps, 1). A timestep whose mask is false is skipped. */
  mask?: MaskLike | null | undefined;
  /** The number of timesteps of each row. Takes the place of a right-padded mask. */
  lengths?: Int32Array | readonly number[] | null | undefined;
  /** Whether dropout is on; false by default. */
  training?: boolean | null | undefined;
  /** (batch, units), bare or in a list of one. The default is zeros or, for a stateful layer, the carried state. */
  initial_state?: StateLike | readonly [StateLike] | null | undefined;
  /** The memory that the results are written to, in place of new arrays. */
  out?: Out<S> | null | undefined;
}

/** The arguments of `callAsync`, beside its inputs. */
export interface CallAsyncArguments<S extends boolean = boolean> extends CallArguments<S> {
  /** Makes the promise reject with `ERR_ABORTED` when it aborts. */
  signal?: AbortSignal | null | undefined;
  /** Whether the call takes over the inputs' buffer, which detaches it, in place of copying it; false by default. */
  transfer?: boolean | undefined;
}

const FORWARD = ["mask", "lengths", "training", "initial_state"];
const ASYNC = ["signal", "transfer"];
/** The names of the arguments that each method takes, beside the inputs. */
export const CALL_ARGUMENTS = {
  call: new Set([...FORWARD, "out"]),
  callAsync: new Set([...FORWARD, "out", ...ASYNC]),
  forward: new Set(FORWARD),
  forwardAsync: new Set([...FORWARD, ...ASYNC]),
} as const satisfies Record<string, ReadonlySet<string>>;

/**
 * The public methods that compute a call. The methods that end in `Async` compute later, from memory of the call's own.
 */
export type CallMethod = keyof typeof CALL_ARGUMENTS;

/** True for the methods that compute later. */
export function isAsynchronous(method: CallMethod): boolean {
  return method === "callAsync" || method === "forwardAsync";
}

/** The settings of a layer that the reading of its calls depends on. */
export interface CallSettings {
  readonly units: number;
  /** The dtype of inputs, initial states and results. */
  readonly computeDtype: Dtype;
  readonly variableDtype: Dtype;
  readonly kernelDtype: NativeDtype;
  readonly autocast: boolean;
  /** True when functions of the user run during the call. The call must then have its own memory. */
  readonly custom: boolean;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
}

/**
 * The arguments of a call, read and checked. Floating-point arrays have the form that the addon takes: they are rounded
 * to the layer's compute dtype. If that has 16 bits, `inputs` holds bits and all other arrays are float32. In a
 * synchronous call the arrays may be the caller's memory. In an asynchronous call only `inputs` may still be.
 */
export interface ReadCall {
  readonly inputs: FloatArray;
  /** The typed array that the caller passed as data; `null` for nested arrays. */
  readonly source: TypedArray | null;
  /** True when `inputs` is the call's own memory. */
  readonly owned: boolean;
  readonly batch: number;
  readonly timesteps: number;
  readonly features: number;
  readonly mask: Uint8Array | null;
  readonly lengths: Int32Array | null;
  readonly initialState: NativeArray | null;
  readonly training: boolean;
  readonly out: ReadOut | null;
  readonly transfer: boolean;
}

/**
 * Reads the arguments of a call by `method`. `features` is `null` for a layer that is not built. Changes nothing and computes
 * nothing.
 *
 * Throws `ERR_ARGUMENT`, `ERR_SHAPE`, `ERR_DTYPE` or `ERR_UNSUPPORTED`, naming the argument.
 */
export function readCall(
  settings: CallSettings,
  features: number | null,
  inputs: unknown,
  args: unknown,
  method: CallMethod,
): ReadCall {
  try {
    const read = readInputs(settings, features, inputs);
    return args === undefined || args === null
      ? copyElements(read, settings, NO_ARGUMENTS, false)
      : readArguments(settings, read, args, method);
  } catch (error) {
    throw unreadable(error, method);
  }
}

/** Arguments whose shapes have been checked. Their elements may not have been copied yet. */
interface CheckedArguments {
  readonly mask: ReadMask | null;
  readonly lengths: Int32Array | null;
  readonly initialState: ReadTensor | null;
  readonly out: ReadOut | null;
  readonly training: boolean;
  readonly transfer: boolean;
}

const NO_ARGUMENTS: CheckedArguments = {
  mask: null,
  lengths: null,
  initialState: null,
  out: null,
  training: false,
  transfer: false,
};

/** Reads every description before it copies anything. No user code runs between the copies and their checks. */
function readArguments(settings: CallSettings, inputs: ReadTensor, args: unknown, method: CallMethod): ReadCall {
  const record = readRecord(args, CALL_ARGUMENTS[method], method, "arguments of the call");
  const { mask, lengths, training, initial_state, out, transfer } = record;
  const isTraining = requireBoolean(training ?? undefined, "training", false);
  const isTransferred = requireBoolean(transfer, "transfer", false);
  const batch = inputs.shape[0] as number;
  const timesteps = inputs.shape[1] as number;
  const copy = isAsynchronous(method) || settings.custom;
  let checkedMask: ReadMask | null = null;
  if (mask !== undefined && mask !== null) {
    checkedMask = readMask(mask);
    checkMaskShape(checkedMask, batch, timesteps);
  }
  let readLength: Int32Array | null = null;
  if (lengths !== undefined && lengths !== null) {
    readLength = readLengths(lengths, batch, timesteps, copy);
    if (checkedMask !== null) {
      throw expected("ERR_ARGUMENT", "lengths", "either `mask` or `lengths`, not both,", lengths);
    }
  }
  const checked: CheckedArguments = {
    mask: checkedMask,
    lengths: readLength,
    initialState:
      initial_state === undefined || initial_state === null ? null : readInitialState(initial_state, settings, batch),
    out: out === undefined || out === null ? null : readCallOut(out, settings, batch, timesteps),
    training: isTraining,
    transfer: isTransferred,
  };
  const read = copyElements(inputs, settings, checked, copy);
  requireIntact(read, settings.units);
  return read;
}

function readCallOut(out: unknown, settings: CallSettings, batch: number, timesteps: number): ReadOut {
  const { units, computeDtype, returnSequences, returnState } = settings;
  const outputShape = returnSequences ? [batch, timesteps, units] : [batch, units];
  checkedProduct(outputShape, "out");
  return readOut(out, outputShape, returnState ? [batch, units] : null, computeDtype);
}

const FLAT_INPUTS = "Say what the numbers are: tensor(data, [batch, timesteps, features]).";

/** Returns the error about inputs that are numbers without a shape. */
function flatInputs(value: TypedArray): GRUError {
  const wanted = "a tensor ({ data, shape } or nested arrays)";
  return expected("ERR_ARGUMENT", "inputs", wanted, value, { remedy: FLAT_INPUTS });
}

/**
 * Throws `ERR_ARGUMENT` when an array of the call has been detached since it was read. That can happen because an
 * element of a nested array may be a getter.
 */
function requireIntact(
  { inputs, mask, lengths, initialState, batch, timesteps, features }: ReadCall,
  units: number,
): void {
  requireWhole(inputs, batch * timesteps * features, "inputs.data");
  if (mask !== null) requireWhole(mask, batch * timesteps, "mask.data");
  if (lengths !== null) requireWhole(lengths, batch, "lengths");
  if (initialState !== null) requireWhole(initialState, batch * units, "initial_state");
}

/** Reads the signal of an asynchronous call. This happens before any other argument is read. */
export function readCallSignal(args: unknown): AbortSignal | null {
  try {
    return isRecord(args) ? readSignal(args.signal) : null;
  } catch (error) {
    throw unreadable(error, "signal");
  }
}

function readInputs(settings: CallSettings, features: number | null, value: unknown): ReadTensor {
  if (isTypedArray(value)) throw flatInputs(value);
  const { computeDtype, autocast } = settings;
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
  // This check comes before the elements are copied. Strides may be 0, so a small array can describe huge inputs, and a
  // layer that cannot be built must not expand them.
  if (features === null) requireWeightMemory(settings, shape[2] as number);
  return read;
}

/** Copies and converts the elements. With `copy`, mask and initial state become the call's own memory. */
function copyElements(
  read: ReadTensor,
  { computeDtype }: CallSettings,
  { mask, lengths, initialState, out, training, transfer }: CheckedArguments,
  copy: boolean,
): ReadCall {
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
    mask: mask === null ? null : maskBytes(mask, copy),
    lengths,
    initialState:
      initialState === null ? null : kernelArray(elementsAs(initialState, computeDtype, copy), computeDtype),
    training,
    out,
    transfer,
  };
}

/** Returns the error about inputs of a wrong shape. It names the remedy when that is clear. */
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

/**
 * Returns the elements in the compute dtype. They are the caller's own array when that is safe, and a copy otherwise.
 */
function convert({ data, owned }: Elements, dtype: TensorDtype, wanted: Dtype): FloatArray {
  // An empty array of the user is always copied. It could be detached while the other arguments are read, and it would
  // look the same before and after.
  if (dtype === wanted && (owned || (lengthOf(data) !== 0 && isSteady(data)))) return data as FloatArray;
  return converted(data, dtype, wanted, "inputs");
}

function isFloat(dtype: TensorDtype): boolean {
  return dtype === "float32" || dtype === "float64" || isSixteenBit(dtype);
}

function readInitialState(value: unknown, settings: CallSettings, batch: number): ReadTensor {
  const item = stateFromList(value);
  if (Array.isArray(value) && value.length !== 1 && isRecord(value[0])) {
    throw expected("ERR_ARGUMENT", "initial_state", "one state (a GRU has one)", value);
  }
  const shape = [batch, settings.units];
  return readWithShape(item, shape, checkedProduct(shape, "initial_state"), settings.computeDtype, "initial_state");
}
