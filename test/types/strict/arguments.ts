// projects.test.ts compiles this file in strict projects, and nobody runs it. It shows which values arguments accept under
// exactOptionalPropertyTypes.
import {
  type BackwardAsyncArguments,
  type BatcherArguments,
  type BatcherCallArguments,
  type CallArguments,
  type CallAsyncArguments,
  type Configuration,
  configure,
  type constraints,
  type DenseWeights,
  type ExplainArguments,
  type ForwardArguments,
  type ForwardAsyncArguments,
  type FromConfigArguments,
  type FromKerasArguments,
  GRU,
  type GRUArguments,
  type initializers,
  type LoadWeightsArguments,
  optimizers,
  type regularizers,
  type SaveWeightsArguments,
  type SerializedLike,
  type SerializedObject,
  type StreamArguments,
  type Tensor,
  type TensorObject,
  type Upstream,
  Variable,
  type VariableOptions,
} from "cudnn-gru";

/** The keys of `T` that may be left out and may not be `undefined`. */
type Refusing<T> = keyof {
  [K in keyof T as Record<never, never> extends Pick<T, K>
    ? { [P in K]: undefined } extends Pick<T, K>
      ? never
      : K
    : never]: true;
};
function takesUndefined<T>(_refusing: [Refusing<T>] extends [never] ? true : Refusing<T>): void {}

declare const inputs: Tensor<Float32Array>;
declare const maybe: { signal?: AbortSignal; mask?: boolean[][]; name?: string };

/** Every optional key of every argument. */
export function optional(): void {
  takesUndefined<GRUArguments>(true);
  takesUndefined<CallArguments>(true);
  takesUndefined<CallAsyncArguments>(true);
  takesUndefined<ForwardArguments>(true);
  takesUndefined<ForwardAsyncArguments>(true);
  takesUndefined<Upstream>(true);
  takesUndefined<BackwardAsyncArguments>(true);
  takesUndefined<StreamArguments>(true);
  takesUndefined<ExplainArguments>(true);
  takesUndefined<FromConfigArguments>(true);
  takesUndefined<FromKerasArguments>(true);
  takesUndefined<LoadWeightsArguments>(true);
  takesUndefined<SaveWeightsArguments>(true);
  takesUndefined<BatcherArguments>(true);
  takesUndefined<BatcherCallArguments>(true);
  takesUndefined<Configuration>(true);
  takesUndefined<TensorObject>(true);
  takesUndefined<VariableOptions>(true);
  takesUndefined<DenseWeights>(true);
  takesUndefined<SerializedLike>(true);
  takesUndefined<optimizers.OptimizerOptions>(true);
  takesUndefined<optimizers.AdamOptions>(true);
  takesUndefined<optimizers.AdamWOptions>(true);
  takesUndefined<optimizers.SGDOptions>(true);
  takesUndefined<optimizers.RMSpropOptions>(true);
  takesUndefined<optimizers.LossScaleOptimizerOptions>(true);
  takesUndefined<ConstructorParameters<typeof optimizers.schedules.CosineDecay>[0]>(true);
  takesUndefined<ConstructorParameters<typeof optimizers.schedules.CosineDecayRestarts>[0]>(true);
  takesUndefined<ConstructorParameters<typeof optimizers.schedules.ExponentialDecay>[0]>(true);
  takesUndefined<ConstructorParameters<typeof optimizers.schedules.PolynomialDecay>[0]>(true);
  takesUndefined<ConstructorParameters<typeof optimizers.schedules.PiecewiseConstantDecay>[0]>(true);
  takesUndefined<NonNullable<ConstructorParameters<typeof initializers.Constant>[0]>>(true);
  takesUndefined<NonNullable<ConstructorParameters<typeof initializers.RandomUniform>[0]>>(true);
  takesUndefined<NonNullable<ConstructorParameters<typeof initializers.VarianceScaling>[0]>>(true);
  takesUndefined<NonNullable<ConstructorParameters<typeof initializers.Orthogonal>[0]>>(true);
  takesUndefined<NonNullable<ConstructorParameters<typeof regularizers.L1L2>[0]>>(true);
  takesUndefined<NonNullable<ConstructorParameters<typeof regularizers.OrthogonalRegularizer>[0]>>(true);
  takesUndefined<NonNullable<ConstructorParameters<typeof constraints.MinMaxNorm>[0]>>(true);
  // @ts-expect-error the check can fail: this key may be left out and may not be undefined
  takesUndefined<{ layer?: string }>(true);
}

/** Values that an application may or may not have. */
export async function passedOn(): Promise<void> {
  const gru = new GRU(4, { name: maybe.name, return_state: undefined, dtype: undefined });
  void (await gru.callAsync(inputs, { signal: maybe.signal, mask: maybe.mask, transfer: undefined }));
  await gru.loadWeights("m.weights.h5", { layer: maybe.name });
  await gru.saveWeights("m.weights.h5", { overwrite: undefined });
  configure({ threads: undefined });
  await (await gru.forwardAsync(inputs, { signal: maybe.signal })).backwardAsync(undefined, { signal: maybe.signal });
}

/** Serialized objects need a class's name and nothing else. */
export function serialized(whole: SerializedObject, like: SerializedLike): void {
  const written: SerializedLike = whole;
  // @ts-expect-error what is written has all four keys
  const complete: SerializedObject = like;
  new GRU(4, {
    activation: { class_name: "LeakyReLU", config: { negative_slope: 0.1 } },
    kernel_initializer: { class_name: "Orthogonal" },
    recurrent_constraint: { class_name: "MaxNorm", config: { max_value: 2 }, registered_name: undefined },
    kernel_regularizer: { module: "keras.regularizers", class_name: "L2", config: {}, registered_name: null },
    dtype: { class_name: "DTypePolicy", config: { name: "mixed_float16" } },
  });
  new Variable({ class_name: "Zeros" }, { shape: [2], constraint: { class_name: "NonNeg", config: {} } });
  new optimizers.SGD({
    learning_rate: { class_name: "CosineDecay", config: { initial_learning_rate: 1, decay_steps: 2 } },
  });
  new optimizers.LossScaleOptimizer({ inner_optimizer: { class_name: "Adam", config: {} } });
  // @ts-expect-error the class's name is needed
  new GRU(4, { kernel_initializer: { config: {} } });
  // @ts-expect-error a misspelled key
  new GRU(4, { kernel_initializer: { class_name: "Zeros", configuration: {} } });
  void [written, complete];
}
