import { GRUError } from "./gru_error.js";
import { expectedText } from "./messages.js";

/** Returns the error of using `what` after `dispose`. `kind` says what was disposed, such as "layer". */
export function disposed(kind: string, what: string): GRUError {
  return expectedText("ERR_DISPOSED", what, `a living ${kind}`, "a disposed one");
}

/** Returns the error of using the layer `what` after the `dispose` of `inner`, one of the layers inside it. */
export function disposedInside(kind: string, what: string, inner: string): GRUError {
  const received = `one whose layer ${JSON.stringify(inner)} is disposed`;
  return expectedText("ERR_DISPOSED", what, `a ${kind} of living layers`, received);
}

/** Returns the error of using `what`, which needs weights, on a layer that has none yet. */
export function notBuilt(what: string): GRUError {
  const remedy = "Call build([null, null, features]) first.";
  return expectedText("ERR_NOT_BUILT", what, "a built layer", "one without weights", { remedy });
}

/** Returns the error of using `what`, which needs carried states, on a layer that is not stateful. */
export function notStateful(what: string): GRUError {
  return expectedText("ERR_STATE", what, "a layer with `stateful: true`", "another");
}

/** Returns the error of an aborted call, with the signal's reason as its cause. It names no argument: none is wrong. */
export function callAborted(reason: unknown): GRUError {
  return new GRUError("ERR_ABORTED", "The call was aborted.", { cause: reason });
}
