import { allocate } from "../../arguments/memory.js";
import { type OutTensor, readOutTensor } from "../../arguments/out_argument.js";
import type { StateLike } from "../../arguments/read_call.js";
import {
  type FrameFormat,
  type ReadFrames,
  readFrames,
  readStreamArguments,
  type StreamFrame,
} from "../../arguments/read_stream.js";
import { checkedProduct } from "../../arguments/shapes.js";
import { requireWhole } from "../../arguments/typed_array.js";
import { disposed } from "../../errors/layer_errors.js";
import { unreadable } from "../../errors/reading.js";
import type { ComputeDtype, DtypeName } from "../../keras/dtype_policy.js";
import { isSteady, kindOf, lengthOf, overlap, writeTo } from "../../native/intrinsics.js";
import { printAsText } from "../../tensor/print_as_text.js";
import { type FloatArray, type FloatArrayOf, Tensor } from "../../tensor/tensor.js";
import type { LayerParts } from "../layer_parts.js";
import type { ResultTensor } from "../result_types.js";
import { StreamState } from "./stream_state.js";
import { StreamSteps } from "./stream_steps.js";

/** The kind of array that holds elements of each dtype. */
const KINDS = { float32: "Float32Array", float64: "Float64Array", float16: "Uint16Array", bfloat16: "Uint16Array" };

/**
 * Computes a layer one timestep at a time, or some timesteps at a time, and carries the state. Each step returns the
 * output that `call` returns for that timestep, bit for bit on the CPU path, with the weights of that moment. Dropout is
 * off, and losses of regularizers are not computed. The streams of one layer are independent of each other and of the
 * state of a stateful layer.
 */
