import { copy } from "../emit/movement.js";
import { stridesOf } from "../emit/strides.js";
import { flatten, mapStructure, type Structure } from "../graph/structure.js";
import type { ModelLayer } from "../layers/model_layer.js";
import { assemble, type Step } from "./assemble.js";
import { type BatchMode, Builder, MixesSamples } from "./builder.js";
import type { Storage, SymbolicTensor } from "./symbolic.js";
import type { Tensors, Value } from "./values.js";

/** A model that is compiled for inputs of one shape. */
export interface CompiledModel {
  readonly mode: BatchMode;
  readonly steps: readonly Step[];
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: Tensors;
  readonly states: Builder["states"];
}

/** The shape of each input after the batch, and the batch. */
export interface CallShape {
  readonly batch: number;
  readonly shapes: readonly (readonly number[])[];
}

/**
 * Compiles `model` for inputs of these shapes: for any batch where all operations treat each sample by itself, and
 * otherwise for this one.
 */
export function compileModel(model: ModelLayer, shape: CallShape): CompiledModel {
  try {
    return compiledFor(model, shape, "divided");
  } catch (error) {
    if (!(error instanceof MixesSamples)) throw error;
    return compiledFor(model, shape, shape.batch);
  }
}

function compiledFor(model: ModelLayer, { shapes }: CallShape, mode: BatchMode): CompiledModel {
  const builder = new Builder(mode);
  const specs = flatten(model.inputs);
  const repeat = mode === "divided" ? 1 : mode;
  const inputs = specs.map(({ dtype }, index) => builder.tensor(shapes[index] as readonly number[], dtype, repeat));
  let index = 0;
  const given = mapStructure(model.inputs, () => inputs[index++] as SymbolicTensor);
  const results = model.call(builder, { inputs: given as Value, training: null, mask: null });
  const outputs = ownMemory(builder, results, inputs);
  const steps = assemble(builder, { inputs, outputs: flatten(outputs) });
  return { mode, steps, inputs, outputs, states: builder.states };
}

/** Copies outputs that are inputs, constants, or other outputs: each output must be memory that the program writes. */
function ownMemory(builder: Builder, outputs: Structure<SymbolicTensor>, inputs: readonly SymbolicTensor[]): Tensors {
  const taken = new Set<Storage>(inputs.map(({ storage }) => storage));
  for (const { before, after } of builder.states) {
    taken.add(before.storage);
    taken.add(after.storage);
  }
  return mapStructure(outputs, (tensor) => {
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
