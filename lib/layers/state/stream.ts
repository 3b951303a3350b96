import { kernelArray } from "../../arguments/convert.js";
import { allocate } from "../../arguments/memory.js";
import { type OutTensor, readOutTensor } from "../../arguments/out_argument.js";
import type { StateLike } from "../../arguments/read_call.js";
import { readFrame, readState, readStreamArguments, type StreamFrame } from "../../arguments/read_stream.js";
import { checkedProduct } from "../../arguments/shapes.js";
import { requireWhole } from "../../arguments/typed_array.js";
import { disposed } from "../../errors/layer_errors.js";
import { unreadable } from "../../errors/reading.js";
import type { DtypeName } from "../../keras/dtype_policy.js";
import type { NativeArray } from "../../native/binding.js";
import { RepeatedCall } from "../../native/contract.js";
import { isSteady, kindOf, lengthOf, overlap, writeTo } from "../../native/intrinsics.js";
import { native } from "../../native/load.js";
import { isSixteenBit, narrowed, narrowInto, type SixteenBitDtype } from "../../native/sixteen_bit.js";
import { printAsText } from "../../tensor/print_as_text.js";
import { type FloatArray, Tensor } from "../../tensor/tensor.js";
import { computeNow } from "../call/call.js";
import type { LayerParts } from "../layer_parts.js";
import type { ResultTensor } from "../result_types.js";

/** The kind of array that holds elements of each dtype. */
const KINDS = { float32: "Float32Array", float64: "Float64Array", float16: "Uint16Array", bfloat16: "Uint16Array" };

/**
 * Computes a layer one timestep at a time and carries the state. Each step returns the output that `call` returns for
 * that timestep, bit for bit on the CPU path, with the weights of that moment. Dropout is off, and losses of
 * regularizers are not computed. The streams of one layer are independent of each other and of the state of a stateful
 * layer.
 */
export class GRUStream<D extends DtypeName = DtypeName> {
  /** The number of rows of every frame. */
  readonly batch: number;
  readonly #layer: LayerParts;
  readonly #features: number;
  readonly #units: number;
  readonly #inputCount: number;
  /** The dtype of results and frames when it has 16 bits, for which the kernels use float32; otherwise `null`. */
  readonly #rounding: SixteenBitDtype | null;
  /** The kind of array that frames and results need no conversion for. */
  readonly #kind: string;
  /** True when the kernels may use the caller's memory: it has their type, and no user code runs meanwhile. */
  readonly #direct: boolean;
  readonly #onCuda: boolean;
  /** The arguments of the native call that computes one timestep. */
  readonly #step: RepeatedCall;
  #state: NativeArray;
  /** The memory that the next step writes the state to, so that a failed step does not change the state. */
  #spare: NativeArray;
  /** Memory of the stream's own for a frame and a result, for when the kernels may not use the caller's. */
  #input: NativeArray | null = null;
  #output: NativeArray | null = null;
  #target: FloatArray | null = null;
  /** The tensor over `#target`, which callers receive. */
  #view: ResultTensor<D> | null = null;
  #disposed = false;