export class GRUStream<D extends DtypeName = DtypeName> {
  /** The number of rows of every frame. */
  readonly batch: number;
  readonly #layer: LayerParts;
  readonly #format: FrameFormat;
  /** The kind of array that frames and results need no conversion for. */
  readonly #kind: string;
  /** The arrays and the state. `null` after `dispose`. */
  #steps: StreamSteps | null;
  /** The tensors that callers receive who pass no `out`. */
  readonly #results: { frame: Tensor<FloatArray> | null; block: Tensor<FloatArray> | null } = {
    frame: null,
    block: null,
  };
  /** Memory for the results of a block that the kernels may not write to the caller's memory. */
  #scratch: FloatArray | null = null;

  /** @internal */
  constructor(layer: LayerParts, args: unknown) {
    const { batch, initialState } = readStreamArguments(args);
    const { options } = layer;
    layer.weights.requireFree("stream");
    const { features } = layer.weights.requireBuilt("stream");
    this.batch = batch;
    this.#layer = layer;
    this.#format = { batch, features, dtype: options.computeDtype, autocast: options.autocast };
    this.#kind = KINDS[options.computeDtype];
    const state = new StreamState(layer, batch, features);
    this.#steps = new StreamSteps(layer, state, features);
    if (initialState !== null) state.set(initialState, "initial_state");
  }

  /**
   * Computes one timestep, and returns the output, (batch, units). Or computes a block of timesteps, (batch, timesteps,
   * features), and returns their outputs, (batch, timesteps, units). In a stream of one row a bare array of several
   * frames is a block too. Without `out` the output is a tensor of the stream's own, which the next `push` of the same
   * kind overwrites.
   *
   * A frame is copied to `input`, and its result is in `output` too. A block leaves these two arrays alone.
   *
   * Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE` for a bad frame or `out`, `ERR_DISPOSED`, and the errors of
   * `call`. The state has then not changed.
   */
  push(frame: StreamFrame): ResultTensor<D>;
  /** Computes one timestep or a block of timesteps, and writes the output to `out`, which it returns. */
  push<T extends OutTensor>(frame: StreamFrame, out: T): T;
  push(frame: StreamFrame, out?: OutTensor | null): ResultTensor<D> | OutTensor {
    const given = out ?? null;
    const data = this.#dataOf(frame);
    const { output, input } = this.#ready("push");
    const isFrame = this.#isPlain(data, input.length);
    if (!isFrame || (given !== null && !this.#isPlain(given, output.length))) return this.#pushOther(frame, given);
    if (given !== null) {
      this.#pushFrame(data, given as FloatArray);
      return given;
    }
    const result = this.#ownResult("frame", 1);
    this.#pushFrame(data, result.data);
    return result as ResultTensor<D>;
  }

  /**
   * The frame that `step` computes, (batch, features), as the bits of its elements in a 16-bit layer. Always the same
   * array, over a `SharedArrayBuffer`: nobody can detach it, and a worker that gets it may write frames to it. Throws
   * `ERR_DISPOSED`.
   */
  get input(): FloatArrayOf<ComputeDtype<D>> {
    return this.#requireAlive("input").input as FloatArrayOf<ComputeDtype<D>>;
  }

  /** The result of the last `step`, (batch, units), in an array of the same kind as `input`. Throws `ERR_DISPOSED`. */
  get output(): FloatArrayOf<ComputeDtype<D>> {
    return this.#requireAlive("output").output as FloatArrayOf<ComputeDtype<D>>;
  }

  /**
   * Computes one timestep from `input`, and writes the result to `output`. For the tightest loops: it does what `push`
   * does with a frame, but has no arguments to look at.
   *
   * Throws `ERR_DISPOSED` and the errors of `call`. The state and `output` have then not changed.
   */
  step(): void {
    this.#ready("step").step(null);
  }

  /** A copy of the state, (batch, units): after the last frame, or the initial state before the first one. */
  get state(): ResultTensor<D> {
    const { state } = this.#requireAlive("state");
    const { units, computeDtype } = this.#layer.options;
    return new Tensor(state.copy(), [this.batch, units], computeDtype) as ResultTensor<D>;
  }

  /**
   * Starts again from a copy of `state`, (batch, units), or from zeros. Throws `ERR_ARGUMENT`, `ERR_SHAPE`, `ERR_DTYPE`
   * or `ERR_DISPOSED`, and then the stream has not changed.
   */
  reset(state?: StateLike | readonly [StateLike] | null): void {
    const steps = this.#requireAlive("reset");
    if (state === undefined || state === null) steps.state.clear();
    else steps.state.set(state, "state");
  }

  /** Returns a description with the shapes of frames and results. */
  toString(): string {
    const { computeDtype, units } = this.#layer.options;
    const end = this.#steps === null ? ", disposed" : "";
    return `GRUStream, ${computeDtype}: [${this.batch}, ${this.#format.features}] → [${this.batch}, ${units}]${end}`;
  }

  /**
   * Frees the stream's memory. Everything else that it has then throws `ERR_DISPOSED`. Idempotent. The layer is not
   * affected.
   */
  dispose(): void {
    this.#steps = null;
    this.#results.frame = null;
    this.#results.block = null;
    this.#scratch = null;
  }

  /** Calls `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Returns the arrays. Throws unless the stream may compute now, which is checked before any of its memory changes. */
  #ready(method: string): StreamSteps {
    const steps = this.#requireAlive(method);
    this.#layer.weights.requireFree(method);
    this.#layer.weights.requireBuilt(method);
    return steps;
  }

  #requireAlive(method: string): StreamSteps {
    if (this.#steps !== null) return this.#steps;
    throw disposed("stream", method);
  }

  /** Returns the data of a tensor of this package that is a frame, and any other value itself. */
  #dataOf(frame: unknown): unknown {
    try {
      if (!(frame instanceof Tensor)) return frame;
      const { shape, dtype, data } = frame;
      const { batch, features, dtype: wanted } = this.#format;
      return shape.length === 2 && shape[0] === batch && shape[1] === features && dtype === wanted ? data : frame;
    } catch (error) {
      throw unreadable(error, "push");
    }
  }

  /** True for a typed array of `count` elements of the compute dtype, which needs no further reading. */
  #isPlain(value: unknown, count: number): value is FloatArray {
    return count > 0 && kindOf(value as object) === this.#kind && lengthOf(value as FloatArray) === count;
  }

  #pushFrame(data: FloatArray, target: FloatArray): void {
    const steps = this.#requireAlive("push");
    writeTo(steps.input, data);
    steps.step(target);
  }

  /** Pushes a block, or a frame that must be read or whose `out` must be read. */
  #pushOther(frame: unknown, out: OutTensor | null): ResultTensor<D> | OutTensor {
    const { data, timesteps, target } = this.#read(frame, out);
    this.#ready("push");
    if (timesteps === null) this.#pushFrame(data, target.data);
    else this.#pushBlock(data, timesteps, target.data);
    return out ?? (target as ResultTensor<D>);
  }

  /** Reads the frames, and returns them with the memory for their result. */
  #read(frame: unknown, out: OutTensor | null): ReadFrames & { target: { data: FloatArray } } {
    const { units, computeDtype } = this.#layer.options;
    try {
      // The user's functions could detach the frames that the kernels read.
      const { data, timesteps } = readFrames(frame, this.#format, this.#layer.custom !== null);
      const count = lengthOf(data);
      const shape = timesteps === null ? [this.batch, units] : [this.batch, timesteps, units];
      const target =
        out === null
          ? this.#ownResult(timesteps === null ? "frame" : "block", timesteps ?? 1)
          : readOutTensor(out, shape, computeDtype, "out");
      // Reading `out` may have run user code.
      requireWhole(data, count, "frame");
      requireWhole(target.data, checkedProduct(shape, "out"), "out");
      return { data, timesteps, target };
    } catch (error) {
      throw unreadable(error, "push");
    }
  }

  #pushBlock(data: FloatArray, timesteps: number, target: FloatArray): void {
    // No user code may run while the kernels use the caller's memory, which only this thread may be able to change.
    const direct = this.#layer.custom === null && isSteady(target) && !overlap(target, data);
    const output = direct ? target : this.#scratchFor(lengthOf(target));
    this.#requireAlive("push").state.compute(data, output, timesteps, () => {
      if (direct) return;
      // A custom activation may have detached it.
      requireWhole(target, output.length, "out");
      writeTo(target, output);
    });
  }

  #scratchFor(count: number): FloatArray {
    if (this.#scratch?.length !== count) this.#scratch = allocate(this.#format.dtype, count, "output");
    return this.#scratch;
  }

  /** Returns the stream's own tensor for results of this kind. */
  #ownResult(kind: "frame" | "block", timesteps: number): Tensor<FloatArray> {
    const { units, computeDtype } = this.#layer.options;
    const count = this.batch * timesteps * units;
    const kept = this.#results[kind];
    // The caller may have detached it.
    if (kept !== null && lengthOf(kept.data) === count) return kept;
    const shape = kind === "frame" ? [this.batch, units] : [this.batch, timesteps, units];
    const made = new Tensor(allocate(computeDtype, checkedProduct(shape, "output"), "output"), shape, computeDtype);
    this.#results[kind] = made;
    return made;
  }
}

printAsText(GRUStream);
