import { stateList } from "../../arguments/read_composite.js";
import { formatShape } from "../../errors/describe.js";
import { notStateful } from "../../errors/layer_errors.js";
import { expected, expectedShape } from "../../errors/messages.js";
import { unreadable } from "../../errors/reading.js";
import type { NativeArray } from "../../native/arrays.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type Composite, isStateful, requireAlive, requireFree, requireNonePending } from "./composite.js";
import { settingsOf } from "./settings.js";

/**
 * Returns copies of the carried states of all halves, with `null` for a half that carries none. Returns `null` when no
 * half carries a state, or when a stateful one has none yet.
 */
export function carriedStates(composite: Composite): (Tensor<NativeArray> | null)[] | null {
  requireAlive(composite);
  const { halves } = composite;
  const all = halves.map(({ carried }) => (carried === null ? null : carried.tensors()));
  if (all.every((state) => state === null)) return null;
  if (halves.some(({ carried }, index) => carried !== null && all[index] === null)) return null;
  return all.map((state) => state?.[0] ?? null);
}

/**
 * Sets the carried states to copies of `states`, a list with one entry for each half, or to zeros without `states`.
 * When it throws, no state has changed. Throws the errors of `GRULayer.resetState`.
 */
export function resetStates(composite: Composite, states: unknown): void {
  requireFree(composite, "resetState");
  if (!isStateful(composite)) throw notStateful("resetState");
  requireNonePending(composite, "resetState");
  if (states === undefined || states === null) {
    for (const { carried } of composite.halves) carried?.clear();
    return;
  }
  const read = readStates(composite, states);
  // Reading the states may have run user code.
  requireFree(composite, "resetState");
  requireNonePending(composite, "resetState");
  composite.halves.forEach(({ carried }, index) => {
    const state = read[index] ?? null;
    if (state !== null) carried?.commit(state.batch, state.state);
  });
}

function readStates(composite: Composite, states: unknown): ({ batch: number; state: NativeArray } | null)[] {
  try {
    const list = stateList(states, settingsOf(composite).states, "states");
    let rows: number | null = null;
    return composite.halves.map(({ carried }, index) => {
      const value = list[index];
      const name = `states[${index}]`;
      if (carried === null) {
        if (value === null || value === undefined) return null;
        throw expected("ERR_ARGUMENT", name, "null, for a layer that is not stateful,", value);
      }
      const read = carried.read(value, name);
      rows ??= read.batch;
      if (read.batch === rows) return read;
      const { units } = (composite.halves[index] as Composite["halves"][0]).options;
      throw expectedShape(name, `shape ${formatShape([rows, units])}, as many rows as the others,`, [
        read.batch,
        units,
      ]);
    });
  } catch (error) {
    throw unreadable(error, "resetState");
  }
}
