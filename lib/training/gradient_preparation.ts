import { kernelArray } from "../arguments/convert.js";
import { allocate } from "../arguments/memory.js";
import type { NativeArray } from "../native/arrays.js";
import { lengthOf } from "../native/intrinsics.js";
import { native } from "../native/load.js";
import { peekVariableData, type Variable } from "../variables/variable.js";
import { clipGradients, type Limits, requireFinite } from "./clipping.js";
import type { GradientPair } from "./gradient_pairs.js";

/** How the gradients of one call of `apply` become those that the update rule takes. */
interface Preparation {
  /** The gradients are so many times too large. */
  readonly scale: number;
  /** Whether this call updates the weights, and does not only accumulate gradients. */
  readonly due: boolean;
  /** The number of gradients whose mean makes one update, or `null` for one. */
  readonly steps: number | null;
  /** Returns the sum of the gradients that were accumulated before, for the variable at one place. */
  accumulated(index: number): Variable;
}

/** Scales, averages and clips the gradients of one optimizer, and keeps the memory that this takes. */
export class GradientPreparation {
  readonly #limits: Limits;
  /** Gradients after scaling and clipping, by the place of their variable. */
  readonly #scratch = new Map<number, NativeArray>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /**
   * Returns the gradients for the rule or, if no update is due, for the accumulation. They are valid until the next call.
   * Throws `ERR_ARGUMENT` when they are not finite. Changes no variable.
   */
  prepare(pairs: readonly GradientPair[], { scale, due, steps, accumulated }: Preparation): readonly GradientPair[] {
    let prepared = pairs;
    if (scale !== 1) {
      prepared = pairs.map((pair) => {
        const out = this.#scratchFor(pair);
        native().rescale(out, pair.gradient, 1, scale);
        return { ...pair, gradient: out };
      });
    }
    requireFinite(prepared, this.#limits);
    if (!due) return prepared;
    if (steps !== null) {
      prepared = prepared.map((pair) => {
        const out = this.#scratchFor(pair);
        native().addAndDivide(out, pair.gradient, readArray(accumulated(pair.index)), steps);
        return { ...pair, gradient: out };
      });
      requireFinite(prepared, this.#limits);
    }
    return clipGradients(prepared, this.#limits, (pair) => this.#scratchFor(pair));
  }

  #scratchFor({ index, gradient }: GradientPair): NativeArray {
    const known = this.#scratch.get(index);
    if (known !== undefined) return known;
    const made = allocate(gradient instanceof Float32Array ? "float32" : "float64", lengthOf(gradient), "gradients");
    this.#scratch.set(index, made);
    return made;
  }
}

/** Returns the elements of a variable as the updates take them, for reading. */
export function readArray(variable: Variable): NativeArray {
  return kernelArray(peekVariableData(variable), variable.dtype);
}
