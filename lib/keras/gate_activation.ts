import type { NativeActivation, NativeArray } from "../native/binding.js";
import type { SerializedObject } from "./serialization.js";

/**
 * An activation function of your own, for synchronous calls. Each call of a method is about one row: arrays of `units`
 * numbers that belong to the layer and are used again for the next row. They are `Float64Array` for a float64 layer and
 * `Float32Array` otherwise.
 */
export interface CustomActivation {
  /** What configs call it: its registered name in Keras. Not a name of Keras's own functions. */
  readonly name: string;
  /** Writes the activations of `x` to `out`. It must not change `x`, nor be asynchronous. */
  forward(x: NativeArray, out: NativeArray): void;
  /** Writes to `dx` the gradient in `x`, given `y` (what `forward` made of `x`) and the gradient `dy` in it. */
  backward(x: NativeArray, y: NativeArray, dy: NativeArray, dx: NativeArray): void;
}

/** What a gate of the layer activates with: a function of Keras's, an activation layer, or a function of the user's. */
export abstract class GateActivation {
  /** Keras's name of the function (`silu`, never its alias `swish`) or the class of the layer (`LeakyReLU`). */
  abstract readonly name: string;

  /** What Keras 3.15's `get_config()` holds for it. */
  abstract serialize(): string | SerializedObject;

  /** What the kernels take. */
  abstract native(): NativeActivation;

  /** The user's functions, where it is the user who computes. */
  get custom(): CustomActivation | null {
    return null;
  }
}
