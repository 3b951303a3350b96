import { readConstructor } from "../arguments/constructor.js";
import type { WeightValue } from "../arguments/known_shape.js";
import type { CallArguments, CallAsyncArguments, StateLike } from "../arguments/read_call.js";
import type { ForwardArguments, ForwardAsyncArguments } from "../arguments/read_forward.js";
import type { StreamArguments } from "../arguments/read_stream.js";
import type { WarmUpSizes } from "../arguments/read_warm_up.js";
import { readInputShape } from "../arguments/shapes.js";
import { type ExplainArguments, type Explanation, explainCall } from "../backend/explain.js";
import { notStateful } from "../errors/layer_errors.js";
import { expected, expectedShape } from "../errors/messages.js";
import type { FileSource } from "../formats/source.js";
import { autoName } from "../keras/auto_name.js";
import type { ComputeDtype, DtypeName, VariableDtype } from "../keras/dtype_policy.js";
import { requireKnown } from "../keras/unknown_objects.js";
import type { TensorLike } from "../tensor/tensor.js";
import { requireUnlocked } from "../variables/variable.js";
import { callAsync } from "./async/call_async.js";
import { warmUp } from "./async/warm_up.js";
import { call } from "./call/call.js";
import type { CallOutcome } from "./call/call_results.js";
import { type GRUConfig, kerasConfig } from "./config.js";
import { forward, forwardAsync } from "./gradients/forward.js";
import type { GRUPass } from "./gradients/pass.js";
import { type LayerParts, layerParts } from "./layer_parts.js";
import { layerText } from "./layer_text.js";
import {
  type CallResult,
  type MaskResult,
  outputMask,
  outputShape,
  type ResultTensor,
  type ShapeResult,
  type StateTensor,
  type WeightTensor,
  type WeightVariable,
} from "./result_types.js";
import { zeroState } from "./state/carried_state.js";
import { GRUStream } from "./state/stream.js";
import { type LoadWeightsArguments, readWeightsFile, type WeightsFile } from "./weights/load_weights.js";
import { readSave, type SaveWeightsArguments, saveWeights } from "./weights/save_weights.js";

/** Returns the parts of a layer, for the rest of this package. Returns `undefined` for anything that is not a layer. */
export let partsOf: (layer: unknown) => LayerParts | undefined;

/**
 * The GRU layer. Inputs are (batch, timesteps, features). The output is (batch, units), or (batch, timesteps, units)
 * with `return_sequences`. The state is (batch, units). All of them have the layer's `compute_dtype`. Weights have its
 * `dtype`.
 */
export class GRULayer<S extends boolean = boolean, D extends DtypeName = DtypeName> {
  /** Keras's `name`. */
  readonly name: string;
  readonly #parts: LayerParts;

