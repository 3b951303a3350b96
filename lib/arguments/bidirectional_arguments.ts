import { expected, expectedText } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import { nearest } from "../errors/suggestion.js";
import { type DTypePolicy, getDTypePolicy } from "../keras/dtype_policy.js";
import { type MergeMode, readMergeMode } from "../keras/merge_mode.js";
import { getRegularizer, type Regularizer } from "../keras/regularizers.js";
import { lengthOf } from "../native/intrinsics.js";
import { Options } from "../options/options.js";
import { isRecord } from "../options/record.js";
import { checkInputHints, GRU_ARGUMENT_NAMES, readName } from "./constructor.js";
import { readTensor } from "./tensor_like.js";
import { isTypedArray } from "./typed_array.js";

/** The arguments of a Bidirectional after they were read. `layer` and `backwardLayer` have not been checked yet. */
export interface BidirectionalOptions {
  readonly layer: unknown;
  readonly backwardLayer: unknown;
  readonly mergeMode: MergeMode;
  /** `null` for none. */
  readonly weights: readonly unknown[] | null;
  readonly name: string | null;
  readonly trainable: boolean;
  readonly policy: DTypePolicy;
  readonly autocast: boolean;
  readonly activityRegularizer: Regularizer | null;
}

const KNOWN = [
  "layer",
  "merge_mode",
  "weights",
  "backward_layer",
  "activity_regularizer",
  "name",
  "trainable",
  "dtype",
  "autocast",
  "input_shape",
  "input_dim",
];

/**
 * Reads the arguments of `new Bidirectional(layer, args)` or `new Bidirectional({ layer, ...args })`. Throws
 * `ERR_ARGUMENT` or `ERR_DTYPE`. `isLayer` tells whether the first argument is a layer.
 */
export function readBidirectional(
  first: unknown,
  second: unknown,
  isLayer: (value: unknown) => boolean,
): BidirectionalOptions {
  return reading("Bidirectional", () => {
    const given = joinArguments(first, second, isLayer);
    refuseArgumentsOfLayer(given);
    const read = new Options("Bidirectional", given, KNOWN, null);
    const value = (name: string) => read.raw(name, undefined);
    checkInputHints(value("input_shape"), value("input_dim"));
    return {
      layer: value("layer"),
      backwardLayer: value("backward_layer") ?? null,
      mergeMode: readMergeMode(value("merge_mode")),
      weights: readList(value("weights")),
      name: readName(value("name")),
      trainable: read.boolean("trainable", true),
      policy: getDTypePolicy(value("dtype") ?? null, "dtype"),
      autocast: read.boolean("autocast", true),
      activityRegularizer: getRegularizer(value("activity_regularizer") ?? null, "activity_regularizer"),
    };
  });
}

function joinArguments(first: unknown, second: unknown, isLayer: (value: unknown) => boolean): Record<string, unknown> {
  if (second === undefined && isRecord(first) && !isLayer(first)) return first;
  const args = second ?? {};
  if (!isRecord(args) || isLayer(args)) {
    const remedy = isLayer(args) ? "Name the second layer: { backward_layer }." : undefined;
    throw expected("ERR_ARGUMENT", "Bidirectional", "an object of arguments after `layer`", second, { remedy });
  }
  if (args.layer !== undefined) {
    throw expected("ERR_ARGUMENT", "layer", "the layer once, first or in the object", args.layer);
  }
  return { ...args, layer: first };
}

/** Throws `ERR_ARGUMENT` for an argument that belongs to the GRU inside. */
function refuseArgumentsOfLayer(given: Record<string, unknown>): void {
  for (const key of Object.keys(given)) {
    if (nearest(key, KNOWN) !== undefined) continue;
    const meant = nearest(key, GRU_ARGUMENT_NAMES);
    if (meant === undefined) continue;
    const value = meant === "units" ? "units" : `units, { ${meant}: … }`;
    const remedy = `Pass it to the layer inside: new Bidirectional(new GRU(${value})).`;
    throw expectedText("ERR_ARGUMENT", "Bidirectional", "only known arguments", `the unknown argument \`${key}\``, {
      remedy,
    });
  }
}

/** Two GRUs have as many weights at most. */
const MOST_WEIGHTS = 6;

/** As in Keras, an empty list is the same as none. */
function readList(value: unknown): readonly unknown[] | null {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value)) throw expected("ERR_ARGUMENT", "weights", "an array of weights", value);
  const { length } = value;
  if (length > MOST_WEIGHTS) {
    throw expectedText("ERR_ARGUMENT", "weights", `at most ${MOST_WEIGHTS} weights`, `${length} of them`);
  }
  return length === 0 ? null : Array.from({ length }, (_, index) => (value as unknown[])[index]);
}

/**
 * Returns the number of features of a layer whose kernel is `kernel`, of shape (features, 3 * units). Throws
 * `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`.
 */
export function featuresOfKernel(kernel: unknown, units: number): number {
  return reading("weights", () => {
    if (!isTypedArray(kernel)) return readTensor(kernel, "weights[0]", "float32").shape[0] ?? 0;
    const features = lengthOf(kernel) / (3 * units);
    if (Number.isInteger(features)) return features;
    const wanted = `a multiple of ${3 * units} elements (shape [features, ${3 * units}])`;
    throw expectedText("ERR_SHAPE", "weights[0]", wanted, `${lengthOf(kernel)}`);
  });
}
