import { allocate } from "../../arguments/memory.js";
import {
  type BackwardAsyncArguments,
  type ReadUpstream,
  readUpstream,
  type Upstream,
} from "../../arguments/read_forward.js";
import { checkedProduct } from "../../arguments/shapes.js";
import { readSignal, refuseAborted } from "../../arguments/signal.js";
import { AsyncPlace } from "../../backend/async_limit.js";
import { whileHeld } from "../../backend/held_place.js";
import { disposed } from "../../errors/layer_errors.js";
import { expectedText } from "../../errors/messages.js";
import { reading } from "../../errors/reading.js";
import type { Dtype, DtypeName } from "../../keras/dtype_policy.js";
import type { NativeArray, NativeDtype, NativePass } from "../../native/binding.js";
import { backwardArguments, type NativeBackwardArguments } from "../../native/contract.js";
import { isSixteenBit, narrowed } from "../../native/sixteen_bit.js";
import { readRecord } from "../../options/record.js";
import { type FloatArray, Tensor } from "../../tensor/tensor.js";
import { runCancellable } from "../async/submit_call.js";
import { type CustomActivations, notAsynchronous } from "../call/custom_activations.js";
import type { ResultTensor, WeightTensor } from "../result_types.js";
import { type ActivityWithGradients, addWeightGradients, type PassWeight, scaledSum } from "./pass_losses.js";

/**
 * The gradient of `sum(upstream * outputs) + sum(losses)` with respect to every array that a pass was computed from.
 */
export interface GRUGradients<D extends DtypeName = DtypeName> {
  /** The gradient of the inputs, (batch, timesteps, features), in the layer's `compute_dtype`. */
  inputs: ResultTensor<D>;
  /**
   * The gradient of the initial state, (batch, units), in the layer's `compute_dtype`. It is there even when the pass
   * started from zeros or from a carried state.
   */
  initial_state: ResultTensor<D>;
  /** The gradients of the weights, in the order, shapes and dtype of the layer's `weights`. */
  weights: WeightTensor<D>[];
}

/** The arrays that the addon writes gradients to. The weights have Keras's order. */
interface NativeGradients {
  readonly inputs: NativeArray;
  readonly initialState: NativeArray;
  readonly weights: NativeArray[];
}

/** The parts that a pass is made of. The pass takes over the arrays and the native pass. */
export interface PassParts {
  readonly nativePass: NativePass;
  /** The dtype of the results. */
  readonly dtype: Dtype;
  /** The dtype of the arrays that the addon takes. */
  readonly kernelDtype: NativeDtype;
  readonly inputShape: readonly number[];
  readonly output: Tensor<FloatArray>;
  readonly state: Tensor<FloatArray>;
  readonly losses: readonly number[];
  readonly activity: ActivityWithGradients;
  readonly weights: readonly PassWeight[];
  readonly custom: CustomActivations | null;
}

const KNOWN: ReadonlySet<string> = new Set(["signal"]);

/**
 * A forward computation that has kept everything that `backward` needs. It keeps this where it was computed, in native
 * memory or on the CUDA device, until `backward` or `dispose`. Later calls and changes of the layer, including its
 * `dispose`, do not affect it.
 */
export class GRUPass<D extends DtypeName = DtypeName> {
  /** The output: (batch, units), or (batch, timesteps, units) with `return_sequences`. */
  readonly output: ResultTensor<D>;
  /** The state after the last timestep, (batch, units), whatever `return_state` is. */
  readonly state: ResultTensor<D>;
  /** The layer's `losses` after this pass: first those of the activity regularizer, then those of the weights. */
  readonly losses: number[];
  readonly #parts: PassParts;
  readonly #outputShape: readonly number[];
  readonly #stateShape: readonly number[];
  #used = false;
  #disposed = false;

  /**
   * Only `forward` makes passes.
   *
   * @internal
   */
  constructor(parts: PassParts) {
    this.output = parts.output as ResultTensor<D>;
    this.state = parts.state as ResultTensor<D>;
    this.losses = [...parts.losses];
    this.#parts = parts;
    this.#outputShape = [...parts.output.shape];
    this.#stateShape = [...parts.state.shape];
  }

  /**
   * Returns the gradient of `sum(upstream.output * output) + sum(upstream.state * state) + upstream.losses *
   * sum(losses)`. It can be called once, because it uses up and frees the memory that the pass has kept.
   *
   * Throws
   * - `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE` for bad gradients, after which it can be called again,
   * - `ERR_STATE` the second time, and inside a custom activation of the layer,
   * - `ERR_DISPOSED` after `dispose`,
   * - `ERR_UNSUPPORTED` for a regularizer without a gradient,
   * - `ERR_CALLBACK` when a custom activation fails,
   * - `ERR_OUT_OF_MEMORY`, `ERR_CUDNN` and `ERR_CUDA`.
   */
  backward(upstream?: Upstream | null): GRUGradients<D> {
    const { nativePass, custom } = this.#parts;
    custom?.requireFree("backward");
    this.#requireFresh();
    const read = this.#read(upstream, false);
    const gradients = this.#emptyGradients();
    this.#requireFresh();
    this.#used = true;
    try {
      const args = this.#argumentsOf(read, gradients);
      if (custom === null) nativePass.backward(...args);
      else custom.run((native) => nativePass.backward(...args, native));
      return this.#finish(gradients, read.losses);
    } finally {
      nativePass.dispose();
    }
  }

