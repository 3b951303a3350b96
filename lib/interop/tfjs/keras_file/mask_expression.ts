import { createHash } from "node:crypto";
import type { Ref } from "./ref.js";

/** An operation takes the results of others, and tensors of the model. */
export type Parent = MaskExpression | Ref;

/** The class of an operation in Keras, its config without the name, and a last argument that is no tensor. */
export interface MaskOperation {
  readonly className: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly constant?: unknown;
}

/** Facts about masks that were only broadcast. */
interface Broadcast {
  /** The mask before it was broadcast, or joined with itself. */
  readonly plain?: MaskExpression | null;
  readonly isZeros?: boolean;
}

/** Longer keys are replaced by their hash, so that masks of masks of masks do not grow. */
const LONGEST_KEY = 400;

const LAST = { axis: -1 };

/**
 * A mask and how it is computed: by an operation of Keras, with what it takes, because functional models of Keras 3 contain
 * these operations. Two masks with the same `key` have the same values.
 */
export class MaskExpression {
  readonly key: string;
  readonly operation: MaskOperation;
  readonly parents: readonly Parent[];
  readonly #broadcast: Broadcast;

  private constructor(key: string, operation: MaskOperation, parents: readonly Parent[], broadcast: Broadcast = {}) {
    this.key = key.length > LONGEST_KEY ? createHash("sha256").update(key).digest("hex") : key;
    this.operation = operation;
    this.parents = parents;
    this.#broadcast = broadcast;
  }

  /** Returns the elements of `tensor`, whose key is `of`, that differ from `value`. */
  static notEqual(tensor: Ref, of: string, value: unknown): MaskExpression {
    return new MaskExpression(`(${of} != ${JSON.stringify(value)})`, { className: "NotEqual", constant: value }, [
      tensor,
    ]);
  }

  /** Returns whether any element in the last dimension is true. */
  static any(mask: MaskExpression): MaskExpression {
    const operation = { className: "Any", config: { ...LAST, keepdims: false } };
    return new MaskExpression(mask.#broadcast.plain?.key ?? `any(${mask.key})`, operation, [mask]);
  }

  /** Returns `mask` with a last dimension of 1. */
  static expanded(mask: MaskExpression): MaskExpression {
    const operation = { className: "ExpandDims", config: LAST };
    return new MaskExpression(`expanded(${mask.key})`, operation, [mask], { plain: mask });
  }

  /** Returns zeros of the shape of `tensor`. */
  static zeros(tensor: Ref): MaskExpression {
    const operation = { className: "ZerosLike", config: { dtype: "bool" } };
    return new MaskExpression("zeros", operation, [tensor], { isZeros: true });
  }

  /** Returns ones of the shape of `tensor`, whose key is `of`. */
  static ones(tensor: Ref, of: string): MaskExpression {
    return new MaskExpression(`ones(${of})`, { className: "OnesLike", config: { dtype: "bool" } }, [tensor]);
  }

  static or(one: MaskExpression, other: MaskExpression): MaskExpression {
    const operation = { className: "LogicalOr" };
    // Keras broadcasts an expanded mask in this way.
    if (other.#broadcast.isZeros) {
      return new MaskExpression(`wide(${one.key})`, operation, [one, other], { plain: one.#broadcast.plain ?? null });
    }
    const key = one.key === other.key ? one.key : `(${one.key} | ${other.key})`;
    return new MaskExpression(key, operation, [one, other]);
  }

  /** Returns `masks` side by side along `axis`. */
  static joined(masks: readonly MaskExpression[], axis: number): MaskExpression {
    const [first] = masks;
    const plain = first === undefined ? null : (first.#broadcast.plain ?? null);
    const isOne = axis === -1 && masks.every((mask) => mask.#broadcast.plain?.key === plain?.key);
    const key = `joined${axis}(${masks.map((mask) => mask.key).join()})`;
    const operation = { className: "Concatenate", config: { axis } };
    return new MaskExpression(key, operation, masks, { plain: isOne ? plain : null });
  }

  /** Returns the tensor `tensor` as a mask, whose key is `of`. */
  static tensor(tensor: Ref, of: string): MaskExpression {
    return new MaskExpression(of, { className: "Tensor" }, [tensor]);
  }
}
