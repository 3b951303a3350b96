// Bidirectional, whose halves are GRUs of this package. (TimeDistributed is in convert_layer.ts, as any layer may be in it.)

import { malformed, refused, shown } from "../refusal.js";
import type { lastSize } from "./basic.js";
import { RECURRENT } from "./mask_rule.js";
import { GRU_RULE } from "./recurrent.js";
import type { Config, LayerRule, Weight } from "./rule.js";
import { asPlain, serialized } from "./vocabularies.js";

const MERGE_MODES: readonly unknown[] = ["concat", "sum", "mul", "ave", null];

/** The configs of both halves as Keras 3 has them, with their names. */
interface Halves {
  readonly forward: Config;
  readonly backward: Config;
}

/** Returns the config of a half, which must be a GRU. `serialized` is as Keras or tfjs writes it. */
function halfOf(value: unknown, where: string, read: (config: Config) => Config): Config {
  const { class_name, config } = asPlain(value) ?? {};
  const inner = asPlain(config);
  if (inner === undefined) throw malformed(where, "expected a layer in it but found none");
  if (class_name !== "GRU")
    throw refused(where, `a Bidirectional of ${shown(class_name)} is not supported, only of GRU`);
  return read(inner);
}

/** Completes the halves: a backward half that is missing is the forward half in the other direction. */
function halvesOf(config: Config, where: string, read: (config: Config) => Config): Halves {
  const forward = halfOf(config.layer, where, read);
  const name = String(forward.name).replace(/^forward_/, "");
  // Keras makes the output zero at masked timesteps where both halves return sequences.
  const common = { zero_output_for_mask: forward.return_sequences === true };
  const given = config.backward_layer ?? null;
  const backward =
    given === null
      ? { ...forward, name: `backward_${name}`, go_backwards: forward.go_backwards !== true }
      : halfOf(given, where, read);
  return { forward: { ...forward, ...common, name: `forward_${name}` }, backward: { ...backward, ...common } };
}

function mergeMode(config: Config, where: string): unknown {
  const { merge_mode = "concat" } = config;
  if (MERGE_MODES.includes(merge_mode)) return merge_mode;
  throw malformed(where, `expected a merge_mode but found ${shown(merge_mode)}`);
}

const { configs, weights } = GRU_RULE as Required<LayerRule>;

function halfWeights(config: Config, part: string, input: Parameters<typeof lastSize>[0]): Weight[] {
  const of = weights(config, [input ?? []]);
  // An .h5 file lists the weights of a frozen half after those that are trained.
  const isTrained = config.trainable !== false;
  return of.map((weight) => ({
    ...weight,
    name: `${config.name}/${weight.name}`,
    part: `${part}/cell`,
    trainable: weight.trainable && isTrained,
  }));
}

/** Keras's Bidirectional of two GRUs. */
export const BIDIRECTIONAL_RULE: LayerRule = {
  keras: "Bidirectional",
  tfjs: "Bidirectional",
  args: {},
  masks: RECURRENT,
  weights(config, [input]) {
    const { layer, backward_layer } = config as { layer: { config: Config }; backward_layer: { config: Config } };
    return [
      ...halfWeights(layer.config, "forward_layer", input),
      ...halfWeights(backward_layer.config, "backward_layer", input),
    ];
  },
  configs: {
    toTfjs(config, where) {
      const { forward, backward } = halvesOf(config, where, (half) => half);
      const half = (one: Config) => ({ className: "GRU", config: configs.toTfjs(one, where) });
      return { mergeMode: mergeMode(config, where), layer: half(forward), backwardLayer: half(backward) };
    },
    toKeras(config, where) {
      const { forward, backward } = halvesOf(config, where, (half) => configs.toKeras(half, where));
      const half = (one: Config) => serialized("keras.layers", "GRU", one);
      return { merge_mode: mergeMode(config, where), layer: half(forward), backward_layer: half(backward) };
    },
  },
};

/** Returns the config of a Bidirectional of Keras 3 with both halves, whichever version of Keras wrote it. */
export function completeBidirectional(config: Config, where: string, modern: (half: Config) => Config): Config {
  const { forward, backward } = halvesOf(config, where, modern);
  const half = (one: Config) => serialized("keras.layers", "GRU", one);
  return { ...config, layer: half(forward), backward_layer: half(backward) };
}
