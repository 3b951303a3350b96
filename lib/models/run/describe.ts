import { Builder, type RecurrentNote } from "../compile/builder.js";
import { NeedsHostCall } from "../compile/host.js";
import type { SymbolicTensor } from "../compile/symbolic.js";
import type { Tensors, Value } from "../compile/values.js";
import { flatten, mapStructure } from "../graph/structure.js";
import type { Layer } from "../layers/layer.js";
import type { InputSpec, ModelLayer } from "../layers/model_layer.js";

/** A shape with `null` where the caller's inputs decide. */
export type OpenShape = readonly (number | null)[];

/** An output of a layer, as far as it does not depend on the caller's inputs. */
export interface OpenTensor {
  readonly shape: OpenShape;
  readonly dtype: string;
}

/** The outputs of the first call of each layer, without the layers behind one in JavaScript. */
export type CallResults = ReadonlyMap<Layer, readonly OpenTensor[]>;

/** The shapes of a model's outputs and of those of its layers. */
export interface ModelShapes {
  /** In Keras's order; `null` when a layer in JavaScript decides them. */
  readonly outputs: readonly OpenTensor[] | null;
  /** Without the layers behind one in JavaScript. */
  readonly layers: ReadonlyMap<Layer, readonly OpenShape[]>;
}

/** The sizes that stand for those that the caller chooses. Whatever differs between the two depends on them. */
const TRIALS = [97, 101] as const;

/** Returns the shapes of all outputs, by compiling the model twice for sizes that differ. */
export function shapesOf(model: ModelLayer): ModelShapes {
  const { outputs, calls } = results(model, fixedBatch(model));
  return { outputs, layers: new Map([...calls].map(([layer, tensors]) => [layer, tensors.map(({ shape }) => shape)])) };
}

/** Returns the outputs of all layers, as `shapesOf` finds them for a model that takes any batch. */
export function callResults(model: ModelLayer): CallResults {
  return results(model, null).calls;
}

/** Returns the batch that all inputs have, as those of stateful models do in Keras, or `null`. */
function fixedBatch(model: ModelLayer): number | null {
  const batches = new Set(flatten(model.inputs).map(({ shape }) => shape[0] ?? null));
  const [batch = null] = batches;
  return batches.size === 1 ? batch : null;
}

function results(
  model: ModelLayer,
  batch: number | null,
): { outputs: readonly OpenTensor[] | null; calls: CallResults } {
  const [one, other] = TRIALS.map((size) => trial(model, size)) as [Trial, Trial];
  const calls = [...one.calls].map(
    ([layer, tensors]) => [layer, merged(tensors, other.calls.get(layer) ?? [], batch)] as const,
  );
  return {
    outputs: one.outputs === null ? null : merged(one.outputs, other.outputs ?? [], batch),
    calls: new Map(calls),
  };
}

function merged(first: Tensors, second: Tensors, batch: number | null): OpenTensor[] {
  const others = flatten(second);
  return flatten(first).map(({ repeat, shape, dtype }, at) => ({
    shape: [
      ...(repeat === null ? [] : [batch === null ? null : batch * repeat]),
      ...shape.map((size, axis) => (others[at]?.shape[axis] === size ? size : null)),
    ],
    dtype,
  }));
}

interface Trial {
  /** `null` when a layer in JavaScript decides their shapes. */
  readonly outputs: Tensors | null;
  readonly calls: ReadonlyMap<Layer, Tensors>;
}

/** Returns the calls of GRUs in the model, those behind a layer in JavaScript left out. */
export function recurrentCalls(model: ModelLayer): RecurrentNote[] {
  const notes: RecurrentNote[] = [];
  trial(model, TRIALS[0], (note) => notes.push(note));
  return notes;
}

function trial(model: ModelLayer, size: number, onRecurrent: ((note: RecurrentNote) => void) | null = null): Trial {
  const calls = new Map<Layer, Tensors>();
  const onCall = (layer: object, outputs: Tensors) => {
    if (!calls.has(layer as Layer)) calls.set(layer as Layer, outputs);
  };
  const builder = new Builder(1, { onCall, onRecurrent });
  const given = mapStructure<InputSpec, SymbolicTensor>(model.inputs, ({ shape, dtype }) =>
    builder.tensor(
      shape.slice(1).map((one) => one ?? size),
      dtype,
      1,
    ),
  );
  try {
    return { outputs: model.call(builder, { inputs: given as Value, training: null, mask: null }), calls };
  } catch (error) {
    if (!(error instanceof NeedsHostCall)) throw error;
    return { outputs: null, calls };
  }
}
