import { isFloat, type KerasDtype } from "../compile/symbolic.js";

/** A dtype, or one that a Python number has: it gives way to that of a tensor of the same kind. */
export type Promotable = KerasDtype | "weak int" | "weak float";

const INTEGERS: readonly KerasDtype[] = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"];

/**
 * Returns the dtype of a result of operands of these dtypes, by Keras's rules (`keras/src/backend/common/dtypes.py`): a float
 * wins over integers, and those over bool. Two kinds of 16-bit floats become float32.
 */
export function resultDtype(dtypes: readonly Promotable[]): KerasDtype {
  const strong = dtypes.filter((dtype): dtype is KerasDtype => dtype !== "weak int" && dtype !== "weak float");
  const floats = strong.filter(isFloat);
  if (floats.length > 0) return floats.reduce(widerFloat);
  if (dtypes.includes("weak float")) return "float32";
  if (strong.length === 0) return "int32";
  const integers = strong.filter((dtype) => dtype !== "bool");
  if (integers.length > 0) return integers.reduce<KerasDtype>(widerInteger, integers[0] as KerasDtype);
  return dtypes.includes("weak int") ? "int32" : "bool";
}

function widerFloat(a: KerasDtype, b: KerasDtype): KerasDtype {
  if (a === b) return a;
  if (a === "float64" || b === "float64") return "float64";
  return "float32";
}

function widerInteger(a: KerasDtype, b: KerasDtype): KerasDtype {
  if (a === b) return a;
  const rank = (dtype: KerasDtype) => INTEGERS.indexOf(dtype);
  const [small, large] = rank(a) < rank(b) ? [a, b] : [b, a];
  if (small.startsWith("u") === large.startsWith("u") || !large.startsWith("u")) {
    // An unsigned type and a signed one of the same size need the next larger signed one.
    const same = small.replace("u", "") === large;
    return same ? (INTEGERS[Math.min(rank(large) + 2, 7)] as KerasDtype) : large;
  }
  return INTEGERS[Math.min(rank(large) + 3, 7)] as KerasDtype;
}

/** Returns the dtype of a function that computes with floats, for an argument of this dtype. */
export function floatDtype(dtype: KerasDtype): KerasDtype {
  return isFloat(dtype) ? dtype : "float32";
}
