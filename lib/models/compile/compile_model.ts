import { copy } from "../emit/movement.js";
import { stridesOf } from "../emit/strides.js";
import { flatten, mapStructure, type Structure } from "../graph/structure.js";
import type { ModelLayer } from "../layers/model_layer.js";
import { assemble, type Step } from "./assemble.js";
import { type BatchMode, Builder, type CarriedTensor, MixesSamples } from "./builder.js";
import { type HostShapes, NeedsHostCall } from "./host.js";
import type { Storage, SymbolicTensor } from "./symbolic.js";
import type { Tensors, Value } from "./values.js";

/** A model that is compiled for inputs of one shape. */
export interface CompiledModel {
  readonly mode: BatchMode;
  /** Whether a sample's results depend on the other samples of the batch. */
  readonly mixesSamples: boolean;
  readonly steps: readonly Step[];
  readonly inputs: readonly SymbolicTensor[];
  /** `null` for a model that is compiled up to a call of JavaScript, its last step, whose results are not known yet. */
  readonly outputs: Tensors | null;
  readonly states: readonly CarriedTensor[];
  /** The shapes of the results of JavaScript that it was compiled for. */
  readonly hostShapes: readonly HostShapes[];
}

/** The shape of each input after the batch, and the batch. */
export interface CallShape {
  readonly batch: number;
  readonly shapes: readonly (readonly number[])[];
}

/**
 * Compiles `model` for inputs of these shapes: for any batch where all operations treat each sample by itself, and
 * otherwise for this one. `hostShapes` are the shapes of those results of JavaScript that are known.
 */
export function compileModel(
  model: ModelLayer,
  shape: CallShape,
  hostShapes: readonly HostShapes[] = [],
): CompiledModel {
  try {
    return compiledFor(model, shape, "divided", hostShapes);
  } catch (error) {
    if (!(error instanceof MixesSamples)) throw error;
    return compiledFor(model, shape, shape.batch, hostShapes);
  }
}

function compiledFor(
  model: ModelLayer,
  { shapes }: CallShape,
  mode: BatchMode,
  hostShapes: readonly HostShapes[],
): CompiledModel {
  const builder = new Builder(mode, { hostShapes });
  const specs = flatten(model.inputs);
  const repeat = mode === "divided" ? 1 : mode;
  const inputs = specs.map(({ dtype }, index) => builder.tensor(shapes[index] as readonly number[], dtype, repeat));
  let index = 0;
  const given = mapStructure(model.inputs, () => inputs[index++] as SymbolicTensor);
  try {
    const results = model.call(builder, { inputs: given as Value, training: null, mask: null });
    const outputs = ownMemory(builder, results, inputs);
    const steps = assemble(builder, { inputs, outputs: flatten(outputs) });
    const { mixesSamples, states } = builder;
    return { mode, mixesSamples, steps, inputs, outputs, states, hostShapes };
  } catch (error) {
    if (!(error instanceof NeedsHostCall)) throw error;
    const { call } = error;
    builder.forgetStates();
    const steps = [...assemble(builder, { inputs, outputs: call.inputs }), call];
    const { mixesSamples } = builder;
    return { mode, mixesSamples, steps, inputs, outputs: null, states: [], hostShapes };
  }
}

/** Copies outputs that are inputs, constants, or other outputs: each output must be memory that the program writes. */
export function ownMemory(
  builder: Builder,
  outputs: Structure<SymbolicTensor>,
  inputs: readonly SymbolicTensor[],
): Tensors {
  const taken = new Set<Storage>(inputs.map(({ storage }) => storage));
  for (const { before, after } of builder.states) {
    taken.add(before.storage);
    taken.add(after.storage);
  }
  for (const step of builder.steps) if ("run" in step) for (const { storage } of step.outputs) taken.add(storage);
  return mapStructure(outputs, (tensor) => {
    // An output without a batch is there once, and not for each row.
    if (tensor.repeat === null) builder.requireWhole();
    if (tensor.storage.constant === null && !taken.has(tensor.storage)) {
      taken.add(tensor.storage);
      return tensor;
    }
    const own = builder.like(tensor, tensor.shape);
    const strides = stridesOf(tensor.rowShape);
    copy(builder, tensor, own, {
      shape: tensor.rowShape,
      xOffset: 0,
      xStrides: strides,
      yOffset: 0,
      yStrides: strides,
    });
    return own;
  });
}
