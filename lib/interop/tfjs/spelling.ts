import { Activation, KERAS2_HARD_SIGMOID } from "../../keras/activation.js";
import { GateActivation } from "../../keras/gate_activation.js";
import { KerasObject } from "../../keras/serialization.js";

/** Returns one of tfjs's names in Keras's spelling: `hard_sigmoid` for `hardSigmoid`. Keras's spelling is unchanged. */
export function snakeCase(name: string): string {
  const snake = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
  return snake.replace(/^le_cun_/, "lecun_");
}

/** Returns one of Keras's names in tfjs's spelling: `hardSigmoid` for `hard_sigmoid`. */
export function camelCase(name: string): string {
  return name.replace(/_+([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase());
}

/** Keys whose values are other kinds of names, which are spelled the same everywhere. */
const VERBATIM: ReadonlySet<string> = new Set(["name", "className", "class_name", "module", "registered_name"]);

type Plain = Record<string, unknown>;

function isPlain(value: unknown): value is Plain {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** One of tfjs's own objects: an initializer, a regularizer or a constraint. */
interface TfjsObject {
  getClassName(): string;
  getConfig(): Plain;
}

function isTfjsObject(value: object): value is TfjsObject {
  const { getClassName, getConfig } = value as Partial<TfjsObject>;
  return typeof getClassName === "function" && typeof getConfig === "function";
}

/**
 * Converts `value`, from an argument or a config in tfjs's spelling, to Keras's spelling: keys, names, serialized
 * objects, and tfjs's own objects, which become serialized ones. This package's objects, functions and everything else
 * are unchanged.
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

/**
 * Converts `value`, from a config in Keras's spelling, to tfjs's. Objects lose the keys that Keras 2 and tfjs do not
 * write.
 */
export function toTfjs(value: unknown, key = ""): unknown {
  if (typeof value === "string") return VERBATIM.has(key) ? value : camelCase(value);
  if (Array.isArray(value)) return value.map((item) => toTfjs(item, key));
  if (!isPlain(value)) return value;
  const entries = Object.entries(value).filter(([inner]) => inner !== "module" && inner !== "registered_name");
  return Object.fromEntries(entries.map(([inner, item]) => [camelCase(inner), toTfjs(item, inner)]));
}

/** The name of Keras 2's hard_sigmoid in configs of this package. */
export const KERAS_2_HARD_SIGMOID = "keras2_hard_sigmoid";

/** Converts an activation of tfjs's: its `hardSigmoid` is Keras 2's `clip(0.2 x + 0.5, 0, 1)`, not Keras 3's. */
export function tfjsActivation(value: unknown): unknown {
  return value === "hard_sigmoid" ? KERAS_2_HARD_SIGMOID : value;
}

const TFJS_L1_L2 = { l1: 0.01, l2: 0.01 };

/** Converts a regularizer of tfjs's: a missing `l1` or `l2` of its `l1l2` is 0.01, while in Keras it is 0. */
export function tfjsRegularizer(value: unknown): unknown {
  if (value === "l1l2" || value === "L1L2") return { className: "L1L2", config: TFJS_L1_L2 };
  const { className, config } = (isPlain(value) ? value : {}) as { className?: unknown; config?: unknown };
  return className === "L1L2" ? { className, config: { ...TFJS_L1_L2, ...(config as object) } } : value;
}

/** Converts an activation from a config that Keras 3 wrote. */
export function keras3Activation(value: unknown): unknown {
  return value === "hard_sigmoid" ? new Activation("hard_sigmoid") : value;
}

/** Returns the bare name of an activation that only this package has, and any other serialized activation unchanged. */
export function activationName(serialized: unknown): unknown {
  const { config } = (serialized ?? {}) as { config?: unknown };
  return config === KERAS2_HARD_SIGMOID ? KERAS_2_HARD_SIGMOID : serialized;
}
