// The type check compiles this file, and nobody runs it. It shows which code the public types of training allow and refuse.
import { type GRU, type ModelLayer, optimizers, saveModelWeights, type Tensor, Variable } from "cudnn-gru";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_equal: Equal<A, B>): void {}

declare const inputs: Tensor<Float32Array>;

/** A training step: optimizers take the gradients that passes return. */
export async function step(gru: GRU): Promise<void> {
  const optimizer: optimizers.Optimizer = new optimizers.Adam({ learning_rate: 1e-3, clipnorm: 1 });
  const head = new Variable("glorot_uniform", { shape: [4, 1], name: "head", constraint: "max_norm" });
  const pass = gru.forward(inputs, { training: true });
  const { weights } = pass.backward({ output: inputs, losses: optimizer.scaleLoss(1) });
  optimizer.apply([...weights, new Float32Array(4)], [...gru.trainable_weights, head]);
  optimizer.apply([null, [[1]]]);
  optimizer.learning_rate = 0.1;
  optimizer.learning_rate = new optimizers.schedules.CosineDecay({ initial_learning_rate: 1, decay_steps: 10 });
  same<typeof optimizer.learning_rate, number>(true);
  same<typeof optimizer.variables, Variable[]>(true);
  await optimizer.save("optimizer.safetensors");
  const layers: ModelLayer[] = [gru, { class_name: "Dense", weights: [head] }];
  await saveModelWeights("model.weights.h5", layers, { overwrite: false });
}

/** Forms of an optimizer. */
export function forms(): void {
  same<ReturnType<typeof optimizers.get<string>>, optimizers.Optimizer>(true);
  same<ReturnType<typeof optimizers.get<null>>, null>(true);
  const sgd: optimizers.SGD = optimizers.get(new optimizers.SGD());
  const adam: optimizers.Adam = optimizers.Adam.fromConfig(new optimizers.Adam().getConfig());
  new optimizers.LossScaleOptimizer({ inner_optimizer: adam, initial_scale: 1 });
  void sgd;
}

/** Misspelled keys and values of other kinds do not compile. */
export function misspelled(): void {
  // @ts-expect-error camelCase
  new optimizers.Adam({ learningRate: 0.1 });
  // @ts-expect-error of another optimizer
  new optimizers.SGD({ beta_1: 0.9 });
  // @ts-expect-error a string for a number
  new optimizers.SGD({ momentum: "0.9" });
  // @ts-expect-error not null here
  new optimizers.AdamW({ weight_decay: null });
  // @ts-expect-error decay_steps is missing
  new optimizers.schedules.CosineDecay({ initial_learning_rate: 1 });
  // @ts-expect-error inner_optimizer is missing
  new optimizers.LossScaleOptimizer({});
  // @ts-expect-error the base class has no rule
  new optimizers.Optimizer();
  // @ts-expect-error no tensors
  new optimizers.SGD().apply([1], []);
  // @ts-expect-error no variables
  new optimizers.SGD().apply([], [inputs]);
  // @ts-expect-error a shape is a list
  new Variable("zeros", { shape: 3 });
  // @ts-expect-error misspelled
  new Variable([1], { nam: "x" });
  // @ts-expect-error no weights
  saveModelWeights("m.weights.h5", [{ class_name: "Dense" }]);
  // @ts-expect-error another kind of layer
  saveModelWeights("m.weights.h5", [{ class_name: "LSTM", weights: [] }]);
}
