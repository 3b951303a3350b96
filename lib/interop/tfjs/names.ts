import { Activation, KERAS2_HARD_SIGMOID } from "../../keras/activation.js";
import { GateActivation } from "../../keras/gate_activation.js";
import { KerasObject } from "../../keras/serialization.js";

/** Keras's spelling of one of tfjs's names: `hardSigmoid` is `hard_sigmoid`. Keras's own spelling stays. */
export function snakeCase(name: string): string {
  const snake = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
  return snake.replace(/^le_cun_/, "lecun_");
}

/** tfjs's spelling of one of Keras's names: `hard_sigmoid` is `hardSigmoid`. */
export function camelCase(name: string): string {
  return name.replace(/_+([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase());
}

/** Keys whose values are names of other kinds, spelled alike everywhere. */
const VERBATIM: ReadonlySet<string> = new Set(["name", "className", "class_name", "module", "registered_name"]);

type Plain = Record<string, unknown>;

function isPlain(value: unknown): value is Plain {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** One of tfjs's own objects: an initializer, a regularizer, a constraint. */
interface TfjsObject {
  getClassName(): string;
  getConfig(): Plain;
}

function isTfjsObject(value: object): value is TfjsObject {
  const { getClassName, getConfig } = value as Partial<TfjsObject>;
  return typeof getClassName === "function" && typeof getConfig === "function";
}

/**
 * `value`, of an argument or a config in tfjs's spelling, in Keras's: keys, names, serialized objects, and tfjs's own objects,
 * which become serialized ones. This package's objects, functions and everything else stay what they are.
 */
export function toKeras(value: unknown, key = ""): unknown {
  if (typeof value === "string") return VERBATIM.has(key) ? value : snakeCase(value);
  if (Array.isArray(value)) return value.map((item) => toKeras(item, key));
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof KerasObject || value instanceof GateActivation) return value;
  if (isTfjsObject(value)) return { class_name: value.getClassName(), config: toKeras(value.getConfig()) };
  if (!isPlain(value) || typeof value.forward === "function") return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([inner, item]) => [snakeCase(inner), toKeras(item, snakeCase(inner))]));
}

/** `value`, of a config in Keras's spelling, in tfjs's. Objects lose what Keras 2, and so tfjs, does not write. */
export function toTfjs(value: unknown, key = ""): unknown {
  if (typeof value === "string") return VERBATIM.has(key) ? value : camelCase(value);
  if (Array.isArray(value)) return value.map((item) => toTfjs(item, key));
  if (!isPlain(value)) return value;
  const entries = Object.entries(value).filter(([inner]) => inner !== "module" && inner !== "registered_name");
  return Object.fromEntries(entries.map(([inner, item]) => [camelCase(inner), toTfjs(item, inner)]));
}

const KERAS_2_HARD_SIGMOID = "keras2_hard_sigmoid";

/** An activation as tfjs means it: its `hardSigmoid` is Keras 2's `clip(0.2 x + 0.5, 0, 1)`, not Keras 3's. */
export function tfjsActivation(value: unknown): unknown {
  return value === "hard_sigmoid" ? KERAS_2_HARD_SIGMOID : value;
}

const TFJS_L1_L2 = { l1: 0.01, l2: 0.01 };

/** A regularizer as tfjs means it: what its `l1l2` is not told of `l1` and `l2` is 0.01, in Keras 0. */
export function tfjsRegularizer(value: unknown): unknown {
  if (value === "l1l2" || value === "L1L2") return { className: "L1L2", config: TFJS_L1_L2 };
  const { className, config } = (isPlain(value) ? value : {}) as { className?: unknown; config?: unknown };
  return className === "L1L2" ? { className, config: { ...TFJS_L1_L2, ...(config as object) } } : value;
}

/** An activation of a config that Keras 3 wrote. */
export function keras3Activation(value: unknown): unknown {
  return value === "hard_sigmoid" ? new Activation("hard_sigmoid") : value;
}

/** What a config in Keras's spelling calls an activation that only this package has: its bare name. */
export function activationName(serialized: unknown): unknown {
  const { config } = (serialized ?? {}) as { config?: unknown };
  return config === KERAS2_HARD_SIGMOID ? KERAS_2_HARD_SIGMOID : serialized;
}
