// The type check compiles this file, and nobody runs it. It shows which code the types of cudnn-gru/tfjs allow and refuse.
import * as tf from "@tensorflow/tfjs";
import { constraints, initializers } from "cudnn-gru";
import { type Bidirectional, bidirectional, fileSystem, GRU, type GRULayerArgs, gru } from "cudnn-gru/tfjs";

/** A layer of tfjs like any other. */
export async function models(): Promise<void> {
  const layer: tf.layers.Layer = new GRU({ units: 4, inputShape: [null, 3] });
  const model = tf.sequential({
    layers: [layer, gru({ units: 2, returnSequences: true }), tf.layers.dense({ units: 1 })],
  });
  await model.fit(tf.zeros([1, 2, 3]), tf.zeros([1, 1]));
  await model.save(fileSystem("folder"));
  await tf.loadLayersModel(fileSystem("folder/model.json"));
  tf.layers.bidirectional({ layer: new GRU({ units: 4 }) as never, mergeMode: "concat" });
  const both: Bidirectional = bidirectional({ layer: gru({ units: 4 }), mergeMode: null, inputShape: [5, 3] });
  tf.sequential({ layers: [both] });
  both.applyConstraints();
  bidirectional({ layer: gru({ units: 4 }), backwardLayer: gru({ units: 4, goBackwards: true }) });
  // @ts-expect-error a layer of this package
  bidirectional({ layer: tf.layers.gru({ units: 4 }) });
}

/** The layer turns tensors into tensors, and symbolic tensors into symbolic tensors. */
export function results(): void {
  const layer = new GRU({ units: 4, returnState: true });
  const concrete: tf.Tensor | tf.Tensor[] = layer.apply(tf.zeros([1, 2, 3]), { initialState: tf.zeros([1, 4]) });
  const symbolic: tf.SymbolicTensor | tf.SymbolicTensor[] = layer.apply(tf.input({ shape: [2, 3] }));
  const states: [tf.Tensor] | null = layer.getStates();
  layer.resetStates();
  layer.resetStates(tf.zeros([1, 4]));
  layer.applyConstraints();
  // @ts-expect-error tensors, not numbers
  layer.apply([[1]]);
  void [concrete, symbolic, states];
}

/** Names, serialized objects, tfjs's and this package's. */
export const args: GRULayerArgs[] = [
  { units: 4, activation: "softsign", recurrentActivation: null, kernelInitializer: tf.initializers.ones() },
  { units: 4, biasInitializer: new initializers.Zeros(), kernelConstraint: new constraints.NonNeg() },
  { units: 4, kernelRegularizer: { className: "L2", config: { l2: 0.1 } }, useCudnn: false, seed: 7 },
  { units: 4, inputShape: [5, 3], name: "gru", trainable: false, stateful: true, resetAfter: false },
  // @ts-expect-error units are needed
  { returnState: true },
  // @ts-expect-error no number for a flag
  { units: 4, returnState: 1 },
  // @ts-expect-error a misspelled key
  { units: 4, returnSequence: true },
];
