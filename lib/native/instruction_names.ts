/*
 * The names of the instructions of native programs, and of the functions of some of them. The addon states its own names
 * in native/addon/contract.h, and `requireContract` compares the two when the addon is loaded.
 */

/** The names of all instructions. */
export const INSTRUCTIONS = [
  "dense",
  "conv1d",
  "conv2d",
  "depthwise",
  "pool",
  "embedding",
  "affine",
  "normalize",
  "unary",
  "prelu",
  "binary",
  "select",
  "cast",
  "copy",
  "fill",
  "reduce",
  "softmax",
  "matmul",
  "additive_scores",
  "gru",
] as const;

/** The functions of `unary`, beside every Keras activation of `NativeActivation`. Those of the second list return bool. */
export const UNARY_FUNCTIONS = [
  "exp",
  "log",
  "log1p",
  "expm1",
  "sqrt",
  "rsqrt",
  "square",
  "abs",
  "negative",
  "sign",
  "reciprocal",
  "floor",
  "ceil",
  "round",
  "sin",
  "cos",
  "tan",
  "arcsin",
  "arccos",
  "arctan",
  "sinh",
  "cosh",
  "arcsinh",
  "arccosh",
  "arctanh",
  "erf",
  "logical_not",
  "isnan",
  "isinf",
  "isfinite",
] as const;

/** The functions of `binary`. */
export const BINARY_FUNCTIONS = [
  "add",
  "subtract",
  "multiply",
  "divide",
  "floor_divide",
  "mod",
  "power",
  "maximum",
  "minimum",
  "squared_difference",
  "arctan2",
  "equal",
  "not_equal",
  "less",
  "less_equal",
  "greater",
  "greater_equal",
  "logical_and",
  "logical_or",
  "logical_xor",
] as const;

/** The functions of `reduce`. */
export const REDUCE_FUNCTIONS = ["sum", "mean", "max", "min", "prod", "any", "all", "argmax", "argmin"] as const;

/** All of them, by the field of an instruction that they belong to. */
export const INSTRUCTION_NAMES = {
  op: INSTRUCTIONS,
  unary: UNARY_FUNCTIONS,
  binary: BINARY_FUNCTIONS,
  reduce: REDUCE_FUNCTIONS,
} as const;
