// Recurrent layers. The GRU is this package's layer in tfjs, and the others are tfjs's own.
import { GRU as CoreGRU } from "../../../../index.js";
import { argumentsOfConfig, readArguments } from "../../arguments.js";
import { isOwnGru } from "../../registry.js";
import { KERAS_2_HARD_SIGMOID, toTfjs } from "../../spelling.js";
import { malformed, refused, shown } from "../refusal.js";
import { lastSize, size } from "./basic.js";
import { RECURRENT } from "./mask_rule.js";
import {
  activation,
  type Config,
  type LayerRule,
  legacy,
  named,
  ofWeight,
  only,
  same,
  type Weight,
  withoutEffect,
} from "./rule.js";

/** Returns the weights of a recurrent layer whose kernels have `gates` blocks. */
function cellWeights(config: Config, features: number, gates: number): Weight[] {
  const units = size(config.units);
  const width = gates * units;
  const bias = config.reset_after === true ? [2, width] : [width];
  return [
    { name: "kernel", shape: [features, width], trainable: true, part: "cell" },
    { name: "recurrent_kernel", shape: [units, width], trainable: true, part: "cell" },
    ...(config.use_bias === false ? [] : [{ name: "bias", shape: bias, trainable: true, part: "cell" }]),
  ];
}

const NO_ACTIVITY = only([null], "tfjs has no losses of activities");

/** The arguments that all of tfjs's own recurrent layers have. */
const COMMON = {
  units: same(),
  activation: () => activation("activation"),
  use_bias: same(true),
  ...ofWeight("kernel", "GlorotUniform"),
  ...ofWeight("recurrent", "Orthogonal"),
  ...ofWeight("bias", "Zeros"),
  activity_regularizer: NO_ACTIVITY,
  dropout: same(0),
  recurrent_dropout: same(0),
  return_sequences: same(false),
  return_state: same(false),
  go_backwards: same(false),
  stateful: same(false),
  unroll: withoutEffect(false),
  zero_output_for_mask: only([false], "tfjs's layer repeats the output before at masked timesteps"),
  seed: withoutEffect(null),
  implementation: withoutEffect(undefined),
  time_major: legacy([false], "inputs are (batch, timesteps, features) in tfjs"),
};

function own(name: string, gates: number, args: Parameters<typeof named>[0] = {}): LayerRule {
  return {
    keras: name,
    tfjs: name,
    args: named({ ...COMMON, ...args }),
    masks: RECURRENT,
    weights: (config, [input]) => cellWeights(config, lastSize(input), gates),
  };
}

const recurrent_activation = () => activation("recurrent_activation");

/** The names of the weights that have a regularizer and a constraint, in Keras's order. */
const RULES = ["kernel", "recurrent", "bias"] as const;

/** Returns the config of a GRU of this package as Keras 3 has it, for its config in tfjs's spelling. */
function kerasConfig(config: Config, where: string): Config {
  const { base, core, returnState, rules, activityRegularizer } = readArguments(argumentsOfConfig({ ...config }));
  const { name, trainable = true } = base as { name?: string; trainable?: boolean };
  const keras: Record<string, unknown> = new CoreGRU({ ...core, name, trainable }).getConfig();
  RULES.forEach((weight, index) => {
    keras[`${weight}_regularizer`] = rules[index]?.regularizer?.serialize() ?? null;
    keras[`${weight}_constraint`] = rules[index]?.constraint?.serialize() ?? null;
  });
  for (const key of ["activation", "recurrent_activation"]) {
    if (JSON.stringify(keras[key]).includes(KERAS_2_HARD_SIGMOID)) {
      throw refused(where, `${key} "hard_sigmoid" of Keras 2 is no activation of Keras 3`);
    }
  }
  return { ...keras, return_state: returnState, activity_regularizer: activityRegularizer?.serialize() ?? null };
}

/** Runs `convert`, which checks arguments. Its errors are about the layer that a file or a model has. */
function about<T>(where: string, convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    if (isUnsupported(error)) throw refused(where, error.message.replace(/\.$/, ""));
    throw malformed(where, error instanceof Error ? error.message.replace(/\.$/, "") : shown(error), error);
  }
}

function isUnsupported(error: unknown): error is Error {
  return error instanceof Error && (error as { code?: unknown }).code === "ERR_UNSUPPORTED";
}

/** Returns `config` in the spelling of tfjs's code, after this package's own layer has accepted it. */
function tfjsConfig(config: Config, where: string): Config {
  const { dtype: _, ...own } = config;
  const spelled = toTfjs({ ...own, zero_output_for_mask: own.zero_output_for_mask === true }) as Config;
  return about(where, () => {
    readArguments(argumentsOfConfig({ ...spelled }));
    return spelled;
  });
}

/** tfjs's own GRU, which a model that was made in JavaScript may have. */
const tfjsGru = own("GRU", 3, { recurrent_activation, reset_after: only([false], "tfjs's own GRU has no other") });

/** Keras's GRU, which this package's layer is in tfjs. */
export const GRU_RULE: LayerRule = {
  keras: "GRU",
  tfjs: "GRU",
  args: {},
  masks: RECURRENT,
  weights: (config, [input]) => cellWeights(config, lastSize(input), 3),
  configs: {
    toTfjs: tfjsConfig,
    toKeras: (config, where) => about(where, () => kerasConfig(toTfjs(config) as Config, where)),
  },
};

/** Returns the rule of the GRU that tfjs saved with `config`: this package's layer or tfjs's own. */
export function ruleOfGru(config: Config): LayerRule {
  return isOwnGru(toTfjs(config) as never) ? tfjsGru : GRU_RULE;
}

/** The rules of these layers. */
export const RECURRENT_RULES: readonly LayerRule[] = [
  GRU_RULE,
  own("LSTM", 4, { recurrent_activation, unit_forget_bias: withoutEffect(true) }),
  own("SimpleRNN", 1),
];
