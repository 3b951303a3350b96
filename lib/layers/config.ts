import type { DtypeSpec, GRUOptions } from "../arguments/constructor.js";
import type { DtypeName } from "../keras/dtype_policy.js";

/**
 * A GRU's config as Keras 3.15 writes it; JSON. What `getConfig()` gives knows the layer's `return_state` and dtype, and
 * `GRU.fromConfig` gives a layer of the same type.
 */
export type GRUConfig<S extends boolean = boolean, D extends DtypeName = DtypeName> = Record<string, unknown> & {
  /** Whether calls return `[output, state]`. */
  return_state?: S | undefined;
  /** The layer's dtype policy. */
  dtype?: DtypeSpec<D> | undefined;
};

/** What Keras 3.15's `get_config()` gives for a layer with these arguments, key for key and in its order. */
export function kerasConfig(options: GRUOptions, name: string, trainable: boolean): GRUConfig {
  const { activityRegularizer } = options;
  return {
    name,
    trainable,
    dtype: options.policy.serialize(),
    // Keras's base class writes this key only when it is set; the GRU then writes it again.
    ...(activityRegularizer === null ? {} : { activity_regularizer: activityRegularizer.serialize() }),
    return_sequences: options.returnSequences,
    return_state: options.returnState,
    go_backwards: options.goBackwards,
    stateful: options.stateful,
    unroll: options.unroll,
    zero_output_for_mask: options.zeroOutputForMask,
    units: options.units,
    activation: options.activation.serialize(),
    recurrent_activation: options.recurrentActivation.serialize(),
    use_bias: options.useBias,
    kernel_initializer: options.kernelInitializer.serialize(),
    recurrent_initializer: options.recurrentInitializer.serialize(),
    bias_initializer: options.biasInitializer.serialize(),
    kernel_regularizer: options.kernelRegularizer?.serialize() ?? null,
    recurrent_regularizer: options.recurrentRegularizer?.serialize() ?? null,
    bias_regularizer: options.biasRegularizer?.serialize() ?? null,
    activity_regularizer: activityRegularizer?.serialize() ?? null,
    kernel_constraint: options.kernelConstraint?.serialize() ?? null,
    recurrent_constraint: options.recurrentConstraint?.serialize() ?? null,
    bias_constraint: options.biasConstraint?.serialize() ?? null,
    dropout: options.dropout,
    recurrent_dropout: options.recurrentDropout,
    reset_after: options.resetAfter,
    seed: options.seed,
  };
}
