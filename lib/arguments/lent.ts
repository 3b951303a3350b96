import { types } from "node:util";
import type { GRUError } from "../errors/gru_error.js";
import { expected, expectedText } from "../errors/messages.js";
import type { Constraint } from "../keras/constraints.js";
import type { Initializer } from "../keras/initializer.js";
import type { Regularizer } from "../keras/regularizers.js";
import type { NativeArray } from "../native/binding.js";
import { lengthOf, writeTo } from "./intrinsics.js";
import { allocate } from "./memory.js";

/*
 * How regularizers, constraints and initializers are called, which may be the caller's code: with copies. What such code
 * keeps, and later writes to or gives away, is then never memory that a layer has or that another thread computes with.
 */

type Shape = readonly number[];

/** The penalty of `values`. Throws what the regularizer throws, and `ERR_CALLBACK` when it gives no number. */
export function lossOf(regularizer: Regularizer, values: NativeArray, shape: Shape): number {
  const loss: unknown = regularizer.loss(copyOf(values), [...shape]);
  if (typeof loss === "number") return loss;
  ignore(loss);
  throw expected("ERR_CALLBACK", `loss of ${regularizer.constructor.name}`, "a number", loss);
}

/** Adds `scale` times the gradient of the loss of `values` to `gradient`, which stays as it was when this throws. */
export function addLossGradient(
  regularizer: Regularizer,
  gradient: NativeArray,
  values: NativeArray,
  shape: Shape,
  scale: number,
): void {
  lend("regularizer", gradient, (own) => regularizer.addGradient(own, copyOf(values), [...shape], scale));
}

/** Gives `out`, a weight of `shape`, its first values; it stays as it was when this throws. */
export function fillWith(initializer: Initializer, out: NativeArray, shape: Shape): void {
  lend("initializer", out, (own) => initializer.fill(own, [...shape]));
}

/** Projects `values`, which stay as they were when this throws. `whose` says what has the constraint. */
export function constrain(constraint: Constraint, values: NativeArray, shape: Shape, whose: string): void {
  lend(`constraint of "${whose}"`, values, (own) => constraint.apply(own, [...shape]));
}

/** Has `change` change a copy of `values`, and takes over what it made. */
function lend(who: string, values: NativeArray, change: (own: NativeArray) => unknown): void {
  const own = copyOf(values);
  const result = change(own);
  if (types.isPromise(result)) {
    ignore(result);
    throw failed(who, "one that returned a promise, and it must be synchronous");
  }
  if (lengthOf(own) !== lengthOf(values)) throw failed(who, "one that gave their memory away");
  writeTo(values, own);
}

function failed(who: string, what: string): GRUError {
  return expectedText("ERR_CALLBACK", who, "code of yours that changes the values", what);
}

/** Nobody else will look at a promise that should not be. */
function ignore(result: unknown): void {
  if (types.isPromise(result)) Promise.prototype.then.call(result, undefined, () => {});
}

function copyOf(values: NativeArray): NativeArray {
  const copy = allocate(values instanceof Float64Array ? "float64" : "float32", lengthOf(values), "a copy of values");
  writeTo(copy, values);
  return copy;
}
