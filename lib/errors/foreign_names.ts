/**
 * What other libraries and older versions of Keras call arguments, without case and separators, and what Keras calls them
 * today. One word may stand for different arguments; the first that is known where it is used is meant.
 */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  // Of optimizers: Keras 1 and 2, PyTorch, tfjs.
  lr: ["learning_rate", "initial_learning_rate"],
  betas: ["beta_1"],
  b1: ["beta_1"],
  b2: ["beta_2"],
  eps: ["epsilon"],
  alpha: ["rho"],
  wd: ["weight_decay"],
  maxnorm: ["max_value", "global_clipnorm"],
  maxgradnorm: ["global_clipnorm"],
  gradclip: ["clipvalue"],
  // Of the layer: Keras 1, PyTorch, TensorFlow 1, ONNX.
  hiddensize: ["units"],
  hiddendim: ["units"],
  hiddenunits: ["units"],
  numunits: ["units"],
  outputdim: ["units"],
  outputsize: ["units"],
  inneractivation: ["recurrent_activation", "recurrentActivation"],
  init: ["kernel_initializer", "kernelInitializer"],
  innerinit: ["recurrent_initializer", "recurrentInitializer"],
  wregularizer: ["kernel_regularizer", "kernelRegularizer"],
  uregularizer: ["recurrent_regularizer", "recurrentRegularizer"],
  bregularizer: ["bias_regularizer", "biasRegularizer"],
  dropoutw: ["dropout"],
  dropoutu: ["recurrent_dropout", "recurrentDropout"],
  bias: ["use_bias", "useBias"],
  linearbeforereset: ["reset_after", "resetAfter"],
  returnsequence: ["return_sequences", "returnSequences"],
  consumeless: ["implementation"],
  device: ["cuda_device", "cudaDevice"],
  inputsize: ["input_dim", "inputDim"],
  // Of calls.
  h0: ["initial_state", "initialState"],
  hx: ["initial_state", "initialState"],
  initialh: ["initial_state", "initialState"],
  state: ["initial_state", "initialState"],
  hidden: ["initial_state", "initialState"],
  sequencelength: ["lengths"],
  sequencelengths: ["lengths"],
  sequencelens: ["lengths"],
  seqlen: ["lengths"],
  seqlens: ["lengths"],
  abortsignal: ["signal"],
  gradoutput: ["output"],
};

/** What takes the place of arguments that this package has none for, where arguments of the layer are known. */
const REMEDIES: Readonly<Record<string, string>> = {
  batchfirst: "There is none: inputs are always (batch, timesteps, features).",
  timemajor: "There is none: inputs are always (batch, timesteps, features).",
  numlayers: "A GRU is one layer: make one for each, all but the last with `return_sequences: true`.",
  bidirectional: "A GRU goes one way: make a second one with `go_backwards: true`.",
  projsize: "There is none: a GRU's output has `units` elements.",
  batchinputshape: "There is none: call build([batch, timesteps, features]).",
  weights: "There is none: call build([null, null, features]), then setWeights([kernel, recurrent_kernel, bias]).",
};

/** The place of arguments that optimizers once had. */
const OPTIMIZER_REMEDIES: Readonly<Record<string, string>> = {
  decay: "There is none: give `learning_rate` a schedule, such as new optimizers.schedules.InverseTimeDecay({ … }).",
};

/** The argument of `known` that somebody who comes from another library means by `plainWord`. */
export function meantName(plainWord: string, known: readonly string[]): string | undefined {
  return Object.hasOwn(NAMES, plainWord) ? NAMES[plainWord]?.find((name) => known.includes(name)) : undefined;
}

/** A sentence for who asks for an argument that there is not. */
export function remedyFor(plainWord: string, known: readonly string[]): string | undefined {
  if (known.includes("units") && Object.hasOwn(REMEDIES, plainWord)) return REMEDIES[plainWord];
  if (known.includes("learning_rate") && Object.hasOwn(OPTIMIZER_REMEDIES, plainWord)) {
    return OPTIMIZER_REMEDIES[plainWord];
  }
  return undefined;
}