  static {
    partsOf = (layer) => (isObject(layer) && #parts in layer ? layer.#parts : undefined);
  }

  /**
   * Reads the constructor's arguments. Users call the constructor of `GRU`, whose types describe the results.
   *
   * @internal
   */
  constructor(first: unknown, second?: unknown) {
    const options = readConstructor(first, second);
    this.name = options.name ?? autoName("gru");
    this.#parts = layerParts(this, options, this.name);
  }

  /** The size of the output's last dimension. */
  get units(): number {
    return this.#parts.options.units;
  }

  /** The dtype of the weights. */
  get dtype(): VariableDtype<D> {
    return this.#parts.options.variableDtype as VariableDtype<D>;
  }

  /** The dtype of inputs, initial states and results. 16-bit elements are computed in float32 and then rounded. */
  get compute_dtype(): ComputeDtype<D> {
    return this.#parts.options.computeDtype as ComputeDtype<D>;
  }

  /** Whether `weights` are trainable and their regularizers' losses are counted. */
  get trainable(): boolean {
    return this.#parts.owner.trainable;
  }

  set trainable(value: boolean) {
    if (typeof value !== "boolean") throw expected("ERR_ARGUMENT", "trainable", "true or false", value);
    requireUnlocked(this.#parts.owner, "trainable");
    this.#parts.owner.trainable = value;
  }

  /** Whether the layer has weights. It has them after `build` or the first call. */
  get built(): boolean {
    return this.#parts.weights.current !== null;
  }

  /**
   * Computes on this thread and the pool's threads, and returns the results.
   *
   * `inputs` are (batch, timesteps, features) with at least one timestep. Other dtypes are converted to the layer's. A
   * layer that is not built builds itself for these features.
   *
   * The layer has not changed when it throws. It throws
   * - `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE` for bad arguments,
   * - `ERR_STATE` on a stateful layer with asynchronous calls pending, and inside a custom activation of the layer,
   * - `ERR_CALLBACK` when a custom activation threw an error, which is its cause,
   * - `ERR_CUDNN_NOT_ELIGIBLE` or `ERR_CUDNN_UNAVAILABLE` with `use_cudnn: true`,
   * - `ERR_CUDNN` or `ERR_CUDA` when the device fails,
   * - `ERR_OUT_OF_MEMORY`, `ERR_NATIVE_LOAD` and `ERR_DISPOSED`.
   */
  call(inputs: TensorLike, args?: CallArguments<S> | null): CallResult<S, D> {
    return resultOf(call(this.#parts, inputs, args));
  }

  /**
   * Computes as `call` does, off this thread. The inputs are copied before this method returns or, with `transfer:
   * true`, their buffer is taken over. The call computes with the weights that the layer has now. `out` is filled when
   * the promise settles. Calls on a stateful layer run in order.
   *
   * Never throws. Rejects with the errors of `call`, with `ERR_ARGUMENT` for a layer with a custom activation, with
   * `ERR_BUSY` when `configure({ maxQueue })` allows no more calls, and with `ERR_ABORTED` (`name` `"AbortError"`,
   * `cause` the signal's reason) when `signal` aborts before the promise settles: at once while the call waits, and
   * after the current timestep while it runs. The layer has then not changed.
   */
  async callAsync(inputs: TensorLike, args?: CallAsyncArguments<S> | null): Promise<CallResult<S, D>> {
    return resultOf<S, D>(await callAsync(this.#parts, inputs, args));
  }

  /**
   * Computes as `call` does, and keeps everything that the gradients need: see `GRUPass`. Only the argument `training`
   * turns dropout on.
   *
   * Throws the errors of `call`.
   */
  forward(inputs: TensorLike, args?: ForwardArguments | null): GRUPass<D> {
    return forward(this.#parts, inputs, args) as GRUPass<D>;
  }

  /** Computes as `forward` does, off this thread, with the rules of `callAsync`. Never throws, but rejects. */
  async forwardAsync(inputs: TensorLike, args?: ForwardAsyncArguments | null): Promise<GRUPass<D>> {
    return (await forwardAsync(this.#parts, inputs, args)) as GRUPass<D>;
  }

  /**
   * Prepares for calls of this batch size and number of timesteps, on the path that they will take, so that the first
   * request allocates no native memory. Computes on zeros off this thread, which packs the weights, makes scratch
   * memory and starts threads, or sets up the CUDA device. No later call can see a difference in its results.
   *
   * Never throws. Rejects with `ERR_ARGUMENT` (also for a layer with a custom activation), `ERR_SHAPE`,
   * `ERR_NOT_BUILT`, `ERR_OUT_OF_MEMORY`, `ERR_BUSY`, `ERR_DISPOSED`, and with the errors of `call` about the path.
   */
  async warmUp(sizes: WarmUpSizes): Promise<void> {
    await warmUp(this.#parts, sizes);
  }

  /**
   * Makes a stream, which computes one timestep at a time, for real-time use: see `GRUStream`. It uses the CPU path
   * unless `use_cudnn` is true.
   *
   * Throws `ERR_ARGUMENT`, `ERR_SHAPE`, `ERR_DTYPE`, `ERR_NOT_BUILT`, `ERR_DISPOSED`, `ERR_OUT_OF_MEMORY`.
   */
  stream(args?: StreamArguments | null): GRUStream<D> {
    return new GRUStream<D>(this.#parts, args);
  }

  /** Returns the path that a call with these arguments takes, and every requirement for cuDNN. */
  explain(args?: ExplainArguments | null): Explanation {
    return explainCall(this.#parts.options, this.#parts.weights.features, args);
  }

  /**
   * Creates the weights for inputs of shape `[batch, timesteps, features]`, of which batch and timesteps may be `null`.
   * With a batch, the states of a stateful layer become zeros of that batch size. Building again for the same features
   * keeps the weights.
   *
   * Throws `ERR_SHAPE` for a bad shape or other features, `ERR_OUT_OF_MEMORY` for weights that are too large,
   * `ERR_STATE` on a stateful layer with asynchronous calls pending, `ERR_NATIVE_LOAD`, and `ERR_DISPOSED`.
   */
  build(inputShape: readonly (number | null)[]): void {
    const { weights, carried, inFlight } = this.#parts;
    weights.requireFree("build");
    const [batch, , features] = readInputShape(inputShape, "input_shape");
    if (weights.features !== null && weights.features !== features) {
      throw expectedShape("input_shape", `${weights.features} features (those it was built for)`, inputShape);
    }
    inFlight.requireNone("build");
    weights.forFeatures(features);
    if (batch === null) carried?.clear();
    else carried?.start(batch);
  }

  /**
   * The weights: kernel, recurrent kernel and, with `use_bias`, bias. Empty before the layer is built. States are not
   * among them.
   */
  get weights(): WeightVariable<D>[] {
    const { weights } = this.#parts;
    weights.requireAlive();
    return weights.current === null ? [] : ([...weights.current.variables] as WeightVariable<D>[]);
  }

  /** The trainable weights: `weights`, or none when `trainable` is false. */
  get trainable_weights(): WeightVariable<D>[] {
    return this.trainable ? this.weights : [];
  }

  /**
   * The kernel, (features, 3 * units), with the gates in the order z, r, h. Throws `ERR_NOT_BUILT` before the layer is
   * built.
   */
  get kernel(): WeightVariable<D> {
    return this.#parts.weights.requireBuilt("kernel").kernel as WeightVariable<D>;
  }

  /**
   * The recurrent kernel, (units, 3 * units), with the gates in the order z, r, h. Throws `ERR_NOT_BUILT` before the
   * layer is built.
   */
  get recurrent_kernel(): WeightVariable<D> {
    return this.#parts.weights.requireBuilt("recurrent_kernel").recurrentKernel as WeightVariable<D>;
  }

  /**
   * The bias: (2, 3 * units), first the input bias and then the recurrent bias; (3 * units,) without `reset_after`;
   * `null` without `use_bias`. Throws `ERR_NOT_BUILT` before the layer is built.
   */
  get bias(): WeightVariable<D> | null {
    return this.#parts.weights.requireBuilt("bias").bias as WeightVariable<D> | null;
  }

  /** Returns copies of the weights, in the order of `weights`. */
  getWeights(): WeightTensor<D>[] {
    const { weights } = this.#parts;
    weights.requireAlive();
    return weights.current === null ? [] : (weights.current.get() as WeightTensor<D>[]);
  }

  /**
   * Sets all weights, in the order of `weights`. Each value is a tensor of the weight's shape or a bare typed array
   * with as many elements, and is converted to the layer's dtype. Calls that were already submitted keep the old
   * weights.
   *
   * Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`, and then no weight has changed; `ERR_NOT_BUILT`; `ERR_DISPOSED`.
   */
  setWeights(weights: readonly WeightValue[]): void {
    this.#parts.weights.requireBuilt("setWeights").set(weights);
  }

  /**
   * Sets all weights from a GRU in a Keras model file of any kind or in a PyTorch file. `source` is the file's path,
   * its `file:` URL or its bytes, which are copied before this method returns. Builds the layer if it is not built.
   *
   * Rejects with the errors of `fromKeras`, and with `ERR_SHAPE` or `ERR_ARGUMENT` when the weights do not fit this
   * layer. The layer has then not changed.
   */
  async loadWeights(source: FileSource, args?: LoadWeightsArguments | null): Promise<void> {
    this.#parts.weights.requireAlive();
    this.takeWeights(await readWeightsFile(source, args));
  }

  /** @internal */
  protected takeWeights(read: WeightsFile): void {
    this.#parts.weights.takeOver(read);
  }

  /**
   * Writes the current weights to a file, which appears complete or not at all. A path that ends in `.weights.h5` makes
   * a file that Keras 3 reads. A path that ends in `.safetensors` makes a file with `kernel`, `recurrent_kernel`,
   * `bias` and the config.
   *
   * Rejects with `ERR_ARGUMENT` for any other path or a path that cannot be written, with `ERR_NOT_BUILT`, and with
   * `ERR_DISPOSED`.
   */
  async saveWeights(path: string, args?: SaveWeightsArguments | null): Promise<void> {
    const request = readSave(path, args);
    await saveWeights(request, this.getConfig(), this.#parts.weights.requireBuilt("saveWeights").get());
  }

  /** Returns the number of elements of all weights. Throws `ERR_NOT_BUILT` before the layer is built. */
  countParams(): number {
    return this.#parts.weights.requireBuilt("countParams").count();
  }

  /**
   * The losses: first the activity regularizer's losses of the last call (output, then state if returned, each divided
   * by the batch size), then the losses of the current weights (none when `trainable` is false). Throws
   * `ERR_UNSUPPORTED` for a regularizer that is only known from a config.
   */
  get losses(): number[] {
    const { weights, options, activityLosses } = this.#parts;
    weights.requireAlive();
    requireKnown(options.activityRegularizer);
    const ofWeights = this.trainable && weights.current !== null ? weights.current.losses() : [];
    return [...activityLosses, ...ofWeights];
  }

  /** Copies of the carried states, in a list of one; `null` when no states are carried, or none yet. */
  get states(): [StateTensor<D>] | null {
    const { weights, carried } = this.#parts;
    weights.requireAlive();
    return carried === null ? null : (carried.tensors() as [StateTensor<D>] | null);
  }

  /**
   * Sets the carried state of a stateful layer to a copy of `state`, (batch, units). Without `state` sets it to zeros,
   * and the next call may then have another batch size.
   *
   * Throws `ERR_STATE` on a layer that is not stateful, where Keras's `reset_state` does nothing, or one that has asynchronous calls pending, `ERR_SHAPE`, `ERR_DTYPE` or
   * `ERR_ARGUMENT` for a bad state, and `ERR_DISPOSED`.
   */
  resetState(state?: StateLike | readonly [StateLike] | null): void {
    const { weights, carried, inFlight } = this.#parts;
    weights.requireFree("resetState");
    if (carried === null) throw notStateful("resetState");
    inFlight.requireNone("resetState");
    if (state === undefined || state === null) carried.clear();
    else carried.set(state, () => inFlight.requireNone("resetState"));
  }

  /** Returns zeros of shape (batch, units), in a list of one as in Keras. */
  getInitialState(batch: number): [ResultTensor<D>] {
    return [zeroState(batch, this.#parts.options) as ResultTensor<D>];
  }

  /** Returns the shapes of a call's results, for inputs of shape `[batch, timesteps, features]`. Throws `ERR_SHAPE`. */
  computeOutputShape(inputShape: readonly (number | null)[]): ShapeResult<S> {
    return outputShape<S>(this.#parts.options, inputShape);
  }

  /** Returns the masks of a call's results: `mask` itself with `return_sequences`, otherwise none. */
  computeMask<M>(mask: M | null): MaskResult<M, S> {
    return outputMask<M, S>(this.#parts.options, mask);
  }

  /**
   * Returns the config that Keras 3.15's `get_config()` returns, with the same keys. Keras reads its JSON, and so does
   * `GRU.fromConfig`.
   */
  getConfig(): GRUConfig<S, D> {
    return kerasConfig(this.#parts.options, this.name, this.trainable) as GRUConfig<S, D>;
  }

  /** Returns a description: name, units, dtype, the shapes of inputs and results, and whether the layer has weights. */
  toString(): string {
    const { options, weights } = this.#parts;
    return layerText(options, this.name, weights.isDisposed ? "disposed" : weights.features);
  }

  /** Refuses new calls, and frees native memory when the last running call has ended. Idempotent. */
  dispose(): void {
    const { weights, owner, inFlight } = this.#parts;
    if (weights.isDisposed) return;
    requireUnlocked(owner, "dispose");
    weights.dispose();
    inFlight.close(() => weights.free());
  }

  /** Calls `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function resultOf<S extends boolean, D extends DtypeName>({ output, state }: CallOutcome): CallResult<S, D> {
  return (state === null ? output : [output, state]) as CallResult<S, D>;
}
