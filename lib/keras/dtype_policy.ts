import { describe } from "../errors/describe.js";
import { expected } from "../errors/messages.js";
import { suggestion } from "../errors/suggestion.js";
import type { NativeDtype } from "../native/binding.js";
import type { SixteenBitDtype } from "../native/sixteen_bit.js";
import { readSerialized, type SerializedObject } from "./serialization.js";

/** The element types in which a layer can compute or keep its variables. */
export type Dtype = NativeDtype | SixteenBitDtype;

/** Keras's names for a layer's `dtype`. The mixed ones compute in 16 bits and keep float32 weights. */
export type DtypeName = Dtype | "mixed_float16" | "mixed_bfloat16";

/** The dtype of the inputs and results of a layer whose `dtype` is `D`. */
export type ComputeDtype<D extends DtypeName> = D extends "mixed_float16"
  ? "float16"
  : D extends "mixed_bfloat16"
    ? "bfloat16"
    : Extract<D, Dtype>;

/** The dtype of the weights of a layer whose `dtype` is `D`. */
export type VariableDtype<D extends DtypeName> = D extends "mixed_float16" | "mixed_bfloat16"
  ? "float32"
  : Extract<D, Dtype>;

/** The compute dtype and the variable dtype of each policy. */
const POLICIES: ReadonlyMap<string, readonly [compute: Dtype, variable: Dtype]> = new Map([
  ["float32", ["float32", "float32"]],
  ["float64", ["float64", "float64"]],
  ["float16", ["float16", "float16"]],
  ["bfloat16", ["bfloat16", "bfloat16"]],
  ["mixed_float16", ["float16", "float32"]],
  ["mixed_bfloat16", ["bfloat16", "float32"]],
]);

/** Keras's classes for these policies. `FloatDTypePolicy` is an alias, and `Policy` is Keras 2's name. */
const CLASSES = ["DTypePolicy", "FloatDTypePolicy", "Policy"];

const QUANTIZED = /^"(int8|int4|float8|gptq|awq)/;

/** The dtypes in which a layer computes and in which it keeps its weights (`keras.DTypePolicy`). Immutable. */
export class DTypePolicy {
  /** Keras's name of the policy, such as `mixed_float16`. */
  readonly name: string;
  /** The dtype of inputs, outputs and states. */
  readonly computeDtype: Dtype;
  /** The dtype of the weights. */
  readonly variableDtype: Dtype;
  readonly #className: string;

  /**
   * Throws `ERR_DTYPE`, naming `argument`, unless `name` is a policy of floating-point numbers. `className` is the
   * Keras class in whose name the policy is written: `DTypePolicy` or its alias.
   */
  constructor(name: string, argument = "name", className: "DTypePolicy" | "FloatDTypePolicy" = "DTypePolicy") {
    const dtypes = POLICIES.get(name);
    if (dtypes === undefined) {
      const hint = QUANTIZED.test(describe(name))
        ? `Quantized policies are not supported. Known: ${[...POLICIES.keys()].join(", ")}.`
        : suggestion(name, POLICIES.keys());
      throw expected("ERR_DTYPE", argument, "the name of a floating-point dtype policy", name, { remedy: hint });
    }
    this.name = name;
    this.#className = className;
    [this.computeDtype, this.variableDtype] = dtypes;
  }

  /** Returns the policy as Keras 3.15 writes it into a layer's config. */
  serialize(): SerializedObject {
    return { module: "keras", class_name: this.#className, config: { name: this.name }, registered_name: null };
  }
}

/**
 * Returns the policy that `value` stands for: a name, a serialized `DTypePolicy`, an instance, or `null` (Keras's
 * default, float32). Throws `ERR_DTYPE`, naming `argument`, for other dtypes and values, quantized policies included,
 * and `ERR_ARGUMENT` for a malformed serialized object.
 */
export function getDTypePolicy(value: unknown, argument: string): DTypePolicy {
  if (value === null) return new DTypePolicy("float32");
  if (value instanceof DTypePolicy) return value;
  if (typeof value === "string") return new DTypePolicy(value, argument);
  if (typeof value !== "object") {
    throw expected("ERR_DTYPE", argument, "a dtype policy (a name, a serialized DTypePolicy or null)", value);
  }
  const { class_name, config } = readSerialized(value, argument);
  if (!CLASSES.includes(class_name)) {
    throw expected("ERR_DTYPE", argument, "a DTypePolicy", class_name, {
      remedy: `Quantized policies and policy maps are not supported. Known: ${[...POLICIES.keys()].join(", ")}.`,
    });
  }
  const name = typeof config === "string" ? undefined : config.name;
  if (typeof name !== "string") {
    throw expected("ERR_ARGUMENT", `${argument}.config.name`, "the name of a dtype policy", name);
  }
  return new DTypePolicy(name, argument, class_name === "FloatDTypePolicy" ? class_name : "DTypePolicy");
}
