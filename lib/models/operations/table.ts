import { ACTIVATIONS } from "./activations.js";
import { ELEMENTWISE } from "./elementwise.js";
import { INDEXING } from "./indexing.js";
import { JOINING } from "./joining.js";
import type { OperationDefinition } from "./operation.js";
import { PRODUCTS } from "./products.js";
import { REDUCTIONS } from "./reductions.js";
import { SHAPES } from "./shapes.js";

/** The operations, by the module and the class that Keras 3 writes, without `keras.src.ops.`: `numpy.NotEqual`. */
export const OPERATIONS: ReadonlyMap<string, OperationDefinition> = new Map(
  [ACTIVATIONS, ELEMENTWISE, INDEXING, JOINING, PRODUCTS, REDUCTIONS, SHAPES].flatMap((table) => Object.entries(table)),
);

/** The operations by their classes alone, for `.h5` files, which do not have the modules. */
const BY_CLASS: ReadonlyMap<string, OperationDefinition> = new Map(
  [...OPERATIONS].map(([name, definition]) => [name.slice(name.indexOf(".") + 1), definition]),
);

/** Returns the operation of a class in a module of Keras. The module is absent in `.h5` files. */
export function findOperation(module: string | undefined, className: string): OperationDefinition | undefined {
  if (module === undefined) return BY_CLASS.get(className);
  return OPERATIONS.get(`${module.replace(/^keras\.(src\.)?ops\.?/, "")}.${className}`);
}
