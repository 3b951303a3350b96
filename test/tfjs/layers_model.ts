// Writes models as tensorflowjs_converter does: the topology in Keras's spelling, the weights in one binary.
import * as tf from "@tensorflow/tfjs";

/** One weight of a model file: its name, shape and values. */
export type NamedWeight = readonly [name: string, shape: number[], values: ArrayLike<number>];

/** The model.json and its weights, as `tf.io.fromMemory` takes them: parsed. */
export function artifactsOf(
  modelConfig: object,
  weights: readonly NamedWeight[],
  kerasVersion = "2.15.0",
): tf.io.ModelArtifacts {
  const data = new Float32Array(weights.flatMap(([, , values]) => Array.from(values)));
  return {
    format: "layers-model",
    generatedBy: `keras v${kerasVersion}`,
    convertedBy: "TensorFlow.js Converter v4.22.0",
    modelTopology: { keras_version: kerasVersion, backend: "tensorflow", model_config: modelConfig },
    weightSpecs: weights.map(([name, shape]) => ({ name, shape, dtype: "float32" as const })),
    weightData: data.buffer,
  };
}

/** A GRU's config as tf.keras 2.15 writes it. */
export function kerasGruConfig(config: { units: number; name: string } & Record<string, unknown>) {
  const initializer = (class_name: string, inner: object) => ({
    module: "keras.initializers",
    class_name,
    config: inner,
    registered_name: null,
  });
  return {
    trainable: true,
    dtype: "float32",
    return_sequences: false,
    return_state: false,
    go_backwards: false,
    stateful: false,
    unroll: false,
    time_major: false,
    activation: "tanh",
    recurrent_activation: "sigmoid",
    use_bias: true,
    kernel_initializer: initializer("GlorotUniform", { seed: null }),
    recurrent_initializer: initializer("Orthogonal", { gain: 1, seed: null }),
    bias_initializer: initializer("Zeros", {}),
    kernel_regularizer: null,
    recurrent_regularizer: null,
    bias_regularizer: null,
    activity_regularizer: null,
    kernel_constraint: null,
    recurrent_constraint: null,
    bias_constraint: null,
    dropout: 0,
    recurrent_dropout: 0,
    implementation: 2,
    reset_after: true,
    ...config,
  };
}

/** A layer of a Sequential model's config. */
export function sequentialLayer(class_name: string, config: object) {
  return { module: "keras.layers", class_name, config, registered_name: null };
}

/** A layer of a Functional model's config, fed by the layers named. */
export function functionalLayer(class_name: string, config: { name: string }, ...inbound: string[]) {
  const inbound_nodes = inbound.length === 0 ? [] : [inbound.map((name) => [name, 0, 0, {}])];
  return { class_name, config, name: config.name, inbound_nodes };
}

/** Values from -0.5 to 0.5 that differ from each other. */
export function values(shape: readonly number[], seed: number): Float32Array {
  const length = shape.reduce((product, size) => product * size, 1);
  return Float32Array.from({ length }, (_, index) => Math.sin(12.9898 * (index + 1) + 78.233 * seed) / 2);
}

/** Returns the artifacts that `model.save` writes, in the form that a file would have. */
export async function saved(model: tf.LayersModel): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (written) => {
      artifacts = { ...written, modelTopology: JSON.parse(JSON.stringify(written.modelTopology)) };
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
    }),
  );
  return artifacts as tf.io.ModelArtifacts;
}
