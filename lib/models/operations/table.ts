import { notEqual } from "./comparisons.js";
import type { OperationCall } from "./operation.js";

/** The operations, by the module and the class that Keras 3 writes, without `keras.src.ops.`: `numpy.NotEqual`. */
export const OPERATIONS: ReadonlyMap<string, OperationCall> = new Map<string, OperationCall>([
  ["numpy.NotEqual", notEqual],
]);
