import type { GRUOptions } from "../arguments/constructor.js";
import { ARRAY_TYPES } from "../arguments/typed_array.js";
import { GRUError } from "../errors.js";
import type { CustomActivation } from "../keras/custom_activation.js";
import type { NativeCustomActivation } from "../native.js";
import type { VariableOwner } from "../variable.js";

/**
 * The user's activation functions of one layer, as the addon calls them: one row of one gate at a time. While they run,
 * the layer is locked.
 */
export class CustomActivations {
  readonly #options: GRUOptions;
  readonly #owner: VariableOwner;
  #arrays: NativeCustomActivation | null = null;
  /** What a function threw during this call. */
  #failure: { name: string; cause: unknown } | null = null;

  constructor(options: GRUOptions, owner: VariableOwner) {
    this.#options = options;
    this.#owner = owner;
  }

  /** Locks the layer for one call, which must finish with `end`. */
  begin(): NativeCustomActivation {
    const { units, kernelDtype } = this.#options;
    this.#failure = null;
    // A function of the user's may have detached them.
    if (this.#arrays?.input.length !== units || this.#arrays.output.length !== units) {
      const Type = ARRAY_TYPES[kernelDtype];
      this.#arrays = { input: new Type(units), output: new Type(units), apply: (recurrent) => this.#apply(recurrent) };
    }
    this.#owner.locked = true;
    return this.#arrays;
  }

  /** Unlocks the layer. */
  end(): void {
    this.#owner.locked = false;
  }

  /** The error to throw for `error`, which the addon threw: `ERR_CALLBACK`, caused by what the function threw. */
  explain(error: unknown): unknown {
    if (this.#failure === null) return error;
    const { name, cause } = this.#failure;
    const message = `Expected the custom activation "${name}" to compute but it threw: ${describeThrown(cause)}`;
    return new GRUError("ERR_CALLBACK", message, { cause });
  }

  #apply(recurrent: boolean): boolean {
    const { activation, recurrentActivation } = this.#options;
    const functions = (recurrent ? recurrentActivation : activation).custom as CustomActivation;
    const { input, output } = this.#arrays as NativeCustomActivation;
    try {
      // What a function leaves out must not be what it made of the row before.
      output.fill(0);
      const result: unknown = functions.forward(input, output);
      if (result instanceof Promise) {
        // Nobody else will look at it.
        result.catch(() => {});
        throw new TypeError("forward returned a promise, and an activation must be synchronous");
      }
      return true;
    } catch (cause) {
      this.#failure = { name: functions.name, cause };
      return false;
    }
  }
}

/** The error about `what`, an asynchronous method, of a layer with a custom activation. */
export function notAsynchronous(what: string): GRUError {
  return new GRUError(
    "ERR_ARGUMENT",
    `Expected a layer of Keras's activations for \`${what}\` but received one with a custom activation, which runs on ` +
      "the JavaScript thread alone: use call.",
  );
}

function describeThrown(cause: unknown): string {
  try {
    return String(cause);
  } catch {
    return "a value that cannot be shown.";
  }
}
