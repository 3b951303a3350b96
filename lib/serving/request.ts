import { type CallRequest, readCall, readCallSignal, type StateLike } from "../arguments/call.js";
import type { GRUOptions } from "../arguments/constructor.js";
import type { MaskLike } from "../arguments/mask.js";
import { refuseAborted } from "../arguments/signal.js";
import { unreadable } from "../errors/reading.js";
import { checkTransfer, takeInputs } from "../layers/transfer.js";
import { isRecord, refuseUnknown } from "../options/record.js";
import { narrowed } from "../sixteen_bit.js";
import type { FloatArray } from "../tensor.js";

/** The optional arguments of a batcher's `callAsync`. They are the same as those of the layer's `callAsync`. */
export interface BatcherCallArguments {
  /** (rows, timesteps) or (rows, timesteps, 1). Timesteps where it is false are skipped. */
  mask?: MaskLike | null | undefined;
  /** The number of timesteps of each row. It replaces a mask that is padded on the right. */
  lengths?: Int32Array | readonly number[] | null | undefined;
  /** (rows, units), either bare or in a list of one. The default is zeros. */
  initial_state?: StateLike | readonly [StateLike] | null | undefined;
  /** Aborting the signal makes the promise reject with `ERR_ABORTED`. Other requests are not affected. */
  signal?: AbortSignal | null | undefined;
  /** Gives the inputs' buffer away instead of copying it, which detaches the buffer. The default is false. */
  transfer?: boolean | undefined;
}

const KNOWN: ReadonlySet<string> = new Set(["mask", "lengths", "initial_state", "signal", "transfer"]);

/** A request after reading and checking. It owns its memory. Floating-point values have the layer's compute dtype. */
export interface BatchRequest {
  /** (rows, timesteps, features). */
  inputs: FloatArray;
  rows: number;
  timesteps: number;
  lengths: Int32Array | null;
  mask: Uint8Array | null;
  initialState: FloatArray | null;
}

/** Reads the signal of a request. Throws `ERR_ARGUMENT`, or `ERR_ABORTED` when the signal has already aborted. */
export function readRequestSignal(args: unknown): AbortSignal | null {
  const signal = readCallSignal(args);
  refuseAborted(signal);
  return signal;
}

/** Reads a request's arguments as `callAsync` does. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`. */
export function readRequest(options: GRUOptions, features: number, inputs: unknown, args: unknown): BatchRequest {
  try {
    if (isRecord(args)) refuseUnknown(args, KNOWN, "callAsync of a batcher");
  } catch (error) {
    throw unreadable(error, "callAsync of a batcher");
  }
  const request: CallRequest = readCall(options, features, inputs, args, true);
  checkTransfer(request);
  takeInputs(request);
  const { rounding } = options;
  const { initialState } = request;
  return {
    inputs: request.inputs,
    rows: request.batch,
    timesteps: request.timesteps,
    lengths: request.lengths,
    mask: request.mask,
    initialState:
      initialState === null || rounding === null ? initialState : narrowed(initialState as Float32Array, rounding),
  };
}
