import { describe } from "../errors/describe.js";
import { expected, expectedText } from "../errors/messages.js";
import { unreadable } from "../errors/reading.js";
import type { Dtype } from "../keras/dtype_policy.js";
import type { NativeArray } from "../native/binding.js";
import { overlap } from "../native/intrinsics.js";
import { readRecord } from "../options/record.js";
import { kernelArray } from "./convert.js";
import { elementsAs, readWithShape, stateFromList } from "./known_shape.js";
import type { MaskLike } from "./mask_and_lengths.js";
import { type OutTarget, type OutTensor, readOutTensor } from "./out_argument.js";
import {
  CALL_ARGUMENTS,
  type CallMethod,
  type CallSettings,
  isAsynchronous,
  type ReadCall,
  readCall,
  type StateLike,
} from "./read_call.js";
import { checkedProduct } from "./shapes.js";
import type { ReadTensor } from "./tensor_like.js";
import { requireWhole } from "./typed_array.js";

/**
 * The arguments of a call of several layers, beside its inputs. The names are Keras's, except `lengths` and `out`,
 * which this package adds.
 */
export interface CompositeCallArguments {
  /** (batch, timesteps) or (batch, timesteps, 1). Every layer skips the timesteps whose mask is false. */
  mask?: MaskLike | null | undefined;
  /** The number of timesteps of each row. Takes the place of a right-padded mask. */
  lengths?: Int32Array | readonly number[] | null | undefined;
  /** Whether dropout is on; false by default. */
  training?: boolean | null | undefined;
  /**
   * A list of (batch, units) states, one for each GRU: layers in order, forward before backward. The default is zeros
   * or, for a stateful layer, the carried state.
   */
  initial_state?: readonly StateLike[] | null | undefined;
  /** The memory that the results are written to, in the form of the result: one tensor, or a list of all results. */
  out?: OutTensor | readonly OutTensor[] | null | undefined;
}

/** The arguments of an asynchronous call of several layers, beside its inputs. */
export interface CompositeCallAsyncArguments extends CompositeCallArguments {
  /** Makes the promise reject with `ERR_ABORTED` when it aborts. */
  signal?: AbortSignal | null | undefined;
  /** Whether the call takes over the inputs' buffer, which detaches it, in place of copying it; false by default. */
  transfer?: boolean | undefined;
}

/** The arguments of `forward` of several layers, beside its inputs. They mean the same as in `call`. */
export type CompositeForwardArguments = Omit<CompositeCallArguments, "out">;

/** The arguments of `forwardAsync` of several layers, beside its inputs. They mean the same as in `callAsync`. */
export type CompositeForwardAsyncArguments = Omit<CompositeCallAsyncArguments, "out">;

/** A state of a call: the sizes and the dtype that it is read in. */
export interface StateSettings {
  /** The name of the GRU, for messages. */
  readonly name: string;
  readonly units: number;
  readonly dtype: Dtype;
}

/** A result of a call: its shape and dtype. */
export interface ResultSettings {
  readonly shape: number[];
  readonly dtype: Dtype;
}

/** The settings of several layers that the reading of their calls depends on. */
export interface CompositeSettings {
  /** The settings of the layer that gets the inputs. */
  readonly call: CallSettings;
  /** The initial states of all GRUs. */
  readonly states: readonly StateSettings[];
  /** The initial states of a call that has none: `null` for each GRU. */
  readonly noStates: readonly null[];
  /** Returns the results of a call of these sizes. */
  results(batch: number, timesteps: number): ResultSettings[];
}

/** The arguments of a call of several layers, read and checked in the way of `ReadCall`. */
export interface ReadComposite extends Omit<ReadCall, "initialState" | "out"> {
  /** One for each GRU, in the dtype of its settings; `null` where the call has none. */
  readonly initialStates: readonly (NativeArray | null)[];
  /** One target for each result. */
  readonly out: readonly OutTarget[] | null;
}

/**
 * Reads the arguments of a call of several layers. `features` is `null` when they are not built. Changes nothing and
 * computes nothing.
 *
 * Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`, naming the argument.
 */
