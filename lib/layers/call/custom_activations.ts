import { types } from "node:util";
import type { GRUOptions } from "../../arguments/constructor.js";
import { ARRAY_TYPES } from "../../arguments/typed_array.js";
import { describeThrown } from "../../errors/describe.js";
import type { GRUError } from "../../errors/gru_error.js";
import { expectedText } from "../../errors/messages.js";
import type { CustomActivation } from "../../keras/gate_activation.js";
import type { NativeCustomActivation } from "../../native/binding.js";
import { lockedWhile, requireUnlocked, type VariableOwner } from "../../variables/variable.js";

/** The arrays through which the addon and the functions exchange values. */
type Arrays = Omit<NativeCustomActivation, "apply" | "differentiate">;

/**
 * The user's activation functions of one layer, in the form that the addon calls: one row of one gate at a time. The
 * layer is locked while they run.
 */
export class CustomActivations {
  readonly #options: GRUOptions;
  readonly #owner: VariableOwner;
  #native: NativeCustomActivation | null = null;
  /** The error that a function threw during this call. */
  #failure: { name: string; cause: unknown } | null = null;

  constructor(options: GRUOptions, owner: VariableOwner) {
    this.#options = options;
    this.#owner = owner;
  }

  /** Throws `ERR_STATE` while the layer is locked, because one of its functions has then called `method`. */
  requireFree(method: string): void {
    requireUnlocked(this.#owner, method);
  }

  /**
   * Runs `compute`, one call of the addon, with the layer locked. Throws any error of `compute`. If a function of the
   * user threw an error, throws `ERR_CALLBACK` with that error as its cause.
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
    // A function of the user may have detached the arrays.
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
      // A function may not write every element. The rest must not keep results of the previous row.
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

  /** Calls a function of the user. `method` is its name. Returns true when it succeeded. Otherwise keeps its error. */
  #guard(recurrent: boolean, method: string, call: (functions: CustomActivation) => unknown): boolean {
    const { activation, recurrentActivation } = this.#options;
    const functions = (recurrent ? recurrentActivation : activation).custom as CustomActivation;
    try {
      const result = call(functions);
      if (types.isPromise(result)) {
        // Nobody else waits for the promise, so its rejection is marked as handled.
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

/** Returns the error about `method`, an asynchronous method, of a layer with a custom activation. */
export function notAsynchronous(method: string): GRUError {
  return expectedText(
    "ERR_ARGUMENT",
    method,
    "a layer of Keras's activations",
    "one with a custom activation, which runs on the JavaScript thread alone",
    { remedy: "Use call, or forward and backward." },
  );
}
