// The type check compiles this file, and nobody runs it. It shows which code the public types allow and refuse.
import {
  Activation,
  type Batcher,
  type CustomActivation,
  constraints,
  createBatcher,
  type Dtype,
  type FloatArray,
  GRU,
  type GRUArguments,
  type GRUConfig,
  type GRUPass,
  type GRUStream,
  initializers,
  regularizers,
  type Tensor,
  type TensorLike,
  tensor,
  type Variable,
} from "cudnn-gru";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_equal: Equal<A, B>): void {}
type Result = Tensor<Float32Array>;
type AnyResult = Tensor<FloatArray>;

declare const inputs: TensorLike;

/** The result's type follows `return_state`. */
export async function results(): Promise<void> {
  const one = new GRU(4);
  const output = one.call(inputs);
  same<typeof one, GRU<false, "float32">>(true);
  same<typeof output, Result>(true);
  same<Awaited<ReturnType<typeof one.callAsync>>, Result>(true);
  // @ts-expect-error a tensor cannot be destructured
  const [a, b] = one.call(inputs);

  const two = new GRU(4, { return_state: true, return_sequences: true });
  const [whole, final] = two.call(inputs);
  const [later] = await two.callAsync(inputs);
  same<typeof two, GRU<true, "float32">>(true);
  same<typeof whole, Result>(true);
  same<typeof final, Result>(true);
  same<typeof later, Result>(true);
  // @ts-expect-error a pair has no data
  two.call(inputs).data;

  const [fromObject] = new GRU({ units: 4, return_state: true }).call(inputs);
  same<typeof fromObject, Result>(true);
  same<ReturnType<GRU<false>["call"]>, AnyResult>(true);
  const off = new GRU({ units: 4, return_state: false }).call(inputs);
  same<typeof off, Result>(true);
  return void [a, b];
}

/** A layer whose arguments are only known as `GRUArguments` may return either. */
export function widened(flag: boolean): void {
  const args: GRUArguments = { return_state: true };
  const gru = new GRU(4, args);
  same<typeof gru, GRU>(true);
  const result = gru.call(inputs);
  const output: AnyResult = Array.isArray(result) ? result[0] : result;
  const both: AnyResult | [AnyResult, AnyResult] = result;
  void [output, both];
  same<ReturnType<GRU["call"]>, typeof result>(true);
  const either = new GRU({ units: 4, return_state: flag });
  same<typeof either, GRU<boolean, "float32">>(true);
  const literal = { units: 4, return_state: true };
  same<ReturnType<typeof either.call>, Result | [output: Result, state: Result]>(true);
  new GRU(literal);
}

/** A function that takes a `GRU` accepts every layer. */
export function accepts(): void {
  const size = (gru: GRU) => gru.units;
  size(new GRU(4));
  size(new GRU(4, { return_state: true }));
  size(GRU.fromConfig({}));
  const layers: GRU[] = [new GRU(1), new GRU(2, { return_state: true })];
  const config: GRUConfig = layers[0]?.getConfig() ?? {};
  GRU.fromConfig(config, { use_cudnn: false, implementation: 1 });
  if (layers[0] instanceof GRU) layers[0].dispose();
  const fromFile: Promise<GRU> = GRU.fromKeras("model.keras", { layer: "encoder", stateful: true });
  void fromFile;
}