  /** @internal */
  constructor(layer: LayerParts, args: unknown) {
    const { batch, initialState } = readStreamArguments(args);
    const { options, custom } = layer;
    layer.weights.requireFree("stream");
    const { features } = layer.weights.requireBuilt("stream");
    this.#layer = layer;
    this.batch = batch;
    this.#features = features;
    this.#units = options.units;
    this.#inputCount = checkedProduct([batch, features], "frame");
    this.#rounding = options.rounding;
    this.#kind = KINDS[options.computeDtype];
    this.#direct = options.rounding === null && custom === null;
    this.#onCuda = options.useCudnn === true;
    this.#state = this.#newArray("state");
    this.#spare = this.#newArray("state");
    const step = { inputs: this.#state, mask: null, lengths: null, dropout: null, batch, timesteps: 1, flags: 0 };
    this.#step = new RepeatedCall(step, { output: this.#state, state: this.#spare, initialState: this.#state });
    if (initialState !== null) this.#state = this.#readState(initialState, "initial_state");
  }

  /**
   * Computes one timestep and returns the output, (batch, units). Without `out` that is the stream's own tensor, which
   * the next `push` overwrites.
   *
   * Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE` for a bad frame or `out`, `ERR_DISPOSED`, and the errors of
   * `call`. The stream has then not changed.
   */
  push(frame: StreamFrame): ResultTensor<D>;
  /** Computes one timestep and writes the output to `out`, which it returns. */
  push<T extends OutTensor>(frame: StreamFrame, out: T): T;
  push(frame: StreamFrame, out?: OutTensor | null): ResultTensor<D> | OutTensor {
    this.#requireAlive("push");
    // This check comes before any memory of the stream is written to, because a running step may be reading it.
    const { weights, custom } = this.#layer;
    weights.requireFree("push");
    const built = weights.requireBuilt("push");
    const given = out !== undefined && out !== null;
    const { target, input } = this.#read(frame, given ? out : null);
    const gru = built.packed();
    const safe = this.#direct && (!given || (isSteady(target) && !overlap(target, input)));
    const output = safe ? (target as NativeArray) : this.#scratch();
    const args = this.#step.with(input, output, this.#spare, this.#state, this.#pathFlags());
    try {
      computeNow(gru, custom, args);
    } finally {
      this.#step.release(this.#state);
    }
    if (output !== target) this.#copyResult(output, target);
    const before = this.#state;
    this.#state = this.#spare;
    this.#spare = before;
    return given ? out : (this.#view as ResultTensor<D>);
  }

  /** Reads the frame, and returns it in the form that the kernels take, with the memory for the result. */
  #read(frame: StreamFrame, out: OutTensor | null): { target: FloatArray; input: NativeArray } {
    try {
      const target = out === null ? this.#ownTarget() : this.#targetFor(out);
      const input = this.#inputFor(frame);
      // Reading the frame and `out` may have run user code.
      this.#requireAlive("push");
      requireWhole(target, this.#state.length, "out");
      return { target, input };
    } catch (error) {
      throw unreadable(error, "push");
    }
  }

  /** A copy of the state, (batch, units): after the last frame, or the initial state before the first one. */
  get state(): ResultTensor<D> {
    this.#requireAlive("state");
    const state = this.#state;
    const data = this.#rounding === null ? state.slice() : narrowed(state as Float32Array, this.#rounding);
    return new Tensor(data, [this.batch, this.#units], this.#layer.options.computeDtype) as ResultTensor<D>;
  }

  /**
   * Starts again from a copy of `state`, (batch, units), or from zeros. Throws `ERR_ARGUMENT`, `ERR_SHAPE`, `ERR_DTYPE`
   * or `ERR_DISPOSED`, and then the stream has not changed.
   */
  reset(state?: StateLike | readonly [StateLike] | null): void {
    this.#requireAlive("reset");
    if (state === undefined || state === null) this.#state.fill(0);
    else this.#state = this.#readState(state, "state");
  }

  /** Returns a description with the shapes of frames and results. */
  toString(): string {
    const disposed = this.#disposed ? ", disposed" : "";
    const { computeDtype } = this.#layer.options;
    return `GRUStream, ${computeDtype}: [${this.batch}, ${this.#features}] → [${this.batch}, ${this.#units}]${disposed}`;
  }

  /**
   * Frees the stream's memory. `push`, `state` and `reset` then throw `ERR_DISPOSED`. Idempotent. The layer is not
   * affected.
   */
  dispose(): void {
    this.#disposed = true;
    this.#state = new Float32Array(0);
    this.#spare = this.#state;
    this.#step.release(this.#state);
    this.#input = null;
    this.#output = null;
    this.#target = null;
    this.#view = null;
  }

  /** Calls `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /**
   * Returns the frame in the form that the kernels take. For an array of the compute dtype this checks nothing further
   * and allocates nothing.
   */
  #inputFor(frame: StreamFrame): NativeArray {
    const { options, custom } = this.#layer;
    const data: unknown = frame instanceof Tensor && this.#isFrame(frame) ? frame.data : frame;
    const read = this.#isDirectlyUsable(data, this.#inputCount)
      ? data
      : readFrame(frame, [this.batch, this.#features], options.computeDtype, options.autocast);
    if (this.#rounding !== null) {
      this.#input ??= allocate("float32", this.#inputCount, "frame");
      if (this.#inputCount > 0) native().widen(this.#input as Float32Array, read as Uint16Array, this.#rounding);
      return this.#input;
    }
    if (custom === null) return read as NativeArray;
    this.#input ??= allocate(options.kernelDtype, this.#inputCount, "frame");
    this.#input.set(read);
    return this.#input;
  }

  /**
   * True when the kernels can use `value` directly: it has the compute dtype and `count` elements, and only this thread
   * can change its memory.
   */
  #isDirectlyUsable(value: unknown, count: number): value is FloatArray {
    if (kindOf(value as object) !== this.#kind) return false;
    const array = value as FloatArray;
    return count > 0 && lengthOf(array) === count && isSteady(array);
  }

  #isFrame({ shape, dtype }: Tensor): boolean {
    return (
      shape.length === 2 &&
      shape[0] === this.batch &&
      shape[1] === this.#features &&
      dtype === this.#layer.options.computeDtype
    );
  }

  /** Returns the memory of `out` that the result is written to. */
  #targetFor(out: unknown): FloatArray {
    if (!isSixteenBit(this.#layer.options.computeDtype)) {
      if (this.#isDirectlyUsable(out, this.#state.length)) return out;
    }
    return readOutTensor(out, [this.batch, this.#units], this.#layer.options.computeDtype, "out").data;
  }

  /** Returns the memory of the stream's own tensor. */
  #ownTarget(): FloatArray {
    // The caller may have detached it.
    if (this.#target === null || lengthOf(this.#target) !== this.#state.length) {
      const { computeDtype } = this.#layer.options;
      this.#target = allocate(computeDtype, this.#state.length, "output");
      this.#view = new Tensor(this.#target, [this.batch, this.#units], computeDtype) as ResultTensor<D>;
    }
    return this.#target;
  }

  #scratch(): NativeArray {
    this.#output ??= this.#newArray("output");
    return this.#output;
  }

  #copyResult(output: NativeArray, target: FloatArray): void {
    // A custom activation may have detached it.
    requireWhole(target, output.length, "out");
    if (this.#rounding === null) writeTo(target, output);
    else if (isSteady(target)) narrowInto(target as Uint16Array, output as Float32Array, this.#rounding);
    else writeTo(target, narrowed(output as Float32Array, this.#rounding));
  }

  /**
   * Returns the flags of the path. A stream runs on the CPU unless `use_cudnn` is true, because one timestep is too
   * little work for a kernel launch.
   */
  #pathFlags(): number {
    if (!this.#onCuda) return 0;
    const features = this.#features;
    const step = { batch: this.batch, timesteps: 1, features, mask: null, lengths: null, training: false };
    return this.#layer.path.flagsFor(step);
  }

  #newArray(name: string): NativeArray {
    const count = checkedProduct([this.batch, this.#units], name);
    return allocate(this.#layer.options.kernelDtype, count, name);
  }

  #readState(value: unknown, name: string): NativeArray {
    const { computeDtype } = this.#layer.options;
    return kernelArray(readState(value, [this.batch, this.#units], computeDtype, name), computeDtype);
  }

  #requireAlive(method: string): void {
    if (!this.#disposed) return;
    throw disposed("stream", method);
  }
}

printAsText(GRUStream);
