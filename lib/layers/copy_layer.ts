import type { GRUOptions } from "../arguments/constructor.js";
import { GRUError } from "../errors/gru_error.js";
import { INITIALIZERS, type Initializer } from "../keras/initializers.js";
import type { LayerParts } from "./layer_parts.js";

/**
 * Returns the constructor's arguments of a copy of a layer, which has weights of its own. The copy is the one that Keras
 * makes from the layer's config: an argument that Keras's configs do not have (`implementation`, `autocast`) has its
 * default, except `use_cudnn`, which Keras's wrappers copy, and `cuda_device`. Functions and objects of the user's,
 * which a config only names, are those of the layer.
 */
export function argumentsOfCopy({ options, owner }: LayerParts): Record<string, unknown> {
  return {
    units: options.units,
    activation: options.activation.custom ?? options.activation,
    recurrent_activation: options.recurrentActivation.custom ?? options.recurrentActivation,
    use_bias: options.useBias,
    kernel_initializer: anew(options.kernelInitializer),
    recurrent_initializer: anew(options.recurrentInitializer),
    bias_initializer: anew(options.biasInitializer),
    ...objectsOf(options),
    dropout: options.dropout,
    recurrent_dropout: options.recurrentDropout,
    seed: options.seed,
    return_sequences: options.returnSequences,
    return_state: options.returnState,
    go_backwards: options.goBackwards,
    stateful: options.stateful,
    unroll: options.unroll,
    reset_after: options.resetAfter,
    zero_output_for_mask: options.zeroOutputForMask,
    trainable: owner.trainable,
    dtype: options.policy,
    use_cudnn: options.useCudnn,
    cuda_device: options.cudaDevice,
  };
}

function objectsOf(options: GRUOptions): Record<string, unknown> {
  return {
    kernel_regularizer: options.kernelRegularizer,
    recurrent_regularizer: options.recurrentRegularizer,
    bias_regularizer: options.biasRegularizer,
    activity_regularizer: options.activityRegularizer,
    kernel_constraint: options.kernelConstraint,
    recurrent_constraint: options.recurrentConstraint,
    bias_constraint: options.biasConstraint,
  };
}

/**
 * Returns a new initializer with the same config, which draws a seed of its own if it was given none. An initializer of
 * the user's is returned itself.
 */
function anew(initializer: Initializer): Initializer | null {
  try {
    const made = INITIALIZERS.get(initializer.serialize(), "initializer");
    return made === null || made.constructor === initializer.constructor ? made : initializer;
  } catch (error) {
    // The vocabulary knows neither an initializer of the user's nor one that a config only names.
    if (error instanceof GRUError) return initializer;
    throw error;
  }
}
