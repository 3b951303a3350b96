import { expected } from "../errors/messages.js";

import type { NativeActivation } from "../native/binding.js";
import { isActivationName, serializedFunction } from "./activation.js";
import { type CustomActivation, GateActivation } from "./gate_activation.js";
import type { SerializedObject } from "./serialization.js";

/** True for an object that was probably meant as a `CustomActivation`. */
export function looksCustom(value: object): value is CustomActivation {
  return "forward" in value || "backward" in value;
}

/** An activation that the user's own functions compute. */
export class CustomFunction extends GateActivation {
  override readonly name: string;
  readonly #functions: CustomActivation;

  /**
   * Throws `ERR_ARGUMENT`, naming `argument`, unless `functions` is a `CustomActivation` whose name Keras does not use.
   */
  constructor(functions: CustomActivation, argument: string) {
    super();
    const { name } = functions;
    if (typeof name !== "string" || name === "") {
      throw expected("ERR_ARGUMENT", `${argument}.name`, "a name that is not empty", name);
    }
    if (isActivationName(name)) {
      throw expected("ERR_ARGUMENT", `${argument}.name`, "a name that no Keras activation has", name);
    }
    for (const method of ["forward", "backward"] as const) {
      if (typeof functions[method] === "function") continue;
      throw expected("ERR_ARGUMENT", `${argument}.${method}`, "a function", functions[method]);
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
