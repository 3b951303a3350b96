import type { GRUOptions } from "../arguments/constructor.js";
import type { MaskLike } from "../arguments/mask_and_lengths.js";
import { type ReadCall, readCall, readCallSignal, type StateLike } from "../arguments/read_call.js";
import { type CompositeSettings, readComposite } from "../arguments/read_composite.js";
import { refuseAborted } from "../arguments/signal.js";
import { unreadable } from "../errors/reading.js";
import { ownInputs, requireTransferable } from "../layers/call/own_inputs.js";
import type { NativeArray } from "../native/arrays.js";
import { isRecord, refuseUnknown } from "../options/record.js";

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
  /** Whether the call takes over the inputs' buffer, which detaches it, in place of copying it; false by default. */
  transfer?: boolean | undefined;
}

const KNOWN: ReadonlySet<string> = new Set(["mask", "lengths", "initial_state", "signal", "transfer"]);

/** The arguments of `callAsync` of a batcher of several layers, as those of their `callAsync`. */
export interface CompositeBatcherArguments extends Omit<BatcherCallArguments, "initial_state"> {
  /** A list of (rows, units) states, one for each GRU. The default is zeros. */
  initial_state?: readonly StateLike[] | null | undefined;
}

/** The part of a request that says which others may share its call. */
export interface Waitable {
  readonly rows: number;
  /** Where requests of other lengths are padded, the number of timesteps; otherwise 1. */
  readonly timesteps: number;
  /** Only requests with the same text share a call. */
  readonly group: string;
}

/** The layer, the layers or the model that a batcher computes with. `Request` is what `read` returns. */
export interface Subject<Request extends Waitable = Waitable> {
  /** Reads the arguments of a request. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`. */
  read(inputs: unknown, args: unknown): Request;
  /** Computes requests of one group in one call. Returns the result of each. */
  compute(requests: readonly Request[], signal: AbortSignal | null): Promise<unknown[]>;
}

/** A request, read and checked, in memory of its own. Floating-point arrays are as in `ReadCall`. */
export type BatchRequest = Waitable &
  Pick<ReadCall, "inputs" | "lengths" | "mask"> & {
    /** One for each GRU. */
    readonly initialStates: readonly (NativeArray | null)[];
  };

/** Reads the signal of a request. Throws `ERR_ARGUMENT`, or `ERR_ABORTED` when the signal has already aborted. */
export function readRequestSignal(args: unknown): AbortSignal | null {
  const signal = readCallSignal(args);
  refuseAborted(signal);
  return signal;
}

/** Reads a request for a GRU as `callAsync` does. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`. */
export function readRequest(options: GRUOptions, features: number, inputs: unknown, args: unknown): BatchRequest {
  refuseOthers(args);
  const { initialState, ...read } = readCall(options, features, inputs, args, "callAsync");
  return requestOf(read, [initialState]);
}

/** Reads a request for several layers as their `callAsync` does. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`. */
export function readCompositeRequest(
  settings: CompositeSettings,
  features: number,
  inputs: unknown,
  args: unknown,
): BatchRequest {
  refuseOthers(args);
  const read = readComposite(settings, features, inputs, args, "callAsync");
  return requestOf(read, read.initialStates);
}

function refuseOthers(args: unknown): void {
  try {
    if (isRecord(args)) refuseUnknown(args, KNOWN, "callAsync of a batcher");
  } catch (error) {
    throw unreadable(error, "callAsync of a batcher");
  }
}

function requestOf(
  read: Omit<ReadCall, "initialState" | "out">,
  initialStates: readonly (NativeArray | null)[],
): BatchRequest {
  requireTransferable(read, []);
  const { batch: rows, timesteps, lengths, mask } = read;
  // An arbitrary mask keeps a call off cuDNN.
  const group = mask === null ? "" : "mask";
  return { inputs: ownInputs(read), rows, timesteps, group, lengths, mask, initialStates };
}
