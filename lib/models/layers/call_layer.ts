import type { GRUError } from "../../errors/gru_error.js";
import { type Builder, MixesSamples } from "../compile/builder.js";
import { NeedsHostCall } from "../compile/host.js";
import { isFloat, type KerasDtype, type SymbolicTensor } from "../compile/symbolic.js";
import { isTensor, type Masks, type Tensors, type Value } from "../compile/values.js";
import { cast } from "../emit/elementwise.js";
import { flatten, mapStructure, type Structure } from "../graph/structure.js";
import type { CallArguments, Layer } from "./layer.js";

/**
 * Compiles a call of a layer as Keras's `Layer.__call__` runs it: casts the inputs, finds the mask arguments, and gives the
 * outputs their masks (Keras 3.15.1, `keras/src/layers/layer.py`). A mask belongs to a tensor at run time: a layer
 * that is called with one tensor gets its mask, while one that is called with more gets none unless its parameters say so.
 */
export function callLayer(
  builder: Builder,
  layer: Layer,
  args: readonly Value[],
  kwargs: Readonly<Record<string, Value>>,
): Tensors {
  return layer.within(() => {
    const bound = bind(builder, layer, args, kwargs);
    const [firstName] = layer.signature as [string];
    const first = bound[firstName] as Value;
    addMasks(layer, bound);
    const previous = previousMask(bound, first);
    const streamed = streamedInputs(builder, layer, bound);
    const called = builder.stream === null ? layer.call(builder, bound) : callInStream(builder, layer, bound);
    if (streamed !== null) markSequences(builder, streamed, flatten(called));
    if (flatten(called).some((output) => builder.stream?.hasLost(output)))
      throw notCausal(layer, "moves the timesteps");
    const outputs = layer.supportsMasking ? withMasks(builder, layer, { first, previous, outputs: called }) : called;
    builder.onCall?.(layer, outputs);
    return outputs;
  });
}

/** The causality of a layer whose inputs have timesteps, in a program for a stream. */
interface Streamed {
  readonly layer: Layer;
  readonly causality: "pointwise" | "causal" | "inside";
}

/**
 * Throws `ERR_UNSUPPORTED` in a program for a stream, when a layer needs the whole sequence. Returns `null` for a layer none
 * of whose inputs has timesteps.
 */
function streamedInputs(builder: Builder, layer: Layer, bound: CallArguments): Streamed | null {
  const { stream } = builder;
  if (stream === null) return null;
  const inputs = Object.entries(bound)
    .filter(([name]) => !name.endsWith("mask"))
    .flatMap(([, value]) => (hasTensors(value) ? flatten<unknown>(value as Structure<unknown>).filter(isTensor) : []));
  const sequences = inputs.filter((tensor) => stream.isSequence(tensor));
  if (sequences.length === 0) return null;
  const causality = layer.causality(sequences);
  if (typeof causality === "object") throw notCausal(layer, causality.why);
  if (causality !== "inside" && sequences.length < inputs.length) {
    throw notCausal(layer, "also gets a tensor that is no sequence, such as a state");
  }
  return { layer, causality };
}

function notCausal(layer: Layer, why: string): GRUError {
  return layer.failure("ERR_UNSUPPORTED", "stream", "layers that look only back", `a layer that ${why}`);
}

function callInStream(builder: Builder, layer: Layer, bound: CallArguments): Tensors {
  try {
    return layer.call(builder, bound);
  } catch (error) {
    if (error instanceof MixesSamples) throw notCausal(layer, "combines the samples of a batch");
    if (error instanceof NeedsHostCall) throw notCausal(layer, "is computed in JavaScript");
    throw error;
  }
}

/** Notes which outputs have timesteps. */
function markSequences(builder: Builder, { layer, causality }: Streamed, outputs: readonly SymbolicTensor[]): void {
  const { stream } = builder;
  if (stream === null || causality === "inside") return;
  for (const output of outputs) {
    const hasSteps = output.shape.length > 0 && output.shape[0] === stream.steps;
    if (causality === "pointwise" && !hasSteps) {
      throw notCausal(layer, "does not keep the timesteps");
    }
    if (causality === "pointwise" || layer.isSequenceOutput(output)) stream.mark(output);
  }
}

