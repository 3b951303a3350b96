import type { CallArguments, CallAsyncArguments, StateLike } from "../arguments/call.js";
import { readConstructor } from "../arguments/constructor.js";
import type { ForwardArguments, ForwardAsyncArguments } from "../arguments/forward.js";
import type { WeightValue } from "../arguments/shaped.js";
import { readInputShape } from "../arguments/shapes.js";
import type { StreamArguments } from "../arguments/stream.js";
import type { WarmUpSizes } from "../arguments/warm_up.js";
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

/** The parts of a layer, for the rest of this package; `undefined` for anything but a layer. */
export let partsOf: (layer: unknown) => LayerParts | undefined;

/**
 * The GRU layer. Inputs are (batch, timesteps, features); the output is (batch, units), or (batch, timesteps, units) with
 * `return_sequences`; the state is (batch, units). All in the layer's `compute_dtype`; weights are in its `dtype`.
 */
export class GRULayer<S extends boolean = boolean, D extends DtypeName = DtypeName> {
  /** Keras's `name`. */
  readonly name: string;
  readonly #parts: LayerParts;

  static {
    partsOf = (layer) => (isObject(layer) && #parts in layer ? layer.#parts : undefined);
  }

  /**
   * Reads the constructor's arguments. Users call the constructor of `GRU`, whose types know the results.
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

  /** The dtype of inputs, initial states and results; 16-bit elements are computed in float32 and then rounded. */
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

  /** Whether the layer has weights: after `build`, or after the first call. */
  get built(): boolean {
    return this.#parts.weights.current !== null;
  }

  /**
   * Computes on this thread (and the pool's) until done.
   *
   * `inputs` are (batch, timesteps, features) with at least one timestep; other dtypes are converted to the layer's. A
   * layer that is not built builds itself for these features.
   *
   * Throws `ERR_ARGUMENT`, `ERR_SHAPE`, `ERR_DTYPE` for bad arguments; `ERR_STATE` on a stateful layer with asynchronous
   * calls pending, and inside a custom activation of the layer; `ERR_CALLBACK`, caused by what a custom activation threw;
   * `ERR_CUDNN_NOT_ELIGIBLE` or `ERR_CUDNN_UNAVAILABLE` with `use_cudnn: true`; `ERR_CUDNN` or `ERR_CUDA` when the
   * device fails; `ERR_OUT_OF_MEMORY`; `ERR_NATIVE_LOAD`; `ERR_DISPOSED`. The layer is then as it was.
   */
  call(inputs: TensorLike, args?: CallArguments<S> | null): CallResult<S, D> {
    return resultOf(call(this.#parts, inputs, args));
  }

  /**
   * As `call`, off this thread. The inputs are copied before this returns (or given away, with `transfer: true`), and the
   * weights are those of that moment; `out` is filled when the promise settles. Calls on a stateful layer run in order.
   *
   * Never throws: rejects with what `call` throws, with `ERR_ARGUMENT` for a layer with a custom activation, with
   * `ERR_BUSY` where `configure({ maxQueue })` allows no more calls, and with `ERR_ABORTED` (`name` `"AbortError"`,
   * `cause` the signal's reason) when `signal` aborts before the promise settles: at once while the call waits, after the
   * current timestep while it runs. The layer is then as it was.
   */
  callAsync(inputs: TensorLike, args?: CallAsyncArguments<S> | null): Promise<CallResult<S, D>> {
    return callAsync(this.#parts, inputs, args).then((outcome) => resultOf<S, D>(outcome));
  }

  /**
   * As `call`, and keeps what the gradients need: see `GRUPass`. Whether dropout is on is for `training` to say.
   *
   * Throws as `call`.
   */
  forward(inputs: TensorLike, args?: ForwardArguments | null): GRUPass<D> {
    return forward(this.#parts, inputs, args) as GRUPass<D>;
  }

  /** As `forward`, off this thread, with `callAsync`'s rules. Never throws: rejects. */
  forwardAsync(inputs: TensorLike, args?: ForwardAsyncArguments | null): Promise<GRUPass<D>> {
    return forwardAsync(this.#parts, inputs, args) as Promise<GRUPass<D>>;
  }

  /**
   * Prepares for calls of this batch size and number of timesteps, on the path they will take: packs the weights, makes
   * scratch memory and starts threads, or sets up the CUDA device, by computing on zeros off this thread, so that the
   * first request allocates no native memory. Changes nothing that a call could see.
   *
   * Rejects with `ERR_ARGUMENT` (for a layer with a custom activation too), `ERR_SHAPE`, `ERR_NOT_BUILT`,
   * `ERR_OUT_OF_MEMORY`, `ERR_BUSY`, `ERR_DISPOSED`, and for its path as `call`; never throws.
   */
  warmUp(sizes: WarmUpSizes): Promise<void> {
    return warmUp(this.#parts, sizes);
  }

  /**
   * A stepper of one timestep at a time, for real-time use: see `GRUStream`. On the CPU path, unless `use_cudnn` is true.
   *
   * Throws `ERR_ARGUMENT`, `ERR_SHAPE`, `ERR_DTYPE`, `ERR_NOT_BUILT`, `ERR_DISPOSED`, `ERR_OUT_OF_MEMORY`.
   */
  stream(args?: StreamArguments | null): GRUStream<D> {
    return new GRUStream<D>(this.#parts, args);
  }

  /** Which path a call with these arguments takes, and every requirement for cuDNN. */
  explain(args?: ExplainArguments | null): Explanation {
    return explainCall(this.#parts.options, this.#parts.weights.features, args);
  }

  /**
   * Creates the weights for inputs of shape `[batch, timesteps, features]`; batch and timesteps may be `null`. With a
   * batch, the states of a stateful layer become zeros of that batch size. Building again for the same features keeps the
   * weights.
   *
   * Throws `ERR_SHAPE` for another shape or other features, `ERR_OUT_OF_MEMORY` for weights that are too large,
   * `ERR_STATE` on a stateful layer with asynchronous calls pending, `ERR_NATIVE_LOAD`, `ERR_DISPOSED`.
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

  /** Kernel, recurrent kernel and (with `use_bias`) bias; empty before the layer is built. States are not among them. */
  get weights(): WeightVariable<D>[] {
    const { weights } = this.#parts;
    weights.requireAlive();
    return weights.current === null ? [] : ([...weights.current.variables] as WeightVariable<D>[]);
  }

  /** `weights`, or none when `trainable` is false. */
  get trainable_weights(): WeightVariable<D>[] {
    return this.trainable ? this.weights : [];
  }

  /** (features, 3 * units), gates in the order z, r, h. Throws `ERR_NOT_BUILT` before the layer is built. */
  get kernel(): WeightVariable<D> {
    return this.#parts.weights.requireBuilt("kernel").kernel as WeightVariable<D>;
  }

  /** (units, 3 * units), gates in the order z, r, h. Throws `ERR_NOT_BUILT` before the layer is built. */
  get recurrent_kernel(): WeightVariable<D> {
    return this.#parts.weights.requireBuilt("recurrent_kernel").recurrentKernel as WeightVariable<D>;
  }

  /**
   * (2, 3 * units): input bias, recurrent bias; (3 * units,) without `reset_after`; `null` without `use_bias`. Throws
   * `ERR_NOT_BUILT` before the layer is built.
   */
  get bias(): WeightVariable<D> | null {
    return this.#parts.weights.requireBuilt("bias").bias as WeightVariable<D> | null;
  }

  /** Copies of the weights, in the order of `weights`. */
  getWeights(): WeightTensor<D>[] {
    const { weights } = this.#parts;
    weights.requireAlive();
    return weights.current === null ? [] : (weights.current.get() as WeightTensor<D>[]);
  }

  /**
   * Sets all weights, in the order of `weights`: tensors of their shapes, or bare typed arrays of their lengths, converted
   * to the layer's dtype. Calls already submitted keep the old ones.
   *
   * Throws `ERR_ARGUMENT`, `ERR_SHAPE`, `ERR_DTYPE` with no weight changed; `ERR_NOT_BUILT`; `ERR_DISPOSED`.
   */
  setWeights(weights: readonly WeightValue[]): void {
    this.#parts.weights.requireBuilt("setWeights").set(weights);
  }

  /**
   * Sets all weights from a GRU in a Keras model file of any kind, or one of PyTorch's: its path, its `file:` URL or its bytes
   * (copied before this returns). Builds the layer if it is not. Rejects as `fromKeras`, and with `ERR_SHAPE` or
   * `ERR_ARGUMENT` where they are not this layer's; the layer is then as it was.
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
   * Writes the weights as they are now to a file, all of it or nothing: one that Keras 3 reads (a path that ends in
   * `.weights.h5`) or one with `kernel`, `recurrent_kernel`, `bias` and the config (`.safetensors`). Rejects with
   * `ERR_ARGUMENT` for another path, or one that cannot be written; `ERR_NOT_BUILT`; `ERR_DISPOSED`.
   */
  async saveWeights(path: string, args?: SaveWeightsArguments | null): Promise<void> {
    const request = readSave(path, args);
    await saveWeights(request, this.getConfig(), this.#parts.weights.requireBuilt("saveWeights").get());
  }

  /** The number of elements of all weights. Throws `ERR_NOT_BUILT` before the layer is built. */
  countParams(): number {
    return this.#parts.weights.requireBuilt("countParams").count();
  }

  /**
   * The activity regularizer's losses of the last call (output, then state if returned, each divided by the batch size), then
   * those of the weights as they are now (none when `trainable` is false). `ERR_UNSUPPORTED` where only a config named one.
   */
  get losses(): number[] {
    const { weights, options, activityLosses } = this.#parts;
    weights.requireAlive();
    requireKnown(options.activityRegularizer);
    const ofWeights = this.trainable && weights.current !== null ? weights.current.losses() : [];
    return [...activityLosses, ...ofWeights];
  }

  /** Copies of the carried states, in a list of one; `null` where none are carried (yet). */
  get states(): [StateTensor<D>] | null {
    const { weights, carried } = this.#parts;
    weights.requireAlive();
    return carried === null ? null : (carried.tensors() as [StateTensor<D>] | null);
  }

  /**
   * Sets the carried state of a stateful layer to a copy of `state`, (batch, units), or to zeros, after which the next
   * call may have another batch size.
   *
   * Throws `ERR_STATE` on a layer that is not stateful or has asynchronous calls pending; `ERR_SHAPE`, `ERR_DTYPE`,
   * `ERR_ARGUMENT`; `ERR_DISPOSED`.
   */
  resetState(state?: StateLike | readonly [StateLike] | null): void {
    const { weights, carried, inFlight } = this.#parts;
    weights.requireFree("resetState");
    if (carried === null) throw notStateful("resetState");
    inFlight.requireNone("resetState");
    if (state === undefined || state === null) carried.clear();
    else carried.set(state, () => inFlight.requireNone("resetState"));
  }

  /** Zeros of shape (batch, units), in a list of one as in Keras. */
  getInitialState(batch: number): [ResultTensor<D>] {
    return [zeroState(batch, this.#parts.options) as ResultTensor<D>];
  }

  /** The shapes of a call's results, for inputs of shape `[batch, timesteps, features]`. Throws `ERR_SHAPE`. */
  computeOutputShape(inputShape: readonly (number | null)[]): ShapeResult<S> {
    return outputShape<S>(this.#parts.options, inputShape);
  }

  /** The masks of a call's results: `mask` itself with `return_sequences`, otherwise none. */
  computeMask<M>(mask: M | null): MaskResult<M, S> {
    return outputMask<M, S>(this.#parts.options, mask);
  }

  /** What Keras 3.15's `get_config()` gives, key for key: JSON that Keras reads, and `GRU.fromConfig`. */
  getConfig(): GRUConfig<S, D> {
    return kerasConfig(this.#parts.options, this.name, this.trainable) as GRUConfig<S, D>;
  }

  /** What it is: name, units, dtype, the shapes of inputs and results, and whether it has weights. */
  toString(): string {
    const { options, weights } = this.#parts;
    return layerText(options, this.name, weights.isDisposed ? "disposed" : weights.features);
  }

  /** Refuses new calls and frees native memory when the last running one has ended. Idempotent. */
  dispose(): void {
    const { weights, owner, inFlight } = this.#parts;
    if (weights.isDisposed) return;
    requireUnlocked(owner, "dispose");
    weights.dispose();
    inFlight.close(() => weights.free());
  }

  /** As `dispose`, for `using`. */
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
