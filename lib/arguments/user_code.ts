import { types } from "node:util";
import type { GRUError } from "../errors/gru_error.js";
import { expected, expectedText } from "../errors/messages.js";
import type { Constraint } from "../keras/constraints.js";
import type { Initializer } from "../keras/initializer.js";
import type { Regularizer } from "../keras/regularizers.js";
import type { NativeArray } from "../native/binding.js";
import { lengthOf, writeTo } from "../native/intrinsics.js";
import { allocate } from "./memory.js";

/*
 * Regularizers, constraints and initializers may be user code. These functions call them with copies. If such code
 * keeps an array, and later writes to it or transfers it, that array is never memory that a layer holds or that another
 * thread computes with.
 */

type Shape = readonly number[];

/**
 * Returns the regularizer's loss of `values`. Throws any error of the regularizer, and `ERR_CALLBACK` when the loss is
 * not a number.
 */
export function lossOf(regularizer: Regularizer, values: NativeArray, shape: Shape): number {
  const loss: unknown = regularizer.loss(copyOf(values), [...shape]);
  if (typeof loss === "number") return loss;
  handleRejection(loss);
  throw expected("ERR_CALLBACK", `loss of ${regularizer.constructor.name}`, "a number", loss);
}

/**
 * Adds `scale` times the gradient of the loss of `values` to `gradient`. When it throws, `gradient` has not changed.
 */
export function addLossGradient(
  regularizer: Regularizer,
  gradient: NativeArray,
  values: NativeArray,
  shape: Shape,
  scale: number,
): void {
  changeCopy("regularizer", gradient, (own) => regularizer.addGradient(own, copyOf(values), [...shape], scale));
}

/** Fills `out`, a weight of `shape`, with its initial values. When it throws, `out` has not changed. */
export function fillWith(initializer: Initializer, out: NativeArray, shape: Shape): void {
  changeCopy("initializer", out, (own) => initializer.fill(own, [...shape]));
}

/** Applies `constraint` to `values`. When it throws, they have not changed. `owner` names the variable in errors. */
export function constrain(constraint: Constraint, values: NativeArray, shape: Shape, owner: string): void {
  changeCopy(`constraint of "${owner}"`, values, (own) => constraint.apply(own, [...shape]));
}

/**
 * Calls `change` with a copy of `values`, and then copies the result back. `role` says in errors what kind of user code
 * it is.
 */
function changeCopy(role: string, values: NativeArray, change: (own: NativeArray) => unknown): void {
  const own = copyOf(values);
  const result = change(own);
  if (types.isPromise(result)) {
    handleRejection(result);
    throw badCallback(role, "one that returned a promise, and it must be synchronous");
  }
  if (lengthOf(own) !== lengthOf(values)) throw badCallback(role, "one that gave their memory away");
  writeTo(values, own);
}

function badCallback(role: string, fault: string): GRUError {
  return expectedText("ERR_CALLBACK", role, "code of yours that changes the values", fault);
}

/** Marks the rejection of an unwanted promise as handled, because nobody else waits for it. */
function handleRejection(result: unknown): void {
  if (types.isPromise(result)) Promise.prototype.then.call(result, undefined, () => {});
}

function copyOf(values: NativeArray): NativeArray {
  const copy = allocate(values instanceof Float64Array ? "float64" : "float32", lengthOf(values), "a copy of values");
  writeTo(copy, values);
  return copy;
}
