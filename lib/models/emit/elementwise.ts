import type { NativeActivation } from "../../native/binding.js";
import type { Builder } from "../compile/builder.js";
import { type KerasDtype, product, type SymbolicTensor, storageType } from "../compile/symbolic.js";
import { broadcast } from "./broadcast.js";
import { constantOf } from "./constants.js";

/** Returns `fn` of every element of `x`, as a tensor of `dtype`. */
export function unary(builder: Builder, fn: string, x: SymbolicTensor, dtype: KerasDtype = x.dtype): SymbolicTensor {
  const y = builder.like(x, x.shape, dtype);
  builder.emit("unary", { x }, { y }, { fn, parameters: [], repeat: 1 });
  return y;
}

/** The activations that compute with all elements along the last axis. */
export const ROW_ACTIVATIONS: ReadonlySet<string> = new Set(["softmax", "log_softmax", "sparsemax"]);

/** Returns the activation of `x`. `null` is linear. */
export function activate(builder: Builder, activation: NativeActivation | null, x: SymbolicTensor): SymbolicTensor {
  if (activation === null) return x;
  const y = builder.like(x, x.shape);
  const { name, parameters } = activation;
  const repeat = ROW_ACTIVATIONS.has(name) ? product(x.rowShape.slice(0, -1)) : 1;
  builder.emit("unary", { x }, { y }, { fn: name, parameters, repeat });
  return y;
}

/** Returns `fn` of `a` and `b`, element by element, as a tensor of `dtype`. Shapes follow NumPy's rules. */
export function binary(
  builder: Builder,
  fn: string,
  a: SymbolicTensor,
  b: SymbolicTensor,
  dtype: KerasDtype = a.dtype,
): SymbolicTensor {
  const { repeat, shape, walk } = broadcast(builder, [a, b]);
  const y = builder.tensor(shape, dtype, repeat);
  const [aStrides, bStrides] = walk.strides;
  builder.emit("binary", { a, b }, { y }, { fn, shape: walk.shape, aStrides, bStrides, repeat: 1 });
  return y;
}

/** Returns the elements of `a` where `condition` is true, and those of `b` elsewhere. */
export function select(
  builder: Builder,
  condition: SymbolicTensor,
  a: SymbolicTensor,
  b: SymbolicTensor,
): SymbolicTensor {
  const { repeat, shape, walk } = broadcast(builder, [condition, a, b]);
  const y = builder.tensor(shape, a.dtype, repeat);
  const [conditionStrides, aStrides, bStrides] = walk.strides;
  builder.emit(
    "select",
    { condition, a, b },
    { y },
    { shape: walk.shape, conditionStrides, aStrides, bStrides, repeat: 1 },
  );
  return y;
}

/** Returns `x` as a tensor of `dtype`. A tensor of that dtype is returned itself, with its mask, as in TensorFlow. */
export function cast(builder: Builder, x: SymbolicTensor, dtype: KerasDtype): SymbolicTensor {
  if (x.dtype === dtype) return x;
  const isWider = dtype === "float32" && (x.dtype === "float16" || x.dtype === "bfloat16");
  if (isWider) return x.as({ dtype });
  if (storageType(dtype) === "int32" && storageType(x.dtype) === "int32") return x.as({ dtype });
  const y = builder.like(x, x.shape, dtype);
  builder.emit("cast", { x }, { y }, { repeat: 1 });
  if (builder.stream?.isSequence(x)) builder.stream.mark(y);
  return y;
}

/** Returns a constant with the one element `value`, of shape `()`. */
export function scalar(builder: Builder, value: number, dtype: KerasDtype): SymbolicTensor {
  return constantOf(builder, [value], [], dtype);
}
