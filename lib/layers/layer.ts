import { type CallArguments, type CallAsyncArguments, readCallSignal, type StateLike } from "../arguments/call.js";
import { type GRUOptions, readConstructor } from "../arguments/constructor.js";
import type { ForwardArguments, ForwardAsyncArguments } from "../arguments/forward.js";
import { allocate } from "../arguments/memory.js";
import { expected, expectedShape, expectedText } from "../arguments/messages.js";
import { requireInteger, SIZE_LIMIT } from "../arguments/predicates.js";
import type { WeightValue } from "../arguments/shaped.js";
import { checkedProduct, readInputShape } from "../arguments/shapes.js";
import { refuseAborted } from "../arguments/signal.js";
import type { StreamArguments } from "../arguments/stream.js";
import { readWarmUp, type WarmUpSizes } from "../arguments/warm_up.js";
import { autoName } from "../keras/auto_name.js";
import type { Dtype } from "../keras/dtype_policy.js";
import { enterQueue, leaveQueue } from "../queue.js";
import { type FloatArray, Tensor, type TensorLike } from "../tensor.js";
import { requireUnlocked, type Variable, type VariableOwner } from "../variable.js";
import { Calls, type LayerHost } from "./calls.js";
import { type GRUConfig, kerasConfig } from "./config.js";
import { CustomActivations, notAsynchronous } from "./custom.js";
import { type ExplainArguments, type Explanation, explainCall } from "./explain.js";
import { type LoadWeightsArguments, readWeightsFile, requireFit } from "./load_weights.js";
import type { GRUPass } from "./pass.js";
import { type ForwardOutcome, Passes } from "./passes.js";
import { disposedLayer, notBuilt, notStateful } from "./refusals.js";
import { type CallResult, type MaskResult, outputMask, outputShape, type ShapeResult } from "./results.js";
import type { CallOutcome } from "./run.js";
import { readSave, type SaveWeightsArguments, saveWeights } from "./save_weights.js";
import { CarriedState } from "./state.js";
import type { GRUStream } from "./stream.js";
import { GRUWeights } from "./weights.js";

/**
 * The GRU layer. Inputs are (batch, timesteps, features); the output is (batch, units), or (batch, timesteps, units) with
 * `return_sequences`; the state is (batch, units). All in the layer's `compute_dtype`; weights are in its `dtype`.
 */
export class GRULayer<S extends boolean = boolean> {
  /** Keras's `name`. */
  readonly name: string;
  readonly #options: GRUOptions;
  readonly #owner: VariableOwner & { trainable: boolean };
  readonly #carried: CarriedState | null;
  readonly #calls: Calls;
  readonly #passes: Passes;
  #weights: GRUWeights | null = null;
  #losses: readonly number[] = [];
  #disposed = false;

