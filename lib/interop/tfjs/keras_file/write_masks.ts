// The operations that compute masks, as a functional model of Keras 3 has them. Without them Keras would make them again when
// it reads the model, under names that the model's layers may have.
import { snakeCase } from "../../../models/graph/entry.js";
import { MaskExpression, type Parent } from "./mask_expression.js";
import type { Ref } from "./ref.js";
import type { Config, Shape } from "./rules/rule.js";

/** Returns a tensor or the result of an operation as Keras serializes it in calls. */
type SerializeTensor = (
  shape: Shape,
  dtype: string,
  history: readonly [name: string, call: number, output: number],
) => Config;

/** The operations of one model. */
export class MaskWriter {
  /** The serialized operations, each after those whose results it takes. */
  readonly operations: Config[] = [];
  readonly #names: Set<string>;
  readonly #written = new Map<MaskExpression, { name: string; shape: Shape }>();
  readonly #serialize: SerializeTensor;
  readonly #tensor: (ref: Ref) => Config;
  readonly #shapeOf: (ref: Ref) => Shape;

  /** `names` are the names of the model's layers. */
  constructor(
    names: readonly string[],
    serialize: SerializeTensor,
    tensor: (ref: Ref) => Config,
    shapeOf: (ref: Ref) => Shape,
  ) {
    this.#names = new Set(names);
    this.#serialize = serialize;
    this.#tensor = tensor;
    this.#shapeOf = shapeOf;
  }

  /** Returns `mask` as an argument of a call, after writing the operations that compute it. */
  argument(mask: MaskExpression): Config {
    const { name, shape } = this.#written.get(mask) ?? this.#write(mask);
    return this.#serialize(shape, "bool", [name, 0, 0]);
  }

  #write(mask: MaskExpression): { name: string; shape: Shape } {
    const { className, config = {}, constant } = mask.operation;
    const given = mask.parents.map((parent) =>
      parent instanceof MaskExpression ? this.argument(parent) : this.#tensor(parent),
    );
    const name = this.#newName(snakeCase(className));
    this.operations.push({
      ...{ module: "keras.src.ops.numpy", class_name: className, config: { name, ...config } },
      ...{ registered_name: className, name },
      inbound_nodes: [{ args: argumentsOf(className, given, constant), kwargs: {} }],
    });
    const written = { name, shape: this.#resultShape(mask) };
    this.#written.set(mask, written);
    return written;
  }

  #newName(base: string): string {
    let name = base;
    for (let number = 1; this.#names.has(name); number += 1) name = `${base}_${number}`;
    this.#names.add(name);
    return name;
  }

  #resultShape({ operation, parents }: MaskExpression): Shape {
    const shapes = parents.map((parent: Parent) =>
      parent instanceof MaskExpression ? (this.#written.get(parent)?.shape ?? []) : this.#shapeOf(parent),
    );
    const [first = [], second] = shapes;
    if (operation.className === "Any") return first.slice(0, -1);
    if (operation.className === "ExpandDims") return [...first, 1];
    if (operation.className === "LogicalOr") return second ?? first;
    if (operation.className !== "Concatenate") return first;
    const axis = Number(operation.config?.axis);
    const at = axis < 0 ? axis + first.length : axis;
    const sizes = shapes.map((shape) => shape[at] ?? null);
    const sum = sizes.includes(null) ? null : sizes.reduce<number>((total, size) => total + (size ?? 0), 0);
    return first.map((size, index) => (index === at ? sum : size));
  }
}

function argumentsOf(className: string, given: readonly Config[], constant: unknown): unknown[] {
  if (className === "Concatenate") return [given];
  return constant === undefined ? [...given] : [...given, constant];
}
