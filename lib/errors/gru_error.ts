/** The error codes of the package. They are stable: a code never changes its meaning, while messages may change. */
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
 * The only error class that this package throws or rejects with.
 *
 * `code` is stable. `message` names the argument, says what was expected and shows what was received. An aborted call
 * has `code: "ERR_ABORTED"`, `name: "AbortError"` and the signal's reason as `cause`.
 */
export class GRUError extends Error {
  /** The stable code of the error. */
  readonly code: GRUErrorCode;

  /** Makes an error with this code and message. */
  constructor(
    code: GRUErrorCode,
    message: string,
    options?: {
      /** The value that the error was made from, often another error. */
      cause?: unknown;
    },
  ) {
    super(message, options);
    this.name = code === "ERR_ABORTED" ? "AbortError" : "GRUError";
    this.code = code;
  }
}