export function readComposite(
  settings: CompositeSettings,
  features: number | null,
  inputs: unknown,
  args: unknown,
  method: CallMethod,
): ReadComposite {
  try {
    return readArguments(settings, features, inputs, args, method);
  } catch (error) {
    throw unreadable(error, method);
  }
}

function readArguments(
  settings: CompositeSettings,
  features: number | null,
  inputs: unknown,
  args: unknown,
  method: CallMethod,
): ReadComposite {
  if (args === undefined || args === null) {
    const read = readCall(settings.call, features, inputs, null, method);
    return compositeRead(read, settings.noStates, null);
  }
  const record = readRecord(args, CALL_ARGUMENTS[method], method, "arguments of the call");
  // Every value is read once, because it may be a getter.
  const { mask, lengths, training, transfer, initial_state, out } = record;
  const asynchronous = isAsynchronous(method);
  const own = asynchronous ? { mask, lengths, training, transfer } : { mask, lengths, training };
  const read = readCall(settings.call, features, inputs, own, method);
  const { batch, timesteps } = read;
  const states = checkStates(initial_state, settings.states, batch);
  const targets = out === undefined || out === null ? null : readTargets(out, settings.results(batch, timesteps));
  const copy = asynchronous || settings.call.custom;
  const initialStates = states.map((state, index) => {
    const { dtype } = settings.states[index] as StateSettings;
    return state === null ? null : kernelArray(elementsAs(state, dtype, copy), dtype);
  });
  const result = compositeRead(read, initialStates, targets);
  requireIntact(result, states);
  return result;
}

/** Names every key, because copying objects by a spread takes a large part of the time of a tiny call. */
function compositeRead(
  { inputs, source, owned, batch, timesteps, features, mask, lengths, training, transfer }: ReadCall,
  initialStates: ReadComposite["initialStates"],
  out: ReadComposite["out"],
): ReadComposite {
  return {
    inputs,
    source,
    owned,
    batch,
    timesteps,
    features,
    mask,
    lengths,
    training,
    transfer,
    initialStates,
    out,
  };
}

/** Checks the list of initial states, and copies nothing yet. */
function checkStates(value: unknown, settings: readonly StateSettings[], batch: number): (ReadTensor | null)[] {
  if (value === undefined || value === null) return settings.map(() => null);
  return stateList(value, settings).map((state, index) => {
    const { units, dtype } = settings[index] as StateSettings;
    const name = `initial_state[${index}]`;
    const shape = [batch, units];
    return readWithShape(state, shape, checkedProduct(shape, name), dtype, name);
  });
}

/** Returns the values of a list with one state for each GRU. Throws `ERR_ARGUMENT` for any other value. */
export function stateList(value: unknown, settings: readonly StateSettings[], argument = "initial_state"): unknown[] {
  if (settings.length === 1) return [stateFromList(value)];
  const length = Array.isArray(value) ? value.length : null;
  if (length === settings.length) return settings.map((_, index) => (value as unknown[])[index]);
  const wanted = `a list of ${settings.length} states (${settings.map(({ name }) => name).join(", ")})`;
  throw expectedText("ERR_ARGUMENT", argument, wanted, length === null ? describe(value) : `a list of ${length}`);
}

/** Reads `out`. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`. */
function readTargets(value: unknown, results: readonly ResultSettings[]): OutTarget[] {
  const [first] = results as [ResultSettings];
  for (const { shape } of results) checkedProduct(shape, "out");
  if (results.length === 1) return [readOutTensor(value, first.shape, first.dtype, "out")];
  if (!Array.isArray(value) || value.length !== results.length) {
    throw expected("ERR_ARGUMENT", "out", `a list of ${results.length} tensors, one for each result,`, value);
  }
  const targets = results.map(({ shape, dtype }, index) => readOutTensor(value[index], shape, dtype, `out[${index}]`));
  targets.forEach(({ data }, index) => {
    if (targets.slice(0, index).every((earlier) => !overlap(earlier.data, data))) return;
    throw expected("ERR_ARGUMENT", "out", "tensors without common memory", value);
  });
  return targets;
}