  constructor(first: unknown, second?: unknown) {
    const options = readConstructor(first, second);
    this.#options = options;
    this.#owner = { trainable: options.trainable, version: 0, locked: false };
    this.#carried = options.stateful ? new CarriedState(options.units, options.computeDtype) : null;
    const custom = options.custom ? new CustomActivations(options, this.#owner) : null;
    const host: LayerHost = {
      layer: this,
      features: () => this.#weights?.features ?? null,
      weightsFor: (features) => this.#weightsFor(features),
      builtWeights: (what) => {
        this.#requireFree(what);
        return this.#requireBuilt(what);
      },
    };
    this.#calls = new Calls(options, this.#carried, custom, host);
    this.#passes = new Passes(options, this.#carried, custom, this.#calls, host);
    this.name = options.name ?? autoName("gru");
  }

  /** The size of the output's last dimension. */
  get units(): number {
    return this.#options.units;
  }

  /** The dtype of the weights. */
  get dtype(): Dtype {
    return this.#options.variableDtype;
  }

  /** The dtype of inputs, initial states and results; 16-bit elements are computed in float32 and then rounded. */
  get compute_dtype(): Dtype {
    return this.#options.computeDtype;
  }

  /** Whether `weights` are trainable and their regularizers' losses are counted. */
  get trainable(): boolean {
    return this.#owner.trainable;
  }

  set trainable(value: boolean) {
    if (typeof value !== "boolean") throw expected("ERR_ARGUMENT", "trainable", "true or false", value);
    requireUnlocked(this.#owner, "trainable");
    this.#owner.trainable = value;
  }

  /** Whether the layer has weights: after `build`, or after the first call. */
  get built(): boolean {
    return this.#weights !== null;
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
  call(inputs: TensorLike, args?: CallArguments<S> | null): CallResult<S> {
    this.#requireFree("call");
    return this.#accept(this.#calls.run(inputs, args));
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
  callAsync(inputs: TensorLike, args?: CallAsyncArguments<S> | null): Promise<CallResult<S>> {
    const submit = (signal: AbortSignal | null) => this.#calls.submit(inputs, args, signal);
    return this.#enqueue("callAsync", args, submit).then((outcome) => this.#accept(outcome));
  }

  /** Runs `submit`, which gives back the place in the queue when it succeeds, with the signal of `args`. */
  #enqueue<T>(what: string, args: unknown, submit: (signal: AbortSignal | null) => Promise<T>): Promise<T> {
    try {
      const signal = readCallSignal(args);
      refuseAborted(signal);
      this.#requireFree(what);
      if (this.#options.custom) throw notAsynchronous(what);
      enterQueue(what);
      try {
        return submit(signal);
      } catch (error) {
        leaveQueue();
        throw error;
      }
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * As `call`, and keeps what the gradients need: see `GRUPass`. Whether dropout is on is for `training` to say.
   *
   * Throws as `call`.
   */
  forward(inputs: TensorLike, args?: ForwardArguments | null): GRUPass {
    this.#requireFree("forward");
    return this.#keep(this.#passes.forward(inputs, args));
  }

  /** As `forward`, off this thread, with `callAsync`'s rules. Never throws: rejects. */
  forwardAsync(inputs: TensorLike, args?: ForwardAsyncArguments | null): Promise<GRUPass> {
    const submit = (signal: AbortSignal | null) => this.#passes.forwardAsync(inputs, args, signal);
    return this.#enqueue("forwardAsync", args, submit).then((outcome) => this.#keep(outcome));
  }

  #keep({ pass, losses }: ForwardOutcome): GRUPass {
    this.#losses = losses;
    return pass;
  }

  /**
   * Prepares for calls of this batch size and number of timesteps, on the path they will take: packs the weights, makes
   * scratch memory and starts threads, or sets up the CUDA device, by computing on zeros off this thread, so that the
   * first request allocates no native memory. Changes nothing that a call could see.
   *
   * Rejects with `ERR_ARGUMENT` (for a layer with a custom activation too), `ERR_SHAPE`, `ERR_NOT_BUILT`,
   * `ERR_OUT_OF_MEMORY`, `ERR_BUSY`, `ERR_DISPOSED`, and for its path as `call`; never throws.
   */
  async warmUp(sizes: WarmUpSizes): Promise<void> {
    this.#requireFree("warmUp");
    const read = readWarmUp(sizes);
    const weights = this.#requireBuilt("warmUp");
    if (this.#options.custom) throw notAsynchronous("warmUp");
    const { features } = weights;
    const flags = this.#calls.path.flagsFor({ ...read, features, mask: null, lengths: null, training: false });
    enterQueue("warmUp");
    await this.#calls.warmUp(weights, read, flags);
  }

  /**
   * A stepper that takes one timestep at a time, for real-time use: see `GRUStream`. On the CPU path, unless `use_cudnn` is
   * true.
   *
   * Throws `ERR_ARGUMENT`, `ERR_SHAPE`, `ERR_DTYPE`, `ERR_NOT_BUILT`, `ERR_DISPOSED`, `ERR_OUT_OF_MEMORY`.
   */
  stream(args?: StreamArguments | null): GRUStream {
    return this.#calls.stream(args);
  }

  #accept(outcome: CallOutcome): CallResult<S> {
    this.#losses = outcome.losses;
    const { output, state } = outcome;
    return (state === null ? output : [output, state]) as CallResult<S>;
  }

  /** Which path a call with these arguments takes, and every requirement for cuDNN. */
  explain(args?: ExplainArguments | null): Explanation {
    return explainCall(this.#options, this.#weights?.features ?? null, args);
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
    this.#requireFree("build");
    const [batch, , features] = readInputShape(inputShape, "input_shape");
    if (this.#weights !== null && this.#weights.features !== features) {
      throw expectedShape("input_shape", `${this.#weights.features} features (those it was built for)`, inputShape);
    }
    if (this.#carried !== null) this.#calls.inFlight.requireNone("build");
    this.#weightsFor(features);
    if (batch === null) this.#carried?.clear();
    else this.#carried?.start(batch);
  }

  /** Kernel, recurrent kernel and (with `use_bias`) bias; empty before the layer is built. States are not among them. */
  get weights(): Variable[] {
    this.#requireAlive();
    return this.#weights === null ? [] : [...this.#weights.variables];
  }

  /** `weights`, or none when `trainable` is false. */
  get trainable_weights(): Variable[] {
    return this.trainable ? this.weights : [];
  }

  /** (features, 3 * units), gates in the order z, r, h. Throws `ERR_NOT_BUILT` before the layer is built. */
  get kernel(): Variable {
    return this.#requireBuilt("kernel").kernel;
  }

  /** (units, 3 * units), gates in the order z, r, h. Throws `ERR_NOT_BUILT` before the layer is built. */
  get recurrent_kernel(): Variable {
    return this.#requireBuilt("recurrent_kernel").recurrentKernel;
  }

  /**
   * (2, 3 * units): input bias, recurrent bias; (3 * units,) without `reset_after`; `null` without `use_bias`. Throws
   * `ERR_NOT_BUILT` before the layer is built.
   */
  get bias(): Variable | null {
    return this.#requireBuilt("bias").bias;
  }

  /** Copies of the weights, in the order of `weights`. */
  getWeights(): Tensor<FloatArray>[] {
    this.#requireAlive();
    return this.#weights === null ? [] : this.#weights.get();
  }

  /**
   * Sets all weights, in the order of `weights`: tensors of their shapes, or bare typed arrays of their lengths, converted
   * to the layer's dtype. Calls already submitted keep the old ones.
   *
   * Throws `ERR_ARGUMENT`, `ERR_SHAPE`, `ERR_DTYPE` with no weight changed; `ERR_NOT_BUILT`; `ERR_DISPOSED`.
   */
  setWeights(weights: readonly WeightValue[]): void {
    this.#requireBuilt("setWeights").set(weights);
  }

  /**
   * Sets all weights from a GRU in a Keras model file of any kind; builds the layer if it is not. Rejects as `fromKeras`
   * and with `ERR_SHAPE` where the file's shapes are not this layer's; the layer is then as it was.
   */
  async loadWeights(path: string, args?: LoadWeightsArguments | null): Promise<void> {
    this.#requireAlive();
    const file = await readWeightsFile(path, args);
    this.#requireAlive();
    requireFit(file, path, this.#options, this.#weights?.features ?? null);
    const weights = this.#weights ?? new GRUWeights(this.#options, file.features, this.name, this.#owner);
    weights.set(file.weights);
    this.#weights = weights;
  }

  /**
   * Writes the weights as they are now to a file, all of it or nothing: one that Keras 3 reads (a path that ends in
   * `.weights.h5`) or one with `kernel`, `recurrent_kernel`, `bias` and the config (`.safetensors`). Rejects with
   * `ERR_ARGUMENT` for another path, or one that cannot be written; `ERR_NOT_BUILT`; `ERR_DISPOSED`.
   */
  async saveWeights(path: string, args?: SaveWeightsArguments | null): Promise<void> {
    const request = readSave(path, args);
    await saveWeights(request, this.getConfig(), this.#requireBuilt("saveWeights").get());
  }

  /** The number of elements of all weights. Throws `ERR_NOT_BUILT` before the layer is built. */
  countParams(): number {
    return this.#requireBuilt("countParams").count();
  }

  /**
   * The activity regularizer's losses of the last call (output, then state if returned, each divided by the batch size),
   * then the regularizers' losses of the weights as they are now (none when `trainable` is false).
   */
  get losses(): number[] {
    this.#requireAlive();
    const losses = [...this.#losses];
    if (this.trainable && this.#weights !== null) losses.push(...this.#weights.losses());
    return losses;
  }

  /** Copies of the carried states, in a list of one; `null` where none are carried (yet). */
  get states(): [Tensor<FloatArray>] | null {
    this.#requireAlive();
    return this.#carried === null ? null : this.#carried.tensors();
  }

  /**
   * Sets the carried state of a stateful layer to a copy of `state`, (batch, units), or to zeros, after which the next
   * call may have another batch size.
   *
   * Throws `ERR_STATE` on a layer that is not stateful or has asynchronous calls pending; `ERR_SHAPE`, `ERR_DTYPE`,
   * `ERR_ARGUMENT`; `ERR_DISPOSED`.
   */
  resetState(state?: StateLike | readonly [StateLike] | null): void {
    this.#requireFree("resetState");
    if (this.#carried === null) throw notStateful("resetState");
    this.#calls.inFlight.requireNone("resetState");
    if (state === undefined || state === null) this.#carried.clear();
    else this.#carried.set(state, () => this.#calls.inFlight.requireNone("resetState"));
  }

  /** Zeros of shape (batch, units), in a list of one as in Keras. */
  getInitialState(batch: number): [Tensor<FloatArray>] {
    const rows = requireInteger(batch, "batch", "an integer from 0 to 2^31 - 1", 0, SIZE_LIMIT - 1);
    const shape = [rows, this.units];
    const dtype = this.compute_dtype;
    return [new Tensor(allocate(dtype, checkedProduct(shape, "state"), "state"), shape, dtype)];
  }

  /** The shapes of a call's results, for inputs of shape `[batch, timesteps, features]`. Throws `ERR_SHAPE`. */
  computeOutputShape(inputShape: readonly (number | null)[]): ShapeResult<S> {
    return outputShape<S>(this.#options, inputShape);
  }

  /** The masks of a call's results: `mask` itself with `return_sequences`, otherwise none. */
  computeMask<M>(mask: M | null): MaskResult<M, S> {
    return outputMask<M, S>(this.#options, mask);
  }

  /** What Keras 3.15's `get_config()` gives, key for key: JSON that Keras reads, and `GRU.fromConfig`. */
  getConfig(): GRUConfig {
    return kerasConfig(this.#options, this.name, this.trainable);
  }

  /** Refuses new calls and frees native memory when the last running one has ended. Idempotent. */
  dispose(): void {
    if (this.#disposed) return;
    requireUnlocked(this.#owner, "dispose");
    this.#disposed = true;
    this.#calls.inFlight.close(() => {
      this.#weights?.dispose();
      this.#weights = null;
    });
  }

  /** As `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The weights for a call. Reading its arguments may have run code of the caller's, so nothing is taken for granted. */
  #weightsFor(features: number): GRUWeights {
    this.#requireAlive();
    this.#weights ??= new GRUWeights(this.#options, features, this.name, this.#owner);
    if (this.#weights.features !== features) {
      throw expectedText("ERR_SHAPE", "inputs", `${this.#weights.features} features`, `${features}`);
    }
    return this.#weights;
  }

  #requireAlive(): void {
    if (this.#disposed) throw disposedLayer(this.name);
  }

  /** For what a custom activation may not do to its own layer. */
  #requireFree(what: string): void {
    this.#requireAlive();
    requireUnlocked(this.#owner, what);
  }

  #requireBuilt(what: string): GRUWeights {
    this.#requireAlive();
    if (this.#weights !== null) return this.#weights;
    throw notBuilt(what);
  }
}
