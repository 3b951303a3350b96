import {
  type BackwardAsyncArguments,
  type ReadUpstream,
  readUpstream,
  type Upstream,
} from "../../arguments/forward.js";
import { allocate } from "../../arguments/memory.js";
import { checkedProduct } from "../../arguments/shapes.js";
import { readSignal, refuseAborted } from "../../arguments/signal.js";
import { QueuePlace } from "../../backend/call_queue.js";
import { disposed } from "../../errors/layer_errors.js";
import { expectedText } from "../../errors/messages.js";
import { reading } from "../../errors/reading.js";
import type { Dtype, DtypeName } from "../../keras/dtype_policy.js";
import type { NativeArray, NativeDtype, NativeTape } from "../../native/binding.js";
import { backwardArguments, type NativeBackwardArguments } from "../../native/contract.js";
import { isSixteenBit, narrowed } from "../../native/sixteen_bit.js";
import { readRecord } from "../../options/record.js";
import { type FloatArray, Tensor } from "../../tensor/tensor.js";
import { cancellable } from "../async/submit_call.js";
import { type CustomActivations, notAsynchronous } from "../call/custom_activations.js";
import type { ResultTensor, WeightTensor } from "../result_types.js";
import { type Activity, addWeightGradients, sumOf, type WeightTerm } from "./pass_losses.js";

/** The gradient of `sum(upstream * outputs) + sum(losses)` with respect to everything a pass was computed from. */
export interface GRUGradients<D extends DtypeName = DtypeName> {
  /** (batch, timesteps, features), in the layer's `compute_dtype`. */
  inputs: ResultTensor<D>;
  /** (batch, units), also where the pass began with zeros or with a carried state; in the layer's `compute_dtype`. */
  initial_state: ResultTensor<D>;
  /** In the order, the shapes and the dtype of the layer's `weights`. */
  weights: WeightTensor<D>[];
}

/** The arrays that the addon writes gradients to, weights in Keras's order. */
interface RawGradients {
  readonly inputs: NativeArray;
  readonly initialState: NativeArray;
  readonly weights: NativeArray[];
}

/** What a pass is made of. Arrays and tape become its own. */
export interface PassParts {
  readonly tape: NativeTape;
  /** Of the results. */
  readonly dtype: Dtype;
  /** Of the arrays that the addon takes. */
  readonly kernelDtype: NativeDtype;
  readonly inputShape: readonly number[];
  readonly output: Tensor<FloatArray>;
  readonly state: Tensor<FloatArray>;
  readonly losses: readonly number[];
  readonly activity: Activity;
  readonly terms: readonly WeightTerm[];
  readonly custom: CustomActivations | null;
}

const KNOWN: ReadonlySet<string> = new Set(["signal"]);

/**
 * One forward computation that has kept what `backward` needs. It keeps it where it was computed, in native memory or on
 * the CUDA device, until `backward` or `dispose`: later calls and changes of the layer, its `dispose` included, do not
 * touch it.
 */
export class GRUPass<D extends DtypeName = DtypeName> {
  /** (batch, units), or (batch, timesteps, units) with `return_sequences`. */
  readonly output: ResultTensor<D>;
  /** (batch, units): the state after the last timestep, whatever `return_state` is. */
  readonly state: ResultTensor<D>;
  /** The layer's `losses` after this pass: activity first, then weights. */
  readonly losses: number[];
  readonly #parts: PassParts;
  readonly #outputShape: readonly number[];
  readonly #stateShape: readonly number[];
  #used = false;
  #disposed = false;

  /**
   * Made by `forward`.
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
   * The gradient of `sum(upstream.output * output) + sum(upstream.state * state) + upstream.losses * sum(losses)`. Good for once: what the
   * pass has kept is used up and freed.
   *
   * Throws `ERR_ARGUMENT`, `ERR_SHAPE`, `ERR_DTYPE` for bad gradients, after which it can be called again; `ERR_STATE`
   * the second time, and from a custom activation of the layer; `ERR_DISPOSED` after `dispose`; `ERR_UNSUPPORTED` for a
   * regularizer without a gradient; `ERR_CALLBACK` when a custom activation fails; `ERR_OUT_OF_MEMORY`, `ERR_CUDNN`,
   * `ERR_CUDA`.
   */
  backward(upstream?: Upstream | null): GRUGradients<D> {
    const { tape, custom } = this.#parts;
    custom?.requireFree("backward");
    this.#requireFresh();
    const read = this.#read(upstream, false);
    const gradients = this.#emptyGradients();
    this.#requireFresh();
    this.#used = true;
    try {
      const args = this.#argumentsOf(read, gradients);
      if (custom === null) tape.backward(...args);
      else custom.run((native) => tape.backward(...args, native));
      return this.#finish(gradients, read.losses);
    } finally {
      tape.dispose();
    }
  }

