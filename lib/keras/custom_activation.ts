import { GRUError } from "../errors.js";
import type { NativeActivation, NativeArray } from "../native.js";
import { GateActivation, isActivationName, serializedFunction } from "./activation.js";
import type { SerializedObject } from "./serialization.js";
import { describe } from "./text.js";

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

/** True for an object that could be meant as a `CustomActivation`. */
export function looksCustom(value: object): value is CustomActivation {
  return "forward" in value || "backward" in value;
}

/** A gate's activation that the user's functions compute. */
export class CustomFunction extends GateActivation {
  override readonly name: string;
  readonly #functions: CustomActivation;

  /** Throws `ERR_ARGUMENT`, naming `argument`, for anything but a `CustomActivation` with a name of its own. */
  constructor(functions: CustomActivation, argument: string) {
    super();
    const { name } = functions;
    if (typeof name !== "string" || name === "") {
      throw new GRUError(
        "ERR_ARGUMENT",
        `Expected a name that is not empty for \`${argument}.name\` but received ${describe(name)}.`,
      );
    }
    if (isActivationName(name)) {
      throw new GRUError(
        "ERR_ARGUMENT",
        `Expected a name that no Keras activation has for \`${argument}.name\` but received ${describe(name)}.`,
      );
    }
    for (const method of ["forward", "backward"] as const) {
      if (typeof functions[method] === "function") continue;
      throw new GRUError(
        "ERR_ARGUMENT",
        `Expected a function for \`${argument}.${method}\` but received ${describe(functions[method])}.`,
      );
    }
    this.name = name;
    this.#functions = functions;
  }

  override get custom(): CustomActivation {
    return this.#functions;
  }

  override serialize(): SerializedObject {
    return serializedFunction(this.name);
  }

  override native(): NativeActivation {
    return { name: "custom", parameters: [] };
  }
}
