// The tables of rules consist of these: each rule describes a class of layers that both Keras and tfjs have.

import { refused, shown } from "../refusal.js";
import type { MaskRule } from "./mask_rule.js";
import {
  activationToKeras,
  activationToTfjs,
  initializerToKeras,
  initializerToTfjs,
  regularizerToKeras,
  regularizerToTfjs,
} from "./vocabularies.js";

/** The config of a layer: JSON. */
export type Config = Readonly<Record<string, unknown>>;

/** The shape of a tensor with the batch. `null` stands for any size. */
export type Shape = readonly (number | null)[];

/** How one argument of a layer is written. Its name in Keras is the key in {@link LayerRule.args}. */
export interface Argument {
  /** Its name in tfjs in snake case. */
  readonly tfjs: string;
  /**
   * Returns tfjs's value for one of Keras 3, or `undefined` to leave the argument out. Throws `ERR_UNSUPPORTED` for values
   * that tfjs treats otherwise.
   */
  toTfjs(value: unknown, where: string): unknown;
  /** Returns Keras 3's value for one of tfjs, which may be absent. Throws `ERR_UNSUPPORTED` likewise. */
  toKeras(value: unknown, where: string): unknown;
}

/** One weight of a layer. */
export interface Weight {
  /** Its name in tfjs, without the layer's. */
  readonly name: string;
  readonly shape: readonly number[];
  /** False for a weight that training does not change, such as a moving average. */
  readonly trainable: boolean;
  /** The part of the layer in whose group Keras 3 stores it, such as `cell`; `""` for the layer itself. */
  readonly part: string;
}

/** A class of layers that both Keras and tfjs have. */
export interface LayerRule {
  /** The class in Keras. */
  readonly keras: string;
  /** The class in tfjs. */
  readonly tfjs: string;
  /** The arguments by their names in Keras 3. */
  readonly args: Readonly<Record<string, Argument>>;
  /** Names of arguments that Keras 3 renamed: from the old name to the new one. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** How the layer treats masks. */
  readonly masks: MaskRule;
  /** Returns the weights of a layer with Keras 3's `config`, in Keras's order. Absent for layers without weights. */
  weights?(config: Config, inputs: readonly Shape[]): Weight[];
  /** Throws `ERR_UNSUPPORTED` for a layer that tfjs computes otherwise for other reasons than one argument. */
  check?(config: Config, where: string, inputs: readonly Shape[]): void;
  /** Converts whole configs where they need more than their arguments one by one. */
  readonly configs?: WholeConfigs;
  /** Returns tfjs's config with the sizes that tfjs does not find out from the shape of the input. */
  sized?(tfjs: Config, input: Shape): Config;
}

/** How the config of a layer is converted as a whole. `name` and `trainable` are in both. */
export interface WholeConfigs {
  /** Returns tfjs's config, spelled as in tfjs's code, for one of Keras 3. */
  toTfjs(config: Config, where: string): Config;
  /** Returns Keras 3's config for one that tfjs saved, in snake case. */
  toKeras(config: Config, where: string): Config;
}

/** An argument with the same values in both. A missing one has the value `otherwise`. */
export function same(otherwise?: unknown, tfjs?: string): (name: string) => Argument {
  return (name) => ({
    tfjs: tfjs ?? name,
    toTfjs: (value) => (value === undefined ? otherwise : value),
    toKeras: (value) => value ?? otherwise ?? null,
  });
}

/** The name of a function, or the function itself as Keras serializes it. */
export const activation = (name: string): Argument => ({
  tfjs: name,
  toTfjs: (value, where) => activationToTfjs(value, where, name),
  toKeras: (value, where) => activationToKeras(value ?? "linear", where, name),
});

/** The initializer of a weight. In tfjs, one that it does not have becomes `fallback`. */
export function initializer(fallback: string): (name: string) => Argument {
  return (name) => ({
    tfjs: name,
    toTfjs: (value) => initializerToTfjs(value, fallback),
    toKeras: (value, where) => initializerToKeras(value, where, name),
  });
}

/** The regularizer of a weight. */
export const regularizer = (name: string): Argument => ({
  tfjs: name,
  toTfjs: (value, where) => regularizerToTfjs(value, where, name),
  toKeras: (value, where) => regularizerToKeras(value, where, name),
});

/** An argument that must be absent or `null` because of `reason`. */
export function absent(reason: string): (name: string) => Argument {
  return (name) => {
    const check = (value: unknown, where: string) => {
      if (value === undefined || value === null) return null;
      throw refused(where, `${name} ${shown(value)} is not supported: ${reason}`);
    };
    return { tfjs: name, toTfjs: check, toKeras: check };
  };
}

/** tfjs projects weights when they are loaded, but not when they are trained. */
export const constraint = absent("tfjs applies a constraint to weights that it loads, and to none that it trains");

/** tfjs throws when a layer has one. */
export const activityRegularizer = absent("tfjs has no losses of activities");

/** An argument for which tfjs has one meaning only. It must have one of `values`, of which the first is the default. */
export function only(values: readonly unknown[], reason: string): (name: string) => Argument {
  const known = values.map((value) => JSON.stringify(value));
  const check = (value: unknown, where: string, name: string) => {
    if (value === undefined || value === null || known.includes(JSON.stringify(value))) return;
    throw refused(where, `${name} ${shown(value)} is not supported: ${reason}`);
  };
  return (name) => ({
    tfjs: name,
    toTfjs: (value, where) => check(value, where, name),
    toKeras(value, where) {
      check(value, where, name);
      return values[0];
    },
  });
}

/** An argument as {@link only} makes it, which Keras 3 does not have: only Keras 2, or tfjs, writes it. */
export function legacy(values: readonly unknown[], reason: string): (name: string) => Argument {
  return (name) => {
    const argument = only(values, reason)(name);
    return { ...argument, toKeras: (value, where) => void argument.toKeras(value, where) };
  };
}

/** Channels are the last dimension, as tfjs's kernels on CPUs have them. */
export const channelsLast = only(["channels_last"], 'only "channels_last" is, as Keras computes no other on CPUs');

/** An argument that changes no number, such as the seed of random numbers. It is left out of tfjs's config. */
export function withoutEffect(otherwise: unknown): (name: string) => Argument {
  return (name) => ({ tfjs: name, toTfjs: () => undefined, toKeras: () => otherwise });
}

/** Returns arguments by name, from functions that make an argument for a name. */
export function named(makers: Readonly<Record<string, (name: string) => Argument>>): Record<string, Argument> {
  return Object.fromEntries(Object.entries(makers).map(([name, make]) => [name, make(name)]));
}

/** Returns the initializer, the regularizer and the constraint of the weight `name`. */
export function ofWeight(name: string, fallback: string): Record<string, (name: string) => Argument> {
  return {
    [`${name}_initializer`]: initializer(fallback),
    [`${name}_regularizer`]: regularizer,
    [`${name}_constraint`]: constraint,
  };
}
