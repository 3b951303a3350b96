import { types } from "node:util";
import type { GRUOptions } from "../../arguments/constructor.js";
import { ARRAY_TYPES } from "../../arguments/typed_array.js";
import { describeThrown } from "../../errors/describe.js";
import type { GRUError } from "../../errors/gru_error.js";
import { expectedText } from "../../errors/messages.js";
import type { CustomActivation } from "../../keras/gate_activation.js";
import type { NativeCustomActivation } from "../../native/binding.js";
import { lockedWhile, requireUnlocked, type VariableOwner } from "../../variables/variable.js";

/** The arrays through which the addon and the functions pass values. */
type Arrays = Omit<NativeCustomActivation, "apply" | "differentiate">;

/**
 * The user's activation functions of one layer, as the addon calls them: one row of one gate at a time. While they run,
 * the layer is locked.
 */
export class CustomActivations {
  readonly #options: GRUOptions;
  readonly #owner: VariableOwner;
  #native: NativeCustomActivation | null = null;
  /** What a function threw during this call. */
  #failure: { name: string; cause: unknown } | null = null;

  constructor(options: GRUOptions, owner: VariableOwner) {
    this.#options = options;
    this.#owner = owner;
  }

  /** Throws `ERR_STATE` while the layer is locked: one of its functions has called `method`. */
  requireFree(method: string): void {
    requireUnlocked(this.#owner, method);
  }

  /**
   * Runs `compute`, one call of the addon, with the layer locked. Throws what it throws, or `ERR_CALLBACK`, caused by what a
   * function of the user's threw.
   */
  run<T>(compute: (native: NativeCustomActivation) => T): T {
    const native = this.#prepare();
    try {
      return lockedWhile(this.#owner, () => compute(native));
    } catch (error) {
      throw this.#explain(error);
    }
  }

  #prepare(): NativeCustomActivation {
    const { units, kernelDtype } = this.#options;
    this.#failure = null;
    // A function of the user's may have detached them.
    if (this.#native !== null && isWhole(this.#native, units)) return this.#native;
    const Type = ARRAY_TYPES[kernelDtype];
    const arrays: Arrays = {
      input: new Type(units),
      output: new Type(units),
      outputGradient: new Type(units),
      inputGradient: new Type(units),
    };
    this.#native = {
      ...arrays,
      apply: (recurrent) => this.#apply(recurrent, arrays),
      differentiate: (recurrent) => this.#differentiate(recurrent, arrays),
    };
    return this.#native;
  }

  #apply(recurrent: boolean, { input, output }: Arrays): boolean {
    return this.#guard(recurrent, "forward", (functions) => {
      // What a function leaves out must not be what it made of the row before.
      output.fill(0);
      return functions.forward(input, output);
    });
  }

  #differentiate(recurrent: boolean, { input, output, outputGradient, inputGradient }: Arrays): boolean {
    return this.#guard(recurrent, "backward", (functions) => {
      inputGradient.fill(0);
      return functions.backward(input, output, outputGradient, inputGradient);
    });
  }

  /** Whether `call`, of the method of this name, did what it should. */
  #guard(recurrent: boolean, method: string, call: (functions: CustomActivation) => unknown): boolean {
    const { activation, recurrentActivation } = this.#options;
    const functions = (recurrent ? recurrentActivation : activation).custom as CustomActivation;
    try {
      const result = call(functions);
      if (types.isPromise(result)) {
        // Nobody else will look at it.
        Promise.prototype.then.call(result, undefined, () => {});
        throw new TypeError(`${method} returned a promise, and an activation must be synchronous`);
      }
      return true;
    } catch (cause) {
      this.#failure = { name: functions.name, cause };
      return false;
    }
  }

  #explain(error: unknown): unknown {
    if (this.#failure === null) return error;
    const { name, cause } = this.#failure;
    const received = `one that throws: ${describeThrown(cause)}`;
    return expectedText("ERR_CALLBACK", `custom activation "${name}"`, "functions that do not throw", received, {
      cause,
    });
  }
}

function isWhole({ input, output, outputGradient, inputGradient }: Arrays, units: number): boolean {
  return [input, output, outputGradient, inputGradient].every(({ length }) => length === units);
}

/** The error about `what`, an asynchronous method, of a layer with a custom activation. */
export function notAsynchronous(what: string): GRUError {
  return expectedText(
    "ERR_ARGUMENT",
    what,
    "a layer of Keras's activations",
    "one with a custom activation, which runs on the JavaScript thread alone",
    { remedy: "Use call, or forward and backward." },
  );
}