/** Throws `ERR_ARGUMENT` when reading a later argument has detached an array of an earlier one. */
function requireIntact(read: ReadComposite, states: readonly (ReadTensor | null)[]): void {
  const { inputs, mask, lengths, batch, timesteps, features, initialStates } = read;
  requireWhole(inputs, batch * timesteps * features, "inputs.data");
  if (mask !== null) requireWhole(mask, batch * timesteps, "mask.data");
  if (lengths !== null) requireWhole(lengths, batch, "lengths");
  initialStates.forEach((state, index) => {
    if (state !== null) requireWhole(state, (states[index] as ReadTensor).count, `initial_state[${index}]`);
  });
}

/** A gradient: a tensor, or a bare typed array with as many elements. */
type Gradient = StateLike;

/**
 * The upstream gradients of a pass of several layers, in the shapes of its outputs and states. A gradient that is left
 * out counts as zeros.
 */
export interface CompositeUpstream {
  /** The gradient of the output, in its shape. With `merge_mode: null`, a list of the gradients of both outputs. */
  output?: Gradient | null | readonly (Gradient | null)[] | undefined;
  /** A list of the gradients of the states, in the order of the pass's `states`. */
  states?: readonly (Gradient | null | undefined)[] | null | undefined;
  /** The factor of the gradient of the pass's own losses, such as a loss scale; 1 by default. */
  losses?: number | undefined;
}

/** Upstream gradients after they were read, in the form that the kernels take. `null` stands for zeros. */
export interface ReadCompositeUpstream {
  readonly outputs: readonly (NativeArray | null)[];
  readonly states: readonly (NativeArray | null)[];
  readonly losses: number;
}

const UPSTREAM: ReadonlySet<string> = new Set(["output", "states", "losses"]);

/** Reads upstream gradients for these outputs and states. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`. */
export function readCompositeUpstream(
  value: unknown,
  outputs: readonly ResultSettings[],
  states: readonly ResultSettings[],
  copy: boolean,
): ReadCompositeUpstream {
  try {
    return readUpstream(value, outputs, states, copy);
  } catch (error) {
    throw unreadable(error, "backward");
  }
}

function readUpstream(
  value: unknown,
  outputs: readonly ResultSettings[],
  states: readonly ResultSettings[],
  copy: boolean,
): ReadCompositeUpstream {
  const none = (results: readonly ResultSettings[]) => results.map(() => null);
  if (value === undefined || value === null) return { outputs: none(outputs), states: none(states), losses: 1 };
  const record = readRecord(value, UPSTREAM, "backward", "upstream", "an object { output, states }");
  const { output, states: stateGradients, losses = 1 } = record;
  if (typeof losses !== "number" || !Number.isFinite(losses)) {
    throw expected("ERR_ARGUMENT", "losses", "a finite number", losses);
  }
  const checked = [
    ...checkGradients(outputs.length === 1 ? [output] : output, outputs, "output"),
    ...checkGradients(stateGradients, states, "states"),
  ];
  const read = checked.map((entry, index) => {
    const { dtype } = (outputs[index] ?? states[index - outputs.length]) as ResultSettings;
    return entry === null ? null : kernelArray(elementsAs(entry, dtype, copy), dtype);
  });
  // An element of a nested array may be a getter, which may have detached another gradient.
  read.forEach((gradient, index) => {
    if (gradient === null) return;
    const { count, name } = checked[index] as ReadTensor;
    requireWhole(gradient, count, name);
  });
  return { outputs: read.slice(0, outputs.length), states: read.slice(outputs.length), losses };
}

function checkGradients(value: unknown, results: readonly ResultSettings[], argument: string): (ReadTensor | null)[] {
  if (value === undefined || value === null) return results.map(() => null);
  if (!Array.isArray(value) || value.length !== results.length) {
    throw expected("ERR_ARGUMENT", argument, `a list of ${results.length} gradients`, value);
  }
  return results.map(({ shape, dtype }, index) => {
    const entry: unknown = value[index];
    const name = results.length === 1 ? argument : `${argument}[${index}]`;
    if (entry === undefined || entry === null) return null;
    return readWithShape(entry, shape, checkedProduct(shape, name), dtype, name);
  });
}
