import type { CallSettings } from "../../arguments/read_call.js";
import type { CompositeSettings, ResultSettings } from "../../arguments/read_composite.js";
import { type Composite, firstStage, hasCustomActivations, lastStage, outputShapes } from "./composite.js";
import { nativeDtype } from "./values.js";

const known = new WeakMap<Composite, CompositeSettings>();

/** Returns the settings that the reading of the composite's calls depends on. They never change. */
export function settingsOf(composite: Composite): CompositeSettings {
  let settings = known.get(composite);
  if (settings === undefined) {
    settings = newSettings(composite);
    known.set(composite, settings);
  }
  return settings;
}

function newSettings(composite: Composite): CompositeSettings {
  const first = firstStage(composite);
  const { units, variableDtype } = first.halves[0].options;
  const call: CallSettings = {
    units,
    computeDtype: first.dtype,
    variableDtype,
    kernelDtype: nativeDtype(first.dtype),
    autocast: first.autocast,
    custom: hasCustomActivations(composite),
    // These two only concern `out`, which is read here.
    returnSequences: false,
    returnState: false,
  };
  return {
    call,
    states: composite.stages.flatMap(({ halves, dtype }) =>
      halves.map(({ name, options }) => ({ name, units: options.units, dtype })),
    ),
    noStates: composite.halves.map(() => null),
    results: (batch, timesteps) => resultsOf(composite, batch, timesteps),
  };
}

/** Returns the shapes and dtypes of the results of a call. */
export function resultsOf(composite: Composite, batch: number, timesteps: number): ResultSettings[] {
  const last = lastStage(composite);
  const outputs = outputShapes(last, batch, timesteps).map((shape) => ({ shape, dtype: last.dtype }));
  return composite.returnState ? [...outputs, ...statesOf(composite, batch)] : outputs;
}

/** Returns the shapes and dtypes of the states of all halves. */
export function statesOf({ halves }: Composite, batch: number): ResultSettings[] {
  return halves.map(({ options }) => ({ shape: [batch, options.units], dtype: options.computeDtype }));
}
