/** Stable error codes of the package. They never change meaning; messages may. */
export type GRUErrorCode =
  | "ERR_ARGUMENT"
  | "ERR_SHAPE"
  | "ERR_DTYPE"
  | "ERR_NOT_BUILT"
  | "ERR_STATE"
  | "ERR_CUDNN_UNAVAILABLE"
  | "ERR_CUDNN_NOT_ELIGIBLE"
  | "ERR_CUDNN"
  | "ERR_CUDA"
  | "ERR_OUT_OF_MEMORY"
  | "ERR_DISPOSED"
  | "ERR_ABORTED"
  | "ERR_BUSY"
  | "ERR_CALLBACK"
  | "ERR_UNSUPPORTED"
  | "ERR_FILE_FORMAT"
  | "ERR_NATIVE_LOAD";

/**
 * The only error class this package throws or rejects with.
 *
 * `code` is stable; `message` names the argument, what was expected and what came. An aborted call has
 * `code: "ERR_ABORTED"`, `name: "AbortError"` and the signal's reason as `cause`.
 */
export class GRUError extends Error {
  readonly code: GRUErrorCode;

  constructor(code: GRUErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = code === "ERR_ABORTED" ? "AbortError" : "GRUError";
    this.code = code;
  }
}
