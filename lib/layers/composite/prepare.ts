import type { OutTarget } from "../../arguments/out_argument.js";
import { type CallMethod, isAsynchronous } from "../../arguments/read_call.js";
import type { ReadComposite } from "../../arguments/read_composite.js";
import { refuseAborted } from "../../arguments/signal.js";
import type { PathRequest } from "../../backend/path_chooser.js";
import type { FloatArray, NativeArray } from "../../native/arrays.js";
import type { CombinedRows } from "../call/combined_rows.js";
import type { CallDropout } from "../call/dropout.js";
import { ownInputs, requireTransferable } from "../call/own_inputs.js";
import { flagsOf, type PreparedCall, zeroedRowsOf } from "../call/prepare_call.js";
import type { LayerParts } from "../layer_parts.js";
import type { GRUWeights } from "../weights/gru_weights.js";
import { buildAll, fittingFeatures } from "./build.js";
import { type Composite, hasCustomActivations, requireAlive, requireNonePending, type Stage } from "./composite.js";
import { castTo } from "./values.js";

/** A half of a prepared call. Its inputs are only known when the call is computed. */
export interface PreparedHalf {
  readonly layer: LayerParts;
  readonly call: Omit<PreparedCall, "inputs" | "out">;
}

/** A stage of a prepared call. */
export interface PreparedStage {
  readonly stage: Stage;
  readonly halves: readonly PreparedHalf[];
}

/**
 * A call of a composite that is ready to be computed. `call`, `callAsync`, `forward`, `forwardAsync` and the batcher all
 * compute from this value, and none of them changes it. All stages have the same mask or lengths.
 */
export interface PreparedComposite {
  readonly composite: Composite;
  readonly method: CallMethod;
  /** (batch, timesteps, features), in the dtype of the first stage. 16-bit elements are bits. */
  readonly inputs: FloatArray;
  readonly batch: number;
  readonly timesteps: number;
  readonly features: number;
  readonly stages: readonly PreparedStage[];
  readonly halves: readonly PreparedHalf[];
  /** The rows of a batcher's requests in a combined call; `null` for every other call. */
  readonly combined: CombinedRows | null;
  readonly out: readonly OutTarget[] | null;
}

/** Says how a call that was read is to be prepared. */
export interface CompositePreparation {
  readonly method: CallMethod;
  readonly read: ReadComposite;
  readonly signal?: AbortSignal | null;
  readonly combined?: CombinedRows | null;
}

/**
 * Prepares a call: chooses the path of each half, builds the layers that are not built, and draws dropout masks in
 * Keras's order. If the call computes later or runs user code, also makes the inputs its own. For a call that computes
 * later, that is the last step, so that a refused call leaves the caller's buffer intact.
 *
 * Throws the errors of `GRULayer.call`.
 */
export function prepareComposite(
  composite: Composite,
  { method, read, signal = null, combined = null }: CompositePreparation,
): PreparedComposite {
  const asynchronous = isAsynchronous(method);
  // The user's functions could detach the arrays that the kernels read.
  const copied = !asynchronous && hasCustomActivations(composite) ? ownInputs(read) : null;
  // Reading the arguments may have run user code.
  requireAlive(composite);
  refuseAborted(signal);
  requireTransferable(read, read.out ?? []);
  const { halves } = composite;
  if (asynchronous) for (const { inFlight } of halves) inFlight.checkBatch(read.batch);
  else requireNonePending(composite, method, read.batch);
  const features = fittingFeatures(composite, read.features, "inputs");
  const pathFlags = halves.map(({ path }, index) => path.flagsFor(requestOf(read, features[index] as number)));
  const weights = buildAll(composite, features);
  const dropout = halves.map((): CallDropout | null => null);
  try {
    halves.forEach((half, index) => {
      dropout[index] = half.dropout.drawIfNeeded(requestOf(read, features[index] as number));
    });
    const inputs = copied ?? (asynchronous ? ownInputs(read) : read.inputs);
    const prepared = halves.map((layer, index): PreparedHalf => {
      const own = weights[index] as GRUWeights;
      const zeroedRows = zeroedRowsOf(layer, combined);
      const call = {
        method,
        batch: read.batch,
        timesteps: read.timesteps,
        features: own.features,
        mask: read.mask,
        lengths: read.lengths,
        initialState: initialStateOf(composite, read, index),
        dropout: dropout[index] ?? null,
        flags: flagsOf(layer, zeroedRows) | (pathFlags[index] as number),
        combined,
        zeroedRows,
        weights: own,
        snapshot: asynchronous ? own.snapshot() : null,
      };
      return { layer, call };
    });
    return {
      composite,
      method,
      inputs,
      batch: read.batch,
      timesteps: read.timesteps,
      features: read.features,
      stages: stagesOf(composite, prepared),
      halves: prepared,
      combined,
      out: read.out,
    };
  } catch (error) {
    endDropout(halves, dropout);
    throw error;
  }
}

/** Returns what the path of a half with so many features, and its dropout, depend on. */
function requestOf(read: ReadComposite, features: number): PathRequest {
  if (features === read.features) return read;
  const { mask, lengths, training, batch, timesteps } = read;
  return { mask, lengths, training, batch, timesteps, features };
}

/** Returns the initial state of a half, in its own dtype. */
function initialStateOf(composite: Composite, { initialStates }: ReadComposite, index: number): NativeArray | null {
  const state = initialStates[index] ?? null;
  if (state === null) return null;
  const half = composite.halves[index] as LayerParts;
  const stage = composite.stages.find(({ halves }) => halves.some((each) => each === half)) as Stage;
  return castTo(state, stage.dtype, half.options.computeDtype);
}

function stagesOf({ stages }: Composite, halves: readonly PreparedHalf[]): PreparedStage[] {
  const [only] = stages;
  if (stages.length === 1) return [{ stage: only, halves }];
  let first = 0;
  return stages.map((stage) => {
    const own = halves.slice(first, first + stage.halves.length);
    first += stage.halves.length;
    return { stage, halves: own };
  });
}

function endDropout(halves: readonly LayerParts[], drawn: readonly (CallDropout | null)[]): void {
  drawn.forEach((dropout, index) => {
    if (dropout !== null) halves[index]?.dropout.markEnded(dropout);
  });
}

/** Records that the call has succeeded, which uses up its dropout numbers. */
export function markSucceeded({ halves }: PreparedComposite): void {
  for (const { layer, call } of halves) if (call.dropout !== null) layer.dropout.markSucceeded(call.dropout);
}

/** Records that the call is over, whether or not it succeeded. */
export function markEnded({ halves }: PreparedComposite): void {
  for (const { layer, call } of halves) if (call.dropout !== null) layer.dropout.markEnded(call.dropout);
}
