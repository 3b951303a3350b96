import type { StateLike } from "../../arguments/call.js";
import { kernelArray } from "../../arguments/convert.js";
import { isSteady, kindOf, lengthOf, overlap, writeTo } from "../../arguments/intrinsics.js";
import { allocate } from "../../arguments/memory.js";
import { type OutTensor, readOutTensor } from "../../arguments/out.js";
import { checkedProduct } from "../../arguments/shapes.js";
import { readFrame, readState, readStreamArguments, type StreamFrame } from "../../arguments/stream.js";
import { requireWhole } from "../../arguments/typed_array.js";
import { disposed } from "../../errors/layer_errors.js";
import { unreadable } from "../../errors/reading.js";
import type { DtypeName } from "../../keras/dtype_policy.js";
import type { NativeArray } from "../../native/binding.js";
import { RepeatedCall } from "../../native/contract.js";
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
 * A layer as a stepper: it takes one timestep at a time and carries the state. Each step gives what `call` gives for that
 * timestep, bit for bit on the CPU path, with the weights as they are at that moment. Dropout is off, and regularizers'
 * losses are not computed. Streams of one layer do not know each other, nor the state of a stateful layer.
 */
export class GRUStream<D extends DtypeName = DtypeName> {
  /** Rows of every frame. */
  readonly batch: number;
  readonly #layer: LayerParts;
  readonly #features: number;
  readonly #units: number;
  readonly #inputCount: number;
  /** 16 bits of results and frames, which the kernels know as float32. */
  readonly #rounding: SixteenBitDtype | null;
  /** Arrays of this kind are frames and results as they are. */
  readonly #kind: string;
  /** Whether the kernels may use the caller's memory: of their type, and no code of the caller's meanwhile. */
  readonly #direct: boolean;
  readonly #onCuda: boolean;
  /** One timestep as a native call. */
  readonly #step: RepeatedCall;
  #state: NativeArray;
  /** What the next step writes the state to, so that one that fails leaves the state. */
  #spare: NativeArray;
  /** A frame and a result of the stream's own, where the kernels may not use the caller's. */
  #input: NativeArray | null = null;
  #output: NativeArray | null = null;
  #target: FloatArray | null = null;
  /** The tensor over `#target`, which callers have. */
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
   * Computes one timestep. Gives the output, (batch, units): the stream's own tensor, which the next `push` overwrites, or
   * `out`, written to.
   *
   * Throws `ERR_ARGUMENT`, `ERR_SHAPE`, `ERR_DTYPE` for a bad frame or `out`; `ERR_DISPOSED`; and as `call`. The stream is
   * then as it was.
   */
  push(frame: StreamFrame): ResultTensor<D>;
  /** Computes one timestep and writes the output to `out`, which it returns. */
  push<T extends OutTensor>(frame: StreamFrame, out: T): T;
  push(frame: StreamFrame, out?: OutTensor | null): ResultTensor<D> | OutTensor {
    this.#requireAlive("push");
    // Before anything of the stream's is written to, which a step that is running may be reading.
    const { weights, custom } = this.#layer;
    weights.requireFree("push");
    const built = weights.requireBuilt("push");
    const given = out !== undefined && out !== null;
    const { target, input } = this.#read(frame, given ? out : null);
    const gru = built.packed();
    const safe = this.#direct && (!given || (isSteady(target) && !overlap(target, input)));
    const output = safe ? (target as NativeArray) : this.#scratch();
    const args = this.#step.with(input, output, this.#spare, this.#state, this.#pathFlags());
    computeNow(gru, custom, args);
    if (output !== target) this.#deliver(output, target);
    const before = this.#state;
    this.#state = this.#spare;
    this.#spare = before;
    return given ? out : (this.#view as ResultTensor<D>);
  }

  /** The frame as the kernels take it, and where the result goes. */
  #read(frame: StreamFrame, out: OutTensor | null): { target: FloatArray; input: NativeArray } {
    try {
      const target = out === null ? this.#ownTarget() : this.#targetFor(out);
      const input = this.#inputFor(frame);
      // Reading them may have run code of the caller's.
      this.#requireAlive("push");
      requireWhole(target, this.#state.length, "out");
      return { target, input };
    } catch (error) {
      throw unreadable(error, "push");
    }
  }

  /** A copy of the state, (batch, units): after the last frame, or before the first. */
  get state(): ResultTensor<D> {
    this.#requireAlive("state");
    const state = this.#state;
    const data = this.#rounding === null ? state.slice() : narrowed(state as Float32Array, this.#rounding);
    return new Tensor(data, [this.batch, this.#units], this.#layer.options.computeDtype) as ResultTensor<D>;
  }

  /**
   * Starts again from a copy of `state`, (batch, units), or from zeros. Throws `ERR_ARGUMENT`, `ERR_SHAPE`, `ERR_DTYPE`,
   * `ERR_DISPOSED`; the stream is then as it was.
   */
  reset(state?: StateLike | readonly [StateLike] | null): void {
    this.#requireAlive("reset");
    if (state === undefined || state === null) this.#state.fill(0);
    else this.#state = this.#readState(state, "state");
  }

  /** Shapes of frames and results. */
  toString(): string {
    const disposed = this.#disposed ? ", disposed" : "";
    const { computeDtype } = this.#layer.options;
    return `GRUStream, ${computeDtype}: [${this.batch}, ${this.#features}] → [${this.batch}, ${this.#units}]${disposed}`;
  }

  /** Gives up its memory; `push`, `state` and `reset` are `ERR_DISPOSED` afterwards. Idempotent; the layer stays. */
  dispose(): void {
    this.#disposed = true;
    this.#state = new Float32Array(0);
    this.#spare = this.#state;
    this.#step.with(this.#state, this.#state, this.#state, this.#state, 0);
    this.#input = null;
    this.#output = null;
    this.#target = null;
    this.#view = null;
  }

  /** As `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The frame as the kernels take it. Arrays of the compute dtype are not looked at further, and nothing is allocated. */
  #inputFor(frame: StreamFrame): NativeArray {
    const { options, custom } = this.#layer;
    const data: unknown = frame instanceof Tensor && this.#isFrame(frame) ? frame.data : frame;
    const read = this.#isPlain(data, this.#inputCount)
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

  /** Whether the kernels can use an array of so many elements as it is. */
  #isPlain(value: unknown, count: number): value is FloatArray {
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

  /** Where `out` wants the result. */
  #targetFor(out: unknown): FloatArray {
    if (!isSixteenBit(this.#layer.options.computeDtype)) {
      if (this.#isPlain(out, this.#state.length)) return out;
    }
    return readOutTensor(out, [this.batch, this.#units], this.#layer.options.computeDtype, "out").data;
  }

  /** The memory of the stream's own tensor. */
  #ownTarget(): FloatArray {
    // It may have been given away.
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

  #deliver(output: NativeArray, target: FloatArray): void {
    // A custom activation may have given it away.
    requireWhole(target, output.length, "out");
    if (this.#rounding === null) writeTo(target, output);
    else if (isSteady(target)) narrowInto(target as Uint16Array, output as Float32Array, this.#rounding);
    else writeTo(target, narrowed(output as Float32Array, this.#rounding));
  }

  /** A stream runs on the CPU unless cuDNN is demanded, because one timestep is too little work for a launch. */
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

  #requireAlive(what: string): void {
    if (!this.#disposed) return;
    throw disposed("stream", what);
  }
}

printAsText(GRUStream);
