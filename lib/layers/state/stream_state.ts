import { kernelArray } from "../../arguments/convert.js";
import { allocate, allocateShared } from "../../arguments/memory.js";
import { readState } from "../../arguments/read_stream.js";
import { checkedProduct } from "../../arguments/shapes.js";
import type { NativeArray } from "../../native/binding.js";
import { CALL_FLAGS, callArguments } from "../../native/contract.js";
import { narrowed } from "../../native/sixteen_bit.js";
import type { FloatArray } from "../../tensor/tensor.js";
import { computeNow } from "../call/call.js";
import type { LayerParts } from "../layer_parts.js";

/**
 * The state of a stream, (batch, units), and its calls of the addon. A call reads the current state and writes another
 * array, so that a failed call does not change the state.
 */
export class StreamState {
  readonly batch: number;
  /** The state after the last frame. Nobody can detach it, so native code may keep its address. */
  readonly current: NativeArray;
  readonly #layer: LayerParts;
  readonly #features: number;
  #next: NativeArray | null = null;

  constructor(layer: LayerParts, batch: number, features: number) {
    this.batch = batch;
    this.#layer = layer;
    this.#features = features;
    this.current = allocateShared(layer.options.kernelDtype, this.#count(), "state");
  }

  /**
   * Computes frames, (batch, timesteps, features), and writes the results to `output`, (batch, timesteps, units). Then
   * calls `finish`. The state changes only if neither throws. Throws the errors of `GRUStream.push`.
   */
  compute(inputs: FloatArray, output: FloatArray, timesteps: number, finish: () => void): void {
    const { weights, custom, options } = this.#layer;
    const gru = weights.requireBuilt("push").packed();
    this.#next ??= allocate(options.kernelDtype, this.#count(), "state");
    // Without this flag the addon writes the output after everything that can fail.
    const sequence = timesteps === 1 ? 0 : CALL_FLAGS.returnSequences;
    const flags = sequence | this.#pathFlags(timesteps);
    const call = { inputs, mask: null, lengths: null, dropout: null, batch: this.batch, timesteps, flags };
    const arrays = { output, state: this.#next, initialState: this.current };
    computeNow(gru, custom, callArguments(call, arrays));
    finish();
    this.current.set(this.#next);
  }

  /** Returns a copy of the state in the dtype of results. */
  copy(): FloatArray {
    const { rounding } = this.#layer.options;
    return rounding === null ? this.current.slice() : narrowed(this.current.slice() as Float32Array, rounding);
  }

  /** Sets the state to a copy of `value`. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`, naming `name`. */
  set(value: unknown, name: string): void {
    const { computeDtype, units } = this.#layer.options;
    this.current.set(kernelArray(readState(value, [this.batch, units], computeDtype, name), computeDtype));
  }

  /** Sets the state to zeros. */
  clear(): void {
    this.current.fill(0);
  }

  #count(): number {
    return checkedProduct([this.batch, this.#layer.options.units], "state");
  }

  /**
   * Returns the flags of the path. A stream runs on the CPU unless `use_cudnn` is true, because one timestep is too
   * little work for a kernel launch.
   */
  #pathFlags(timesteps: number): number {
    const { options, path } = this.#layer;
    if (options.useCudnn !== true) return 0;
    const { batch } = this;
    return path.flagsFor({ batch, timesteps, features: this.#features, mask: null, lengths: null, training: false });
  }
}
