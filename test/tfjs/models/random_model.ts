// Random functional models of tfjs: branches of layers of the same classes, shared layers, models in models, and masks.
import * as tf from "@tensorflow/tfjs";
import { bidirectional, GRU } from "cudnn-gru/tfjs";

const UNITS = 4;
const TIMESTEPS = 5;

/** Returns numbers in [0, 1) that depend on `seed` alone. */
function generator(seed: number): () => number {
  let state = seed * 2654435761 + 12345;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

/** Makes the model with this number. Its inputs are (batch, 5, 4). */
export function randomModel(seed: number): tf.LayersModel {
  const random = generator(seed);
  const below = (count: number) => Math.floor(random() * count);
  const inputs = Array.from({ length: 1 + below(3) }, (_, index) => {
    return tf.input({ shape: [TIMESTEPS, UNITS], name: `in_${seed}_${index}` });
  });
  const sequences: tf.SymbolicTensor[] = [...inputs];
  const shared: tf.layers.Layer[] = [];
  const pick = () => sequences[below(sequences.length)] as tf.SymbolicTensor;
  const use = (layer: tf.layers.Layer, ...of: tf.SymbolicTensor[]) => {
    sequences.push(layer.apply(of.length === 1 ? (of[0] as tf.SymbolicTensor) : of) as tf.SymbolicTensor);
  };
  const gru = () => new GRU({ units: UNITS, returnSequences: true });
  const makers: (() => void)[] = [
    () => use(tf.layers.dense({ units: UNITS, activation: "tanh" }), pick()),
    () => use(gru(), pick()),
    () => use(bidirectional({ layer: gru(), mergeMode: "sum" }), pick()),
    () => use(tf.layers.masking({ maskValue: 0 }), pick()),
    () => use(tf.layers.add(), pick(), pick()),
    () => use(tf.layers.multiply(), pick(), pick()),
    () => {
      const [one, other] = [pick(), pick()];
      const joined = tf.layers.concatenate().apply([one, other]) as tf.SymbolicTensor;
      use(tf.layers.dense({ units: UNITS }), joined);
    },
    () => use(tf.layers.layerNormalization(), pick()),
    () => use(tf.layers.dropout({ rate: 0.3 }), pick()),
    () => use(tf.layers.conv1d({ filters: UNITS, kernelSize: 3, padding: "same" }), pick()),
    () => {
      const layer = shared[0] ?? gru();
      shared[0] = layer;
      use(layer, pick());
    },
    () => {
      const inner = tf.sequential({ name: `inner_${seed}_${sequences.length}` });
      inner.add(new GRU({ units: UNITS, returnSequences: true, inputShape: [TIMESTEPS, UNITS] }));
      inner.add(tf.layers.dense({ units: UNITS }));
      use(inner, pick());
    },
  ];
  for (let step = 4 + below(7); step > 0; step -= 1) (makers[below(makers.length)] as () => void)();
  const ends = [sequences.at(-1) as tf.SymbolicTensor, pick()];
  const outputs = ends.map((end) => new GRU({ units: 3 }).apply(end) as tf.SymbolicTensor);
  return tf.model({ inputs, outputs });
}

/** Inputs for a model, with zeros at the ends of some rows. */
export function randomInputs(
  model: tf.LayersModel,
  seed: number,
): { shape: number[]; dtype: string; data: Float32Array }[] {
  const random = generator(seed + 1000);
  return model.inputs.map(() => {
    const data = Float32Array.from({ length: 2 * TIMESTEPS * UNITS }, () => 2 * random() - 1);
    data.fill(0, 3 * UNITS, TIMESTEPS * UNITS);
    return { shape: [2, TIMESTEPS, UNITS], dtype: "float32", data };
  });
}
