import { isFloat, type KerasDtype, type SymbolicTensor } from "../compile/symbolic.js";
import { binary, cast, unary } from "../emit/elementwise.js";
import { type Reduction, reduce } from "../emit/reduction.js";
import { onAxes } from "../emit/whole.js";
import type { OperationArguments } from "./arguments.js";
import { floatDtype } from "./dtypes.js";
import { type OperationDefinition, operation } from "./operation.js";

const PARAMETERS = ["x", "axis", "keepdims"];

/** Which axes of `x` a call reduces, counted from the start with the batch, and whether they stay. */
function axesOf(call: OperationArguments, x: SymbolicTensor): { axes: number[]; keepdims: boolean } {
  const all = Array.from({ length: x.rank }, (_, axis) => axis);
  return { axes: call.axes("axis", x.rank) ?? all, keepdims: call.boolean("keepdims", false) };
}

/** Reduces the axes of a call. A reduction of the batch mixes samples. */
function reduced(
  call: OperationArguments,
  fn: Reduction,
  x: SymbolicTensor,
  dtype: KerasDtype = x.dtype,
): SymbolicTensor {
  const { axes, keepdims } = axesOf(call, x);
  return onAxes(call.builder, x, axes, (tensor, own) =>
    reduce(call.builder, fn, tensor, { axes: own, keepdims }, dtype),
  );
}

/** The dtype of a sum: small integers and truths become int32. */
function sumDtype(dtype: KerasDtype): KerasDtype {
  if (dtype === "bool" || dtype === "int8" || dtype === "int16") return "int32";
  return dtype === "uint8" || dtype === "uint16" ? "uint32" : dtype;
}

function reduction(fn: Reduction, dtypeOf: (dtype: KerasDtype) => KerasDtype): OperationDefinition {
  return operation(PARAMETERS, (call) => {
    const x = call.tensor("x");
    return reduced(call, fn, cast(call.builder, x, dtypeOf(x.dtype)));
  });
}

function position(fn: "argmax" | "argmin"): OperationDefinition {
  return operation(PARAMETERS, (call) => {
    const x = call.tensor("x");
    return reduced(call, fn, x.dtype === "bool" ? cast(call.builder, x, "int32") : x, "int32");
  });
}

/** Returns the variance over the axes of a call. */
function variance(call: OperationArguments): SymbolicTensor {
  const { builder } = call;
  const given = call.tensor("x");
  const x = cast(builder, given, floatDtype(given.dtype));
  const { axes, keepdims } = axesOf(call, x);
  return onAxes(builder, x, axes, (tensor, own) => {
    // Keras computes 16-bit moments in float32.
    const wide = cast(builder, tensor, tensor.dtype === "float64" ? "float64" : "float32");
    const mean = reduce(builder, "mean", wide, { axes: own, keepdims: true });
    const squares = unary(builder, "square", binary(builder, "subtract", wide, mean));
    return cast(builder, reduce(builder, "mean", squares, { axes: own, keepdims }), tensor.dtype);
  });
}

const logsumexp = operation(PARAMETERS, (call) => {
  const { builder } = call;
  const given = call.tensor("x");
  const x = cast(builder, given, floatDtype(given.dtype));
  const { axes, keepdims } = axesOf(call, x);
  return onAxes(builder, x, axes, (tensor, own) => {
    const most = reduce(builder, "max", tensor, { axes: own, keepdims: true });
    const shifted = unary(builder, "exp", binary(builder, "subtract", tensor, most));
    const sum = unary(builder, "log", reduce(builder, "sum", shifted, { axes: own, keepdims: true }));
    const y = binary(builder, "add", sum, most);
    return keepdims ? y : y.as({ shape: y.shape.filter((_, axis) => !own.includes(axis)) });
  });
});

const numeric = (dtype: KerasDtype): KerasDtype => (dtype === "bool" ? "int32" : dtype);
const truth = (): KerasDtype => "bool";

/** Reductions, by the names of their classes. */
export const REDUCTIONS: Readonly<Record<string, OperationDefinition>> = {
  "numpy.All": reduction("all", truth),
  "numpy.Amax": reduction("max", numeric),
  "numpy.Amin": reduction("min", numeric),
  "numpy.Any": reduction("any", truth),
  "numpy.Argmax": position("argmax"),
  "numpy.Argmin": position("argmin"),
  "numpy.CountNonzero": operation(PARAMETERS, (call) => {
    const x = cast(call.builder, cast(call.builder, call.tensor("x"), "bool"), "int32");
    return reduced(call, "sum", x);
  }),
  "numpy.Max": reduction("max", numeric),
  "numpy.Mean": operation(PARAMETERS, (call) => {
    const x = call.tensor("x");
    return reduced(call, "mean", isFloat(x.dtype) ? x : cast(call.builder, x, "float32"));
  }),
  "numpy.Min": reduction("min", numeric),
  "numpy.Prod": reduction("prod", sumDtype),
  "numpy.Std": operation(PARAMETERS, (call) => unary(call.builder, "sqrt", variance(call))),
  "numpy.Sum": reduction("sum", sumDtype),
  "numpy.Var": operation(PARAMETERS, variance),
  "math.Logsumexp": logsumexp,
};
