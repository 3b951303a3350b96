import type { NativeActivation, NativeArray } from "../native/binding.js";
import type { SerializedObject } from "./serialization.js";

/**
 * An activation function of your own, for synchronous calls. Each call of a method computes one row. Its arrays have
 * `units` numbers, belong to the layer, and are used again for the next row. They are `Float64Array` for a float64
 * layer and `Float32Array` otherwise.
 */
export interface CustomActivation {
  /**
   * The function's registered name in Keras, which configs contain. It must not be the name of one of Keras's own
   * functions.
   */
  readonly name: string;
  /** Writes the activations of `x` to `out`. It must not change `x` and must not be asynchronous. */
  forward(x: NativeArray, out: NativeArray): void;
  /**
   * Writes the gradient with respect to `x` to `dx`. `y` is the result of `forward` for `x`, and `dy` is the gradient
   * with respect to `y`.
   */
  backward(x: NativeArray, y: NativeArray, dy: NativeArray, dx: NativeArray): void;
}

/** The activation of a gate: one of Keras's functions, an activation layer, or a function of the user's own. */
export abstract class GateActivation {
  /** Keras's name of the function (`silu`, never its alias `swish`) or the class of the layer (`LeakyReLU`). */
  abstract readonly name: string;

  /** Returns the activation as Keras 3.15's `get_config()` contains it. */
  abstract serialize(): string | SerializedObject;

  /** Returns the activation as the kernels take it. */
  abstract native(): NativeActivation;

  /** The user's own functions, or `null` for an activation that the kernels compute. */
  get custom(): CustomActivation | null {
    return null;
  }
}
