// The operations of a functional model of Keras 3 that compute masks. (Other operations are no layers, so tfjs lacks them.)
import type { GRUError } from "../../../errors/gru_error.js";
import { TensorRef } from "../../../models/graph/arguments.js";
import type { Entry } from "../../../models/graph/entry.js";
import type { GraphNode } from "../../../models/graph/model_graph.js";
import { MaskExpression } from "./mask_expression.js";
import { keyOf, type Ref } from "./ref.js";
import { refused } from "./refusal.js";

/** The results of a model's operations by their names: a mask, or the error about an operation that computes none. */
export type Operations = Map<string, MaskExpression | GRUError>;

/** How the tensors of a model are named. */
export interface TensorNames {
  /** Returns the tensor to which a call refers. */
  tensor(reference: TensorRef): Ref;
  /** The place of the model, so that tensors of different models have different keys. */
  readonly scope: string;
}

/**
 * Adds the result of the operation `entry` to `operations`, which has those of the operations before. An operation that
 * computes no mask is refused where its result is used.
 */
export function addOperation(operations: Operations, names: TensorNames, entry: Entry, { args }: GraphNode): void {
  const where = `operation ${JSON.stringify(entry.name)} (${entry.className})`;
  const message = "tfjs's models consist of layers, and only operations that compute masks are read";
  operations.set(entry.name, resultOf(operations, names, entry, args) ?? refused(where, message));
}

function resultOf(
  operations: Operations,
  names: TensorNames,
  { className, config }: Entry,
  args: GraphNode["args"],
): MaskExpression | null {
  const mask = (value: unknown): MaskExpression | null => {
    const found = value instanceof TensorRef ? operations.get(value.layer) : undefined;
    return found instanceof MaskExpression ? found : null;
  };
  const tensor = (value: unknown): Ref | null => {
    return value instanceof TensorRef && !operations.has(value.layer) ? names.tensor(value) : null;
  };
  const [first, second] = args;
  const [one, other, of] = [mask(first), mask(second), tensor(first)];
  const isLast = config.axis === -1;
  switch (className) {
    case "NotEqual":
      return of === null || second instanceof TensorRef
        ? null
        : MaskExpression.notEqual(of, names.scope + keyOf(of), second ?? null);
    case "Any":
      return one !== null && isLast && config.keepdims !== true ? MaskExpression.any(one) : null;
    case "ExpandDims":
      return one !== null && isLast ? MaskExpression.expanded(one) : null;
    case "ZerosLike":
      return of && MaskExpression.zeros(of);
    case "OnesLike":
      return of && MaskExpression.ones(of, names.scope + keyOf(of));
    case "LogicalOr":
      return one && other && MaskExpression.or(one, other);
    case "Concatenate": {
      const masks = Array.isArray(first) ? first.map(mask) : [];
      const known = masks.filter((item) => item !== null);
      return known.length === masks.length && known.length > 0
        ? MaskExpression.joined(known, Number(config.axis))
        : null;
    }
    default:
      return null;
  }
}

/** Returns the mask that a call names: the result of an operation, or a tensor of the model. */
export function maskOf(operations: Operations, names: TensorNames, reference: TensorRef): MaskExpression {
  const found = operations.get(reference.layer);
  if (found instanceof MaskExpression) return found;
  if (found !== undefined) throw found;
  const tensor = names.tensor(reference);
  return MaskExpression.tensor(tensor, names.scope + keyOf(tensor));
}