  /**
   * Computes as `backward` does, off this thread. The gradients are copied before this method returns.
   *
   * Never throws. Rejects with the errors of `backward`, with `ERR_ARGUMENT` for a layer with a custom activation, with
   * `ERR_BUSY`, and with `ERR_ABORTED` when `signal` aborts: at once while the call waits, and after the current
   * timestep while it runs.
   */
  async backwardAsync(upstream?: Upstream | null, args?: BackwardAsyncArguments | null): Promise<GRUGradients<D>> {
    const { nativePass, custom } = this.#parts;
    const signal = readBackwardSignal(args);
    refuseAborted(signal);
    if (custom !== null) throw notAsynchronous("backwardAsync");
    this.#requireFresh();
    const read = this.#read(upstream, true);
    const gradients = this.#emptyGradients();
    // Reading the gradients may have run user code.
    refuseAborted(signal);
    this.#requireFresh();
    const place = new AsyncPlace("backwardAsync");
    this.#used = true;
    return await whileHeld(place, async () => {
      try {
        const nativeArguments = this.#argumentsOf(read, gradients);
        await runCancellable(signal, (token) => nativePass.backwardAsync(token, ...nativeArguments));
        return this.#finish(gradients, read.losses);
      } finally {
        nativePass.dispose();
      }
    });
  }

  /**
   * Frees the memory that the pass has kept, after a running `backwardAsync` has ended. Output, state and losses stay.
   * Idempotent.
   */
  dispose(): void {
    this.#disposed = true;
    this.#parts.nativePass.dispose();
  }

  /** Calls `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Returns a description: the shapes of the results, and whether `backward` can be called. */
  toString(): string {
    const condition = this.#disposed ? "disposed" : this.#used ? "used" : "fresh";
    const shapes = `output [${this.#outputShape.join(", ")}], state [${this.#stateShape.join(", ")}]`;
    return `GRUPass, ${condition}: ${shapes}, ${this.losses.length} losses`;
  }

  #read(upstream: unknown, copy: boolean): ReadUpstream {
    return readUpstream(upstream, this.#outputShape, this.#stateShape, this.#parts.dtype, copy);
  }

  #emptyGradients(): NativeGradients {
    const { inputShape, kernelDtype, weights } = this.#parts;
    const zeros = (shape: readonly number[]) => allocate(kernelDtype, checkedProduct(shape, "gradients"), "gradients");
    return {
      inputs: zeros(inputShape),
      initialState: zeros(this.#stateShape),
      weights: weights.map(({ shape }) => zeros(shape)),
    };
  }

  #argumentsOf(read: ReadUpstream, { inputs, initialState, weights }: NativeGradients): NativeBackwardArguments {
    const { activity } = this.#parts;
    const [kernel, recurrentKernel, bias] = weights as [NativeArray, NativeArray, NativeArray?];
    const dOutput = scaledSum(activity.output, read.losses, read.output);
    const dState = scaledSum(activity.state, read.losses, read.state);
    return backwardArguments({
      dOutput,
      dState,
      dInputs: inputs,
      dInitialState: initialState,
      dKernel: kernel,
      dRecurrentKernel: recurrentKernel,
      dBias: bias ?? null,
    });
  }

  #finish(gradients: NativeGradients, losses: number): GRUGradients<D> {
    const { dtype, inputShape, weights } = this.#parts;
    addWeightGradients(gradients.weights, weights, losses);
    return {
      inputs: tensorOf(gradients.inputs, inputShape, dtype) as ResultTensor<D>,
      initial_state: tensorOf(gradients.initialState, this.#stateShape, dtype) as ResultTensor<D>,
      weights: weights.map(
        (weight, index) =>
          tensorOf(gradients.weights[index] as NativeArray, weight.shape, weight.dtype) as WeightTensor<D>,
      ),
    };
  }

  #requireFresh(): void {
    if (this.#disposed) {
      throw disposed("pass", "backward");
    }
    if (!this.#used) return;
    throw expectedText("ERR_STATE", "backward", "a fresh pass", "one whose gradients were computed already", {
      remedy: "Call forward() again.",
    });
  }
}

/** Returns the values that the addon computed as a tensor of `dtype`. */
export function tensorOf(data: NativeArray, shape: readonly number[], dtype: Dtype): Tensor<FloatArray> {
  return new Tensor(isSixteenBit(dtype) ? narrowed(data as Float32Array, dtype) : data, [...shape], dtype);
}

/** Reads the signal of `backwardAsync`. Throws `ERR_ARGUMENT`. */
export function readBackwardSignal(args: unknown): AbortSignal | null {
  if (args === undefined || args === null) return null;
  return reading("backwardAsync", () => {
    return readSignal(readRecord(args, KNOWN, "backwardAsync").signal);
  });
}
