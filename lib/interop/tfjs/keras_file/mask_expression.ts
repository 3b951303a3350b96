import { createHash } from "node:crypto";
import type { Ref } from "./ref.js";

/** An operation takes the results of others, and tensors of the model. */
export type Parent = MaskExpression | Ref;

/** Longer keys are replaced by their hash, so that masks of masks of masks do not grow. */
const LONGEST_KEY = 400;

/**
 * How a mask is computed: an operation of Keras, with what it takes, because functional models of Keras 3 contain these
 * operations. Two masks with the same `key` have the same values.
 */
export class MaskExpression {
  readonly key: string;
  readonly parents: readonly Parent[];
  /** For a mask that was only broadcast, or joined with itself: the mask itself. */
  readonly #plain: MaskExpression | null;
  readonly #isZeros: boolean;

  private constructor(key: string, parents: readonly Parent[], plain: MaskExpression | null = null, isZeros = false) {
    this.key = key.length > LONGEST_KEY ? createHash("sha256").update(key).digest("hex") : key;
    this.parents = parents;
    this.#plain = plain;
    this.#isZeros = isZeros;
  }

  /** Returns the elements of `tensor`, whose key is `of`, that differ from `value`. */
  static notEqual(tensor: Ref, of: string, value: unknown): MaskExpression {
    return new MaskExpression(`(${of} != ${JSON.stringify(value)})`, [tensor]);
  }

  /** Returns whether any element in the last dimension is true. */
  static any(mask: MaskExpression): MaskExpression {
    return new MaskExpression(mask.#plain?.key ?? `any(${mask.key})`, [mask]);
  }

  /** Returns `mask` with a last dimension of 1. */
  static expanded(mask: MaskExpression): MaskExpression {
    return new MaskExpression(`expanded(${mask.key})`, [mask], mask);
  }

  /** Returns zeros of the shape of `tensor`. */
  static zeros(tensor: Ref): MaskExpression {
    return new MaskExpression("zeros", [tensor], null, true);
  }

  /** Returns ones of the shape of `tensor`, whose key is `of`. */
  static ones(tensor: Ref, of: string): MaskExpression {
    return new MaskExpression(`ones(${of})`, [tensor]);
  }

  static or(one: MaskExpression, other: MaskExpression): MaskExpression {
    // Keras broadcasts an expanded mask in this way.
    if (other.#isZeros) return new MaskExpression(`wide(${one.key})`, [one, other], one.#plain);
    const key = one.key === other.key ? one.key : `(${one.key} | ${other.key})`;
    return new MaskExpression(key, [one, other]);
  }

  /** Returns `masks` side by side along `axis`. */
  static joined(masks: readonly MaskExpression[], axis: number): MaskExpression {
    const keys = new Set(masks.map((mask) => mask.#plain?.key));
    const plain = axis === -1 && keys.size === 1 ? (masks[0] as MaskExpression).#plain : null;
    return new MaskExpression(`joined${axis}(${masks.map(({ key }) => key).join()})`, masks, plain);
  }

  /** Returns the mask with the description `key`, about which no more is known. */
  static unknown(key: string, parents: readonly Parent[]): MaskExpression {
    return new MaskExpression(key, parents);
  }
}
