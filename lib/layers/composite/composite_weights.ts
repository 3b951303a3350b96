import { expected, expectedText } from "../../errors/messages.js";
import { unreadable } from "../../errors/reading.js";
import type { FloatArray, Tensor } from "../../tensor/tensor.js";
import { requireUnlocked, type Variable } from "../../variables/variable.js";
import type { GRUWeights } from "../weights/gru_weights.js";
import { requireFit, type WeightsFile } from "../weights/load_weights.js";
import { fittingFeatures } from "./build.js";
import { type Composite, isTrained, ownersOf, requireAlive } from "./composite.js";

/** Returns the variables of all layers that are built, in Keras's order. Throws `ERR_DISPOSED`. */
export function variablesOf(composite: Composite): Variable[] {
  requireAlive(composite);
  return composite.halves.flatMap(({ weights }) => [...(weights.current?.variables ?? [])]);
}

/** Returns the variables that are trained. Throws `ERR_DISPOSED`. */
export function trainedVariablesOf(composite: Composite): Variable[] {
  requireAlive(composite);
  return composite.stages.flatMap((stage) =>
    stage.halves.flatMap((half) => {
      const { current } = half.weights;
      return current !== null && isTrained(composite, stage, half) ? [...current.variables] : [];
    }),
  );
}

/** Returns the weights of all halves. Throws `ERR_DISPOSED`, or `ERR_NOT_BUILT` naming `method`. */
export function requireAllBuilt(composite: Composite, method: string): GRUWeights[] {
  requireAlive(composite);
  return composite.halves.map(({ weights }) => weights.requireBuilt(method));
}

/** Returns copies of all weights, or none before the composite is built. Throws `ERR_DISPOSED`. */
export function copiesOfWeights(composite: Composite): Tensor<FloatArray>[] {
  requireAlive(composite);
  return composite.halves.flatMap(({ weights }) => weights.current?.get() ?? []);
}

/** Sets the weights of all layers. When it throws, it has set none. */
export function setAllWeights(composite: Composite, values: unknown): void {
  const all = requireAllBuilt(composite, "setWeights");
  for (const owner of ownersOf(composite)) requireUnlocked(owner, "setWeights");
  writeAll(all, readAll(all, values));
}

function readAll(all: readonly GRUWeights[], values: unknown): FloatArray[][] {
  try {
    const count = all.reduce((sum, { variables }) => sum + variables.length, 0);
    if (!Array.isArray(values)) throw expected("ERR_ARGUMENT", "weights", `an array of ${count} weights`, values);
    if (values.length !== count) {
      throw expectedText("ERR_ARGUMENT", "weights", `${count} weights`, `${values.length} of them`);
    }
    let first = 0;
    return all.map((weights) => {
      const { length } = weights.variables;
      const own = Array.from({ length }, (_, index) => (values as unknown[])[first + index]);
      const read = weights.read(own, first);
      first += length;
      return read;
    });
  } catch (error) {
    throw unreadable(error, "setWeights");
  }
}

/** Writes values that were read, when none of the weights has been disposed or locked meanwhile. */
function writeAll(all: readonly GRUWeights[], read: readonly FloatArray[][]): void {
  for (const weights of all) weights.requireWritable();
  all.forEach((weights, index) => {
    weights.write(read[index] as FloatArray[]);
  });
}

/**
 * Sets the weights of all halves to those in a file, one entry for each half, and builds the layers that are not built.
 * When they do not fit, throws and changes nothing.
 */
export function takeOverAll(composite: Composite, files: readonly WeightsFile[]): void {
  const { halves } = composite;
  requireAlive(composite);
  halves.forEach(({ weights, options }, index) => {
    requireFit(files[index] as WeightsFile, options, weights.features);
  });
  const [first] = files as [WeightsFile];
  const wanted = fittingFeatures(composite, first.file.features, "source");
  files.forEach(({ file, source }, index) => {
    if (file.features === wanted[index]) return;
    const received = `${file.features} features in layer ${JSON.stringify(file.path)} of ${source.shown}`;
    throw expectedText("ERR_SHAPE", "source", `${wanted[index]} features`, received);
  });
  const all = halves.map(({ weights }, index) => {
    const { features } = (files[index] as WeightsFile).file;
    return weights.candidate(weights.features ?? features, "zeros");
  });
  const read = all.map((weights, index) => weights.read((files[index] as WeightsFile).file.weights));
  writeAll(all, read);
  halves.forEach(({ weights }, index) => {
    weights.adopt(all[index] as GRUWeights);
  });
}

/**
 * Builds the composite for inputs of so many features with `values` as its weights, in the order of `weights`. When it
 * throws, no layer has changed.
 */
export function buildWithWeights(composite: Composite, features: number, values: readonly unknown[]): void {
  const own = fittingFeatures(composite, features, "weights");
  const all = composite.halves.map(({ weights }, index) => weights.candidate(own[index] as number, "zeros"));
  writeAll(all, readAll(all, values));
  composite.halves.forEach(({ weights }, index) => {
    weights.adopt(all[index] as GRUWeights);
  });
}