/** Misspelled keys and values of other kinds do not compile. */
export function misspelled(): void {
  // @ts-expect-error units is missing
  new GRU({ return_state: true });
  // @ts-expect-error camelCase
  new GRU(4, { returnSequences: true });
  // @ts-expect-error misspelled
  new GRU(4, { dropuot: 0.5 });
  // @ts-expect-error misspelled in the object form
  new GRU({ units: 4, return_sequence: true });
  // @ts-expect-error a string for a number
  new GRU("4");
  // @ts-expect-error a number for a boolean
  new GRU(4, { use_bias: 1 });
  // @ts-expect-error no such value
  new GRU(4, { use_cudnn: "yes" });
  // @ts-expect-error no such value
  new GRU(4, { implementation: 3 });
  const gru = new GRU(4);
  // @ts-expect-error misspelled call argument
  gru.call(inputs, { initialState: null });
  // @ts-expect-error for callAsync only
  gru.call(inputs, { signal: AbortSignal.abort() });
  // @ts-expect-error a bare typed array has no shape
  gru.call(new Float32Array(4));
  // @ts-expect-error a number for a boolean
  gru.call(inputs, { training: 1 });
  // @ts-expect-error numbers are no mask
  gru.call(inputs, { mask: [[1, 0]] });
  // @ts-expect-error one tensor, not two, without return_state
  gru.call(inputs, { out: [new Float32Array(4), new Float32Array(4)] });
  // @ts-expect-error two tensors with return_state
  new GRU(4, { return_state: true }).call(inputs, { out: new Float32Array(4) });
  // @ts-expect-error data is typed
  gru.call({ data: [1, 2], shape: [1, 1, 2] });
  // @ts-expect-error a shape or dims
  gru.call({ data: new Float32Array(2) });
  // @ts-expect-error backward is missing
  new GRU(4, { activation: { name: "mine", forward() {} } });
  // @ts-expect-error misspelled
  GRU.fromConfig({}, { customObjects: {} });
}

/** Dtypes of 16 bits are bits in a Uint16Array, and no type of ours names another array for them. */
export function sixteenBits(): void {
  const gru = new GRU(4, { dtype: "mixed_float16" });
  same<typeof gru.dtype, "float32">(true);
  same<typeof gru.compute_dtype, "float16">(true);
  same<GRU["dtype"], Dtype>(true);
  same<GRU["compute_dtype"], Dtype>(true);
  same<Dtype, "float32" | "float64" | "float16" | "bfloat16">(true);
  gru.call({ data: new Uint16Array(2), shape: [1, 1, 2], dtype: "float16" }, { out: new Uint16Array(4) });
  gru.setWeights([new Uint16Array(24), new Uint16Array(48), new Uint16Array(24)]);
  const bits = tensor(new Uint16Array(2), [2], "bfloat16");
  same<typeof bits, Tensor<Uint16Array>>(true);
}

/** The user's own activations. */
export function customActivations(): void {
  const mine: CustomActivation = {
    name: "mine",
    forward(x, out) {
      out.set(x);
    },
    backward(_x, _y, dy, dx) {
      dx.set(dy);
    },
  };
  const gru = new GRU(4, {
    activation: mine,
    recurrent_activation: new Activation("threshold", { threshold: 0, default_value: 1 }),
  });
  GRU.fromConfig(gru.getConfig(), { custom_objects: { mine, other: new Activation("tanh") } });
  void GRU.fromKeras("model.keras", { custom_objects: { mine } });
}

/** Arguments that may be passed. */
export async function allowed(signal: AbortSignal): Promise<void> {
  new GRU(4, {
    activation: "relu",
    recurrent_activation: new Activation("tanh"),
    kernel_initializer: new initializers.HeNormal({ seed: 1 }),
    recurrent_initializer: {
      module: "keras.initializers",
      class_name: "Orthogonal",
      config: {},
      registered_name: null,
    },
    bias_initializer: null,
    kernel_regularizer: new regularizers.L2(),
    bias_constraint: new constraints.NonNeg(),
    dtype: "float64",
    seed: null,
  });
  const gru = new GRU(4, { return_state: true });
  const dims: readonly number[] = [1, 1, 2];
  gru.call({ data: new Float32Array(2), dims, type: "float32" });
  gru.call({ data: new Float64Array(2), shape: [1, 1, 2], stride: [2, 2, 1], offset: 0 });
  gru.call([[[1, 2]]]);
  gru.call([[Float32Array.of(1, 2)]], { mask: [[true]], training: true, initial_state: [new Float32Array(4)] });
  gru.call(inputs, { lengths: Int32Array.of(1), out: [new Float32Array(4), tensor(new Float32Array(4), [1, 4])] });
  const [output, state] = await gru.callAsync(inputs, { signal, transfer: true, lengths: [1] });
  gru.call(inputs, { initial_state: [state] });
  gru.call(inputs, { initial_state: gru.getInitialState(1) });
  gru.setWeights([output, output.data, [[1]]]);
  gru.setWeights(gru.getWeights());
  const variable: Variable = gru.kernel;
  variable.assign(variable.value);
  // @ts-expect-error read-only
  variable.name = "other";
  // @ts-expect-error read-only
  gru.name = "other";
  const [shape] = gru.computeOutputShape([null, 3, 4]);
  same<typeof shape, (number | null)[]>(true);
  const single = new GRU(4).computeOutputShape([null, 3, 4]);
  same<typeof single, (number | null)[]>(true);
  const mask = new GRU(4).computeMask([[true]]);
  same<typeof mask, boolean[][] | null>(true);
  const plain = tensor([1, 2, 3]);
  same<typeof plain, Tensor>(true);
  const float = tensor(new Float32Array(3));
  same<typeof float, Tensor<Float32Array>>(true);
  const { path, requirements } = gru.explain({ mask: [[true]], training: false, inputs });
  same<typeof path, "cudnn" | "cpu">(true);
  for (const { id, met, detail } of requirements) {
    // @ts-expect-error no such requirement
    if (id === "gpu") return;
    void [met, detail];
  }
}

