import { Builder, type RecurrentNote } from "../compile/builder.js";
import { NeedsHostCall } from "../compile/host.js";
import type { SymbolicTensor } from "../compile/symbolic.js";
import type { Tensors, Value } from "../compile/values.js";
import { flatten, mapStructure } from "../graph/structure.js";
import type { Layer } from "../layers/layer.js";
import type { InputSpec, ModelLayer } from "../layers/model_layer.js";

/** A shape with `null` where the caller's inputs decide. */
export type OpenShape = readonly (number | null)[];

/** The shapes of a model's outputs and of those of its layers. */
export interface ModelShapes {
  /** In Keras's order; `null` when a layer in JavaScript decides them. */
  readonly outputs: readonly { readonly shape: OpenShape; readonly dtype: string }[] | null;
  /** Without the layers behind one in JavaScript. */
  readonly layers: ReadonlyMap<Layer, readonly OpenShape[]>;
}

/** The sizes that stand for those that the caller chooses. Whatever differs between the two depends on them. */
const TRIALS = [97, 101] as const;

/** Returns the shapes of all outputs, by compiling the model twice for sizes that differ. */
export function shapesOf(model: ModelLayer): ModelShapes {
  const [one, other] = TRIALS.map((size) => trial(model, size));
  const merge = (a: SymbolicTensor, b: SymbolicTensor | undefined): OpenShape => [
    ...(a.repeat === null ? [] : [null]),
    ...a.shape.map((size, axis) => (b?.shape[axis] === size ? size : null)),
  ];
  const others = flatten((other as Trial).outputs ?? []);
  const first = (one as Trial).outputs;
  const outputs =
    first === null
      ? null
      : flatten(first).map((tensor, index) => ({
          shape: merge(tensor, others[index]),
          dtype: tensor.dtype as string,
        }));
  const layers = new Map<Layer, OpenShape[]>();
  for (const [layer, tensors] of (one as Trial).calls) {
    const second = flatten((other as Trial).calls.get(layer) ?? []);
    layers.set(
      layer,
      flatten(tensors).map((tensor, at) => merge(tensor, second[at])),
    );
  }
  return { outputs, layers };
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
