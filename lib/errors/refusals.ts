import { GRUError } from "./gru_error.js";

/** The error for any use of the layer `name` after its `dispose`. */
export function disposedLayer(name: string): GRUError {
  return new GRUError("ERR_DISPOSED", `Expected a living layer for \`${name}\` but received a disposed one.`);
}

/** The error for `what`, which needs weights, of a layer without. */
export function notBuilt(what: string): GRUError {
  return new GRUError(
    "ERR_NOT_BUILT",
    `Expected a built layer for \`${what}\` but received one without weights. Call build([null, null, features]) first.`,
  );
}

/** The error for `what`, which needs carried states, of a layer that has none. */
export function notStateful(what: string): GRUError {
  return new GRUError("ERR_STATE", `Expected a layer with \`stateful: true\` for \`${what}\` but received another.`);
}
