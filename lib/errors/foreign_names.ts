/**
 * Maps the argument names of other libraries and of older Keras versions to today's Keras names. The keys are
 * lower-case and have no separators. A word may stand for several arguments: the first one that the called function
 * knows is meant.
 */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  // Arguments of optimizers in Keras 1 and 2, PyTorch and tfjs.
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
  // Arguments of the layer in Keras 1, PyTorch, TensorFlow 1 and ONNX.
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
  // Arguments of calls.
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
  // Merge modes of a Bidirectional.
  add: ["sum"],
  average: ["ave"],
  avg: ["ave"],
  cat: ["concat"],
  concatenate: ["concat"],
  mean: ["ave"],
  multiply: ["mul"],
  none: ["null"],
};

/** Says what to do instead of passing a layer argument that this package does not have. */
const REMEDIES: Readonly<Record<string, string>> = {
  batchfirst: "There is none: inputs are always (batch, timesteps, features).",
  timemajor: "There is none: inputs are always (batch, timesteps, features).",
  numlayers: "A GRU is one layer: make a `GRUStack` of several, all but the last with `return_sequences: true`.",
  bidirectional: "A GRU goes one way: wrap it in a `Bidirectional`.",
  projsize: "There is none: a GRU's output has `units` elements.",
  batchinputshape: "There is none: call build([batch, timesteps, features]).",
  weights: "There is none: call build([null, null, features]), then setWeights([kernel, recurrent_kernel, bias]).",
};

/** Says what to do instead of passing an argument that only older optimizers have. */
const OPTIMIZER_REMEDIES: Readonly<Record<string, string>> = {
  decay: "There is none: give `learning_rate` a schedule, such as new optimizers.schedules.InverseTimeDecay({ … }).",
};

/** Returns the argument in `known` that a user of another library means by `plainWord`. */
export function meantName(plainWord: string, known: readonly string[]): string | undefined {
  return Object.hasOwn(NAMES, plainWord) ? NAMES[plainWord]?.find((name) => known.includes(name)) : undefined;
}

/** Returns a sentence that says what to do instead of passing the argument `plainWord`, which does not exist here. */
export function remedyFor(plainWord: string, known: readonly string[]): string | undefined {
  if (known.includes("units") && Object.hasOwn(REMEDIES, plainWord)) return REMEDIES[plainWord];
  if (known.includes("learning_rate") && Object.hasOwn(OPTIMIZER_REMEDIES, plainWord)) {
    return OPTIMIZER_REMEDIES[plainWord];
  }
  return undefined;
}