/** Passes and gradients. */
export async function passes(gru: GRU<true>, gradient: Float32Array): Promise<void> {
  using pass = gru.forward(inputs, { training: true, lengths: [1, 2] });
  same<typeof pass, GRUPass>(true);
  const state: AnyResult = pass.state;
  const grads = pass.backward({ output: gradient, state: [pass.state] });
  const weights: AnyResult[] = grads.weights;
  const later = await gru.forwardAsync(inputs, { transfer: true, signal: null });
  same<Awaited<ReturnType<typeof later.backwardAsync>>, typeof grads>(true);
  // @ts-expect-error results are new arrays
  gru.forward(inputs, { out: gradient });
  // @ts-expect-error a key of its own
  pass.backward({ outputs: gradient });
  void [state, weights, grads.inputs.data, grads.initial_state.shape, pass.losses.length];
}

/** A stream returns its own tensor, or the `out` that it received. */
export function streams(): void {
  const stream: GRUStream<"float32"> = new GRU(4, { return_state: true }).stream({ batch: 2, initial_state: inputs });
  const frame = new Float32Array(8);
  const result = stream.push(frame);
  same<typeof result, Result>(true);
  const array = stream.push([[1, 2]], new Float64Array(8));
  same<typeof array, Float64Array<ArrayBuffer>>(true);
  const own = stream.push(inputs, tensor(frame, [2, 4]));
  same<typeof own, Tensor<Float32Array<ArrayBufferLike>>>(true);
  const block = stream.push(new Float32Array(8), { data: new Float32Array(8), shape: [2, 1, 4] });
  same<typeof block, { data: Float32Array<ArrayBuffer>; shape: number[] }>(true);
  same<typeof stream.state, Result>(true);
  same<typeof stream.input, Float32Array>(true);
  same<typeof stream.output, Float32Array>(true);
  stream.step();
  stream.reset();
  // @ts-expect-error the arrays are always the same
  stream.input = frame;
  stream.reset([frame]);
  // @ts-expect-error the batch is fixed
  stream.batch = 3;
  // @ts-expect-error no such argument
  new GRU(4).stream({ timesteps: 3 });
  // @ts-expect-error integers take no results
  stream.push(frame, new Int32Array(8));
}

/** A batcher's results are its layer's. */
export async function batchers(signal: AbortSignal): Promise<void> {
  const batcher = createBatcher(new GRU(4), { maxBatch: 8, maxDelayMs: 0.5, maxQueue: Number.POSITIVE_INFINITY });
  const output = await batcher.callAsync(inputs, { lengths: [1, 2], initial_state: inputs, signal, transfer: true });
  same<typeof output, Result>(true);
  const both: Batcher<true, "float32"> = createBatcher(new GRU(4, { return_state: true }), { maxBatch: 1 });
  const [whole, final] = await both.callAsync(inputs, { mask: [[true]] });
  same<typeof whole, Result>(true);
  same<typeof final, Result>(true);
  const drained: Promise<void> = both.drain();
  await drained;
  // @ts-expect-error maxBatch is needed
  createBatcher(new GRU(4), { maxDelayMs: 2 });
  // @ts-expect-error requests do not train
  batcher.callAsync(inputs, { training: true });
  // @ts-expect-error results are new
  batcher.callAsync(inputs, { out: inputs });
}
