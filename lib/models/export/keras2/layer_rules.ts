const FEATURES =
  "kernel_initializer bias_initializer kernel_regularizer bias_regularizer kernel_constraint bias_constraint";
const BETA_GAMMA =
  "center scale beta_initializer gamma_initializer beta_regularizer gamma_regularizer beta_constraint gamma_constraint";
const WINDOW = "kernel_size strides padding data_format dilation_rate activation use_bias";
const DEPTHWISE = "depth_multiplier depthwise_initializer depthwise_regularizer depthwise_constraint";
const BIAS = "bias_initializer bias_regularizer bias_constraint";
const CELL = `units activation recurrent_activation use_bias reset_after ${FEATURES} recurrent_initializer recurrent_regularizer recurrent_constraint dropout recurrent_dropout seed implementation`;
const SEQUENCE = "return_sequences return_state go_backwards stateful unroll zero_output_for_mask";
const POOL = "pool_size strides padding data_format";

/** The arguments that Keras 3.15 has for each layer, beside those of every layer. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  Activation: "activation",
  ActivityRegularization: "l1 l2",
  Add: "",
  AdditiveAttention: "use_scale dropout",
  AlphaDropout: "rate noise_shape seed",
  Attention: "use_scale score_mode dropout seed",
  Average: "",
  AveragePooling1D: POOL,
  AveragePooling2D: POOL,
  BatchNormalization: `axis momentum epsilon moving_mean_initializer moving_variance_initializer synchronized ${BETA_GAMMA}`,
  Bidirectional: "merge_mode",
  Concatenate: "axis",
  Conv1D: `filters groups ${WINDOW} ${FEATURES}`,
  Conv2D: `filters groups ${WINDOW} ${FEATURES}`,
  Cropping1D: "cropping",
  Dense: `units activation use_bias ${FEATURES}`,
  DepthwiseConv1D: `${WINDOW} ${DEPTHWISE} ${BIAS}`,
  Dot: "axes normalize",
  Dropout: "rate noise_shape seed",
  ELU: "alpha",
  Embedding: "input_dim output_dim embeddings_initializer embeddings_regularizer embeddings_constraint mask_zero",
  Flatten: "data_format",
  GRU: `${CELL} ${SEQUENCE}`,
  GRUCell: CELL,
  GaussianDropout: "rate seed",
  GaussianNoise: "stddev seed",
  GlobalAveragePooling1D: "data_format keepdims",
  GlobalAveragePooling2D: "data_format keepdims",
  GlobalMaxPooling1D: "data_format keepdims",
  GlobalMaxPooling2D: "data_format keepdims",
  GroupNormalization: `groups axis epsilon ${BETA_GAMMA}`,
  Identity: "",
  LayerNormalization: `axis epsilon ${BETA_GAMMA}`,
  LeakyReLU: "negative_slope",
  Masking: "mask_value",
  MaxPooling1D: POOL,
  MaxPooling2D: POOL,
  Maximum: "",
  Minimum: "",
  Multiply: "",
  Normalization: "axis mean variance invert",
  PReLU: "alpha_initializer alpha_regularizer alpha_constraint shared_axes",
  Permute: "dims",
  RNN: SEQUENCE,
  ReLU: "max_value negative_slope threshold",
  RepeatVector: "n",
  Rescaling: "scale offset",
  Reshape: "target_shape",
  SeparableConv1D: `filters ${WINDOW} ${DEPTHWISE} ${BIAS} pointwise_initializer pointwise_regularizer pointwise_constraint`,
  Softmax: "axis",
  SpatialDropout1D: "rate seed",
  StackedRNNCells: "",
  Subtract: "",
  TimeDistributed: "",
  UnitNormalization: "axis",
  UpSampling1D: "size",
  ZeroPadding1D: "padding data_format",
};

/**
 * Arguments of Keras 2 without an effect on predictions. The shape of the input is that of an InputLayer in Keras 3, and the
 * layers inside of others are written by themselves.
 */
const WITHOUT_EFFECT = new Set([
  "batch_input_shape",
  "input_shape",
  "input_dim",
  "input_length",
  "input_dtype",
  "batch_size",
  "ragged",
  "fused",
  "momentum",
  "noise_shape",
  "seed",
  "renorm_clipping",
  "renorm_momentum",
  "virtual_batch_size",
  "layer",
  "backward_layer",
  "cell",
  "cells",
]);

/** An argument of Keras 2 is kept if Keras 3 has it, dropped if it has no effect, and unknown if it may have one. */
export type Fate = "kept" | "dropped" | "unknown";

/** True for the classes of layers that can be written. */
export function hasRule(className: string): boolean {
  return Object.hasOwn(ARGUMENTS, className);
}

/** The arguments that every layer of Keras 3 has, but for SpatialDropout1D, whose constructor lacks them. */
const COMMON = ["trainable", "autocast", "activity_regularizer"];

/** Returns what becomes of an argument of a layer. */
export function fateOf(className: string, key: string, value: unknown): Fate {
  const own = (ARGUMENTS[className] ?? "").split(" ");
  if (key === "name" || key === "dtype" || own.includes(key)) return "kept";
  const isAbsent = (value ?? null) === null;
  if (COMMON.includes(key)) return isAbsent || className === "SpatialDropout1D" ? "dropped" : "kept";
  if (WITHOUT_EFFECT.has(key) || isAbsent || value === false) return "dropped";
  // tf.keras 2 writes the arguments of Conv for its depthwise and separable layers too, which do not use them.
  const isUnused = /_(initializer|regularizer|constraint)$/.test(key) || (key === "groups" && value === 1);
  return isUnused ? "dropped" : "unknown";
}
