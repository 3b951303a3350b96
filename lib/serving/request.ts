import { type ReadCall, readCall, readCallSignal, type StateLike } from "../arguments/call.js";
import type { GRUOptions } from "../arguments/constructor.js";
import type { MaskLike } from "../arguments/mask.js";
import { refuseAborted } from "../arguments/signal.js";
import { unreadable } from "../errors/reading.js";
import { ownInputs, requireTransferable } from "../layers/call/own_inputs.js";
import { isRecord, refuseUnknown } from "../options/record.js";

/** What a request takes beside its inputs, as `callAsync` takes them. */
export interface BatcherCallArguments {
  /** (rows, timesteps) or (rows, timesteps, 1): where it is false, a timestep is skipped. */
  mask?: MaskLike | null | undefined;
  /** Timesteps of each row, in place of a right-padded mask. */
  lengths?: Int32Array | readonly number[] | null | undefined;
  /** (rows, units), bare or in a list of one; default zeros. */
  initial_state?: StateLike | readonly [StateLike] | null | undefined;
  /** Aborting it makes the promise reject with `ERR_ABORTED`; other requests do not notice. */
  signal?: AbortSignal | null | undefined;
  /** Gives the inputs' buffer away (it is detached) in place of copying it; default false. */
  transfer?: boolean | undefined;
}

const KNOWN: ReadonlySet<string> = new Set(["mask", "lengths", "initial_state", "signal", "transfer"]);

/** A request, read and checked, in memory of its own. Floating-point arrays are as in `ReadCall`. */
export type BatchRequest = Pick<ReadCall, "inputs" | "timesteps" | "lengths" | "mask" | "initialState"> & {
  readonly rows: number;
};

/** Reads the signal of a request; throws `ERR_ARGUMENT`, or `ERR_ABORTED` when it has aborted. */
export function readRequestSignal(args: unknown): AbortSignal | null {
  const signal = readCallSignal(args);
  refuseAborted(signal);
  return signal;
}

/** Reads a request as `callAsync` reads its arguments. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`. */
export function readRequest(options: GRUOptions, features: number, inputs: unknown, args: unknown): BatchRequest {
  try {
    if (isRecord(args)) refuseUnknown(args, KNOWN, "callAsync of a batcher");
  } catch (error) {
    throw unreadable(error, "callAsync of a batcher");
  }
  const read = readCall(options, features, inputs, args, true);
  requireTransferable(read);
  const { batch: rows, timesteps, lengths, mask, initialState } = read;
  return { inputs: ownInputs(read), rows, timesteps, lengths, mask, initialState };
}
