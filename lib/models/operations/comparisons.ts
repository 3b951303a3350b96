import { expected } from "../../errors/messages.js";
import { isTensor } from "../compile/values.js";
import { binary, scalar } from "../emit/elementwise.js";
import type { OperationCall } from "./operation.js";

/** Keras's `not_equal`. */
export const notEqual: OperationCall = (builder, [a, b]) => {
  if (!isTensor(a)) throw expected("ERR_UNSUPPORTED", "x1", "a tensor", a);
  const other = isTensor(b) ? b : typeof b === "number" ? scalar(builder, b, a.dtype) : null;
  if (other === null) throw expected("ERR_UNSUPPORTED", "x2", "a tensor or a number", b);
  return binary(builder, "not_equal", a, other, "bool");
};