function bind(
  builder: Builder,
  layer: Layer,
  args: readonly Value[],
  kwargs: Readonly<Record<string, Value>>,
): Record<string, Value> {
  const { signature } = layer;
  if (args.length > signature.length || args.length === 0) {
    const wanted = `1 to ${signature.length} positional arguments`;
    throw layer.failure("ERR_FILE_FORMAT", "inputs", wanted, `${args.length}`);
  }
  const bound: Record<string, Value> = {};
  for (const name of signature) bound[name] = null;
  args.forEach((value, index) => {
    bound[signature[index] as string] = value;
  });
  // The graph of a model for inference may say `training`, which means nothing here.
  for (const [name, value] of Object.entries(kwargs)) {
    if (name in bound || layer.takesOtherArguments) bound[name] = value;
    else if (name !== "training" && value !== null) {
      throw layer.failure("ERR_UNSUPPORTED", name, "an argument of this layer's call", "another");
    }
  }
  const { inputDtype } = layer;
  if (inputDtype === null) return bound;
  return Object.fromEntries(
    Object.entries(bound).map(([name, value]) => [name, castFloats(builder, value, inputDtype)]),
  );
}

function castFloats(builder: Builder, value: Value, dtype: KerasDtype): Value {
  return mapValue(value, (item) => (isFloat(item.dtype) ? cast(builder, item, dtype).withMask(item.mask) : item));
}

/** Returns `value` with every tensor in it replaced. */
export function mapValue(value: Value, map: (tensor: SymbolicTensor) => Value): Value {
  return mapStructure<unknown, unknown>(value as Structure<unknown>, (item) =>
    isTensor(item) ? map(item) : item,
  ) as Value;
}

/** True for an argument that Keras counts as one with tensors: a tensor, or a structure of tensors and `None`s. */
function hasTensors(value: Value): boolean {
  if (isTensor(value)) return true;
  if (typeof value !== "object" || value === null || isOpaque(value)) return false;
  const items = flatten<unknown>(value as Structure<unknown>);
  return items.length > 0 && items.every((item) => item === null || isTensor(item)) && items.some(isTensor);
}

function isOpaque(value: object): boolean {
  return !Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype;
}

function maskOf(value: Value): Masks {
  return mapStructure<unknown, SymbolicTensor | null>(value as Structure<unknown>, (item) =>
    isTensor(item) ? item.mask : null,
  );
}

/** Fills the parameters `mask` or `<name>_mask` that the caller left out. */
function addMasks(layer: Layer, bound: Record<string, Value>): void {
  const given = layer.signature.filter((name) => hasTensors(bound[name] as Value));
  if (given.length === 1) {
    if ("mask" in bound && bound.mask === null) bound.mask = maskOf(bound[given[0] as string] as Value) as Value;
    return;
  }
  for (const name of given) {
    const parameter = `${name}_mask`;
    if (parameter in bound && bound[parameter] === null) bound[parameter] = maskOf(bound[name] as Value) as Value;
  }
}

/** Returns the mask that `compute_mask` gets: the argument `mask`, or that of the inputs. */
function previousMask({ mask = null }: CallArguments, first: Value): Masks | null {
  return mask === null ? maskOf(first) : (mask as Masks);
}

interface Called {
  readonly first: Value;
  readonly previous: Masks | null;
  readonly outputs: Tensors;
}

/** Adds the computed masks to those outputs that `call` returned without one. */
function withMasks(builder: Builder, layer: Layer, { first, previous, outputs }: Called): Tensors {
  if (flatten(outputs).every(({ mask }) => mask !== null)) return outputs;
  const computed = layer.computeMask(builder, first, previous);
  if (computed === null) return outputs;
  const masks = flatten(computed);
  let index = 0;
  return mapStructure(outputs, (output) => {
    const mask = masks[index] ?? null;
    index += 1;
    return output.mask === null && mask !== null ? output.withMask(mask) : output;
  });
}
