// Layers that work on each element, or change only the shape.
import { malformed, refused, shown } from "../refusal.js";
import { DROPS, KEEPS, TFJS_DROPS } from "./mask_rule.js";
import {
  activation,
  activityRegularizer,
  type Config,
  channelsLast,
  constraint,
  initializer,
  type LayerRule,
  named,
  ofWeight,
  only,
  regularizer,
  type Shape,
  same,
  withoutEffect,
} from "./rule.js";

/** Quantized layers have other weights. */
export const notQuantized = only([null], "tfjs has no quantized layers");

/** Returns the last size of `shape`, or -1, which no weight in a file has. */
export function lastSize(shape: Shape | undefined): number {
  return shape?.at(-1) ?? -1;
}

/** Returns a number of a config, or -1, which no weight in a file has. */
export function size(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : -1;
}

/** Returns a rule for a layer that has the same name in both and no weights. */
function plain(name: string, masks: LayerRule["masks"], args: Parameters<typeof named>[0] = {}): LayerRule {
  return { keras: name, tfjs: name, args: named(args), masks };
}

const dense: LayerRule = {
  keras: "Dense",
  tfjs: "Dense",
  args: named({
    units: same(),
    activation: () => activation("activation"),
    use_bias: same(true),
    ...ofWeight("kernel", "GlorotUniform"),
    ...ofWeight("bias", "Zeros"),
    activity_regularizer: activityRegularizer,
    quantization_config: notQuantized,
    lora_rank: notQuantized,
  }),
  masks: KEEPS,
  weights: ({ units, use_bias }, [input]) => [
    { name: "kernel", shape: [lastSize(input), size(units)], trainable: true, part: "" },
    ...(use_bias === false ? [] : [{ name: "bias", shape: [size(units)], trainable: true, part: "" }]),
  ],
};

const embedding: LayerRule = {
  keras: "Embedding",
  tfjs: "Embedding",
  args: named({
    input_dim: same(),
    output_dim: same(),
    ...ofWeight("embeddings", "RandomUniform"),
    activity_regularizer: activityRegularizer,
    mask_zero: same(false),
    // In tfjs it is the length of all inputs, which the model's input says too.
    input_length: withoutEffect(undefined),
    quantization_config: notQuantized,
    lora_rank: notQuantized,
  }),
  masks: { reads: { keras: false, tfjs: false }, keras: "embedding", tfjs: "embedding" },
  weights: ({ input_dim, output_dim }) => [
    { name: "embeddings", shape: [size(input_dim), size(output_dim)], trainable: true, part: "" },
  ],
};

const prelu: LayerRule = {
  keras: "PReLU",
  tfjs: "PReLU",
  args: named({
    alpha_initializer: initializer("Zeros"),
    alpha_regularizer: regularizer,
    alpha_constraint: constraint,
    shared_axes: same(),
  }),
  masks: KEEPS,
  weights({ shared_axes }, [input]) {
    const shared = Array.isArray(shared_axes) ? shared_axes : [];
    const shape = (input ?? []).slice(1).map((length, index) => (shared.includes(index + 1) ? 1 : (length ?? -1)));
    return [{ name: "alpha", shape, trainable: true, part: "" }];
  },
};

/** A size that is to be found out from the others. */
function isOpen(length: number | null): boolean {
  return length === null || length < 0;
}

/** Returns the product of sizes, or `null` if one of them is unknown. */
function product(sizes: Shape): number | null {
  return sizes.some(isOpen) ? null : sizes.reduce<number>((total, length) => total * (length as number), 1);
}

function targetOf(config: Config, key: string): (number | null)[] {
  return Array.isArray(config[key]) ? (config[key] as (number | null)[]) : [];
}

/** tfjs does not find out the size for -1 as long as the size of the batch is unknown. */
function sizedReshape(config: Config, input: Shape): Config {
  const target = targetOf(config, "targetShape");
  const known = product(target.filter((length) => !isOpen(length)));
  const elements = product(input.slice(1));
  if (target.filter(isOpen).length !== 1 || elements === null || !known) return config;
  return { ...config, targetShape: target.map((length) => (isOpen(length) ? elements / known : length)) };
}

/** tfjs compares the numbers of elements only when it computes. */
function checkReshape(config: Config, where: string, [input = []]: readonly Shape[]): void {
  const elements = product(input.slice(1));
  const wanted = product(targetOf(config, "target_shape"));
  if (elements === null || wanted === null || elements === wanted) return;
  throw malformed(where, `expected a target_shape of ${elements} elements but found ${shown(config.target_shape)}`);
}

const seed = withoutEffect(null);
const noise_shape = only([null], "tfjs has one mask for the whole tensor");

/** The rules of these layers. */
export const BASIC_RULES: readonly LayerRule[] = [
  dense,
  embedding,
  prelu,
  plain("Dropout", KEEPS, { rate: same(), seed, noise_shape }),
  plain("SpatialDropout1D", KEEPS, { rate: same(), seed }),
  plain("GaussianNoise", KEEPS, { stddev: same(), seed }),
  plain("GaussianDropout", KEEPS, { rate: same(), seed }),
  plain("AlphaDropout", KEEPS, { rate: same(), seed, noise_shape }),
  plain("Activation", KEEPS, { activation: () => activation("activation") }),
  plain("ReLU", KEEPS, {
    max_value: same(),
    negative_slope: only([0], "tfjs's ReLU ignores it. A LeakyReLU has it"),
    threshold: only([0], "tfjs's ReLU ignores it"),
  }),
  {
    ...plain("LeakyReLU", TFJS_DROPS, { negative_slope: same(0.3, "alpha") }),
    renamed: { alpha: "negative_slope" },
  },
  plain("ELU", TFJS_DROPS, { alpha: only([1], "tfjs has no other") }),
  {
    ...plain("Softmax", TFJS_DROPS, { axis: same(-1) }),
    masks: { reads: { keras: true, tfjs: true }, keras: "input", tfjs: "none" },
    check({ axis }, where, [input]) {
      if (axis !== -1 && axis !== (input?.length ?? 0) - 1) {
        throw refused(where, `axis ${shown(axis)} is not supported: tfjs has only the last`);
      }
    },
  },
  plain("Flatten", DROPS, { data_format: channelsLast }),
  { ...plain("Reshape", DROPS, { target_shape: same() }), sized: sizedReshape, check: checkReshape },
  plain("Permute", DROPS, { dims: same() }),
  plain("RepeatVector", DROPS, { n: same() }),
  plain("Rescaling", TFJS_DROPS, { scale: same(), offset: same(0) }),
  {
    ...plain("Masking", KEEPS, { mask_value: same(0) }),
    masks: { reads: { keras: false, tfjs: false }, keras: "masking", tfjs: "masking" },
  },
];