  /**
   * As `backward`, off this thread; the gradients are copied before this returns. Never throws: rejects with what
   * `backward` throws, with `ERR_ARGUMENT` for a layer with a custom activation, with `ERR_BUSY`, and with `ERR_ABORTED`
   * when `signal` aborts: at once while the call waits, after the current timestep while it runs.
   */
  async backwardAsync(upstream?: Upstream | null, args?: BackwardAsyncArguments | null): Promise<GRUGradients<D>> {
    const { tape, custom } = this.#parts;
    const signal = readBackwardSignal(args);
    refuseAborted(signal);
    if (custom !== null) throw notAsynchronous("backwardAsync");
    this.#requireFresh();
    const read = this.#read(upstream, true);
    const gradients = this.#emptyGradients();
    // Reading the gradients may have run code of the caller's.
    refuseAborted(signal);
    this.#requireFresh();
    using _place = new QueuePlace("backwardAsync");
    this.#used = true;
    try {
      const nativeArguments = this.#argumentsOf(read, gradients);
      await cancellable(signal, (token) => tape.backwardAsync(token, ...nativeArguments));
      return this.#finish(gradients, read.losses);
    } finally {
      tape.dispose();
    }
  }

  /** Frees what the pass has kept, after a running `backwardAsync`. Output, state and losses stay. Idempotent. */
  dispose(): void {
    this.#disposed = true;
    this.#parts.tape.dispose();
  }

  /** As `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Shapes of the results, and whether `backward` can be called. */
  toString(): string {
    const condition = this.#disposed ? "disposed" : this.#used ? "used" : "fresh";
    const shapes = `output [${this.#outputShape.join(", ")}], state [${this.#stateShape.join(", ")}]`;
    return `GRUPass, ${condition}: ${shapes}, ${this.losses.length} losses`;
  }

  #read(upstream: unknown, copy: boolean): ReadUpstream {
    return readUpstream(upstream, this.#outputShape, this.#stateShape, this.#parts.dtype, copy);
  }

  #emptyGradients(): RawGradients {
    const { inputShape, kernelDtype, terms } = this.#parts;
    const zeros = (shape: readonly number[]) => allocate(kernelDtype, checkedProduct(shape, "gradients"), "gradients");
    return {
      inputs: zeros(inputShape),
      initialState: zeros(this.#stateShape),
      weights: terms.map(({ shape }) => zeros(shape)),
    };
  }

  #argumentsOf(read: ReadUpstream, { inputs, initialState, weights }: RawGradients): NativeBackwardArguments {
    const { activity } = this.#parts;
    const [kernel, recurrentKernel, bias] = weights as [NativeArray, NativeArray, NativeArray?];
    const dOutput = sumOf(activity.output, read.losses, read.output);
    const dState = sumOf(activity.state, read.losses, read.state);
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

  #finish({ inputs, initialState, weights }: RawGradients, losses: number): GRUGradients<D> {
    const { dtype, inputShape, terms } = this.#parts;
    addWeightGradients(weights, terms, losses);
    return {
      inputs: tensorOf(inputs, inputShape, dtype) as ResultTensor<D>,
      initial_state: tensorOf(initialState, this.#stateShape, dtype) as ResultTensor<D>,
      weights: terms.map(
        (term, index) => tensorOf(weights[index] as NativeArray, term.shape, term.dtype) as WeightTensor<D>,
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

/** What the addon computed, as a tensor of `dtype`. */
export function tensorOf(data: NativeArray, shape: readonly number[], dtype: Dtype): Tensor<FloatArray> {
  return new Tensor(isSixteenBit(dtype) ? narrowed(data as Float32Array, dtype) : data, [...shape], dtype);
}

function readBackwardSignal(args: unknown): AbortSignal | null {
  if (args === undefined || args === null) return null;
  return reading("backwardAsync", () => {
    return readSignal(readRecord(args, KNOWN, "backwardAsync").signal);
  });
}
