import { GRUError } from "./gru_error.js";
import { expectedText } from "./messages.js";

/** The error for `what` of an object of kind `kind`, such as "layer", after its `dispose`. */
export function disposed(kind: string, what: string): GRUError {
  return expectedText("ERR_DISPOSED", what, `a living ${kind}`, "a disposed one");
}

/** The error for `what`, which needs weights, of a layer without. */
export function notBuilt(what: string): GRUError {
  const remedy = "Call build([null, null, features]) first.";
  return expectedText("ERR_NOT_BUILT", what, "a built layer", "one without weights", { remedy });
}

/** The error for `what`, which needs carried states, of a layer that has none. */
export function notStateful(what: string): GRUError {
  return expectedText("ERR_STATE", what, "a layer with `stateful: true`", "another");
}

/** The error of a call whose signal was aborted, with the signal's reason. No argument is to blame. */
export function callAborted(reason: unknown): GRUError {
  return new GRUError("ERR_ABORTED", "The call was aborted.", { cause: reason });
}
