import type { ReadComposite } from "../../arguments/read_composite.js";
import { readComposite } from "../../arguments/read_composite.js";
import type { CombinedRows } from "../call/combined_rows.js";
import { allLockedWhile, builtFeatures, type Composite, hasCustomActivations, requireFree } from "./composite.js";
import { type CompositeOutcome, finishCall } from "./finish.js";
import {
  type CompositePreparation,
  markEnded,
  markSucceeded,
  type PreparedComposite,
  prepareComposite,
} from "./prepare.js";
import { runnerFor } from "./runner.js";
import { settingsOf } from "./settings.js";
import { runInTurn, submitComposite } from "./submit.js";
import { traceComposite } from "./trace.js";

/** Computes on this thread. Throws the errors of `GRULayer.call`. */
export function callComposite(composite: Composite, inputs: unknown, args: unknown): CompositeOutcome {
  requireFree(composite, "call");
  const read = readComposite(settingsOf(composite), builtFeatures(composite), inputs, args, "call");
  const prepared = prepareComposite(composite, { method: "call", read });
  return runNow(prepared, () => finishCall(prepared, runnerFor(prepared).call(prepared)));
}

/** Runs a synchronous computation. When it succeeds, the call uses up its dropout numbers. */
export function runNow<T>(prepared: PreparedComposite, compute: () => T): T {
  const { composite } = prepared;
  const trace = traceComposite(prepared);
  const locked = hasCustomActivations(composite) ? () => allLockedWhile(composite, compute) : compute;
  try {
    const result = trace === null ? locked() : trace.follow(locked);
    markSucceeded(prepared);
    return result;
  } finally {
    markEnded(prepared);
  }
}

/** Computes on the executor's threads. Never throws. Rejects with the errors of `GRULayer.callAsync`. */
export function callCompositeAsync(composite: Composite, inputs: unknown, args: unknown): Promise<CompositeOutcome> {
  return submitComposite(composite, "callAsync", args, (signal) => {
    const read = readComposite(settingsOf(composite), builtFeatures(composite), inputs, args, "callAsync");
    return compute(composite, { method: "callAsync", read, signal });
  });
}

/** Computes a batcher's call, as `callCompositeAsync` computes one. `rows` is `null` when it has only one request. */
export function callCompositeForBatcher(
  composite: Composite,
  { read, rows }: { readonly read: ReadComposite; readonly rows: CombinedRows | null },
  signal: AbortSignal | null,
): Promise<CompositeOutcome> {
  return submitComposite(composite, "callAsync", { signal }, () =>
    compute(composite, { method: "callAsync", read, signal, combined: rows }),
  );
}

function compute(composite: Composite, preparation: CompositePreparation): Promise<CompositeOutcome> {
  const { signal = null } = preparation;
  const prepared = prepareComposite(composite, preparation);
  return runInTurn(prepared, signal, async (computed) => {
    const { stages, times } = await runnerFor(prepared).callAsync(prepared, signal);
    computed(...times);
    return finishCall(prepared, stages);
  });
}
