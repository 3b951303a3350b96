import { isFloat, type KerasDtype, type SymbolicTensor } from "../compile/symbolic.js";
import { isTensor } from "../compile/values.js";
import { binary, cast, scalar, select, unary } from "../emit/elementwise.js";
import { filled } from "../emit/movement.js";
import { floatDtype } from "./dtypes.js";
import { type OperationDefinition, operation } from "./operation.js";

const TWO = ["x1", "x2"];

/** A function of two operands in the dtype that they have together. */
function arithmetic(fn: string): OperationDefinition {
  return operation(TWO, (call) => {
    const [a, b] = call.promoted(TWO, numeric) as [SymbolicTensor, SymbolicTensor];
    return binary(call.builder, fn, a, b);
  });
}

/** Keras computes with truths as with integers. */
function numeric(dtype: KerasDtype): KerasDtype {
  return dtype === "bool" ? "int32" : dtype;
}

/** Addition and multiplication of truths are OR and AND in TensorFlow. */
function truthful(fn: string, ofTruths: string): OperationDefinition {
  return operation(TWO, (call) => {
    const [a, b] = call.promoted(TWO) as [SymbolicTensor, SymbolicTensor];
    return binary(call.builder, a.dtype === "bool" ? ofTruths : fn, a, b);
  });
}

/** A function of two operands in a float dtype. */
function floating(fn: string): OperationDefinition {
  return operation(TWO, (call) => {
    const [a, b] = call.promoted(TWO, floatDtype) as [SymbolicTensor, SymbolicTensor];
    return binary(call.builder, fn, a, b);
  });
}

function comparison(fn: string): OperationDefinition {
  return operation(TWO, (call) => {
    const [a, b] = call.promoted(TWO) as [SymbolicTensor, SymbolicTensor];
    return binary(call.builder, fn, a, b, "bool");
  });
}

function logical(fn: string): OperationDefinition {
  return operation(TWO, (call) => {
    const [a, b] = call.promoted(TWO).map((x) => cast(call.builder, x, "bool")) as [SymbolicTensor, SymbolicTensor];
    return binary(call.builder, fn, a, b, "bool");
  });
}

/** A function of one operand in a float dtype. */
function floatFunction(fn: string): OperationDefinition {
  return operation(["x"], (call) => {
    const x = call.tensor("x");
    return unary(call.builder, fn, cast(call.builder, x, floatDtype(x.dtype)));
  });
}

/** A function of one operand that keeps integers. */
function signedFunction(fn: string): OperationDefinition {
  return operation(["x"], (call) => {
    const x = call.tensor("x");
    return unary(call.builder, fn, cast(call.builder, x, numeric(x.dtype)));
  });
}

/** A function that leaves integers as they are. */
function roundingFunction(fn: string): OperationDefinition {
  return operation(["x"], (call) => {
    const x = call.tensor("x");
    if (call.integer("decimals", 0) !== 0) throw call.wrong("decimals", "0");
    return isFloat(x.dtype) ? unary(call.builder, fn, x) : x.as({});
  });
}

/** A test whether a float is of some kind. An integer is finite, and no NaN. */
function test(fn: string): OperationDefinition {
  return operation(["x"], (call) => {
    const x = call.tensor("x");
    return unary(call.builder, fn, cast(call.builder, x, floatDtype(x.dtype)), "bool");
  });
}

/** A logarithm to another base than e. */
function logarithm(base: number): OperationDefinition {
  return operation(["x"], (call) => {
    const given = call.tensor("x");
    const x = cast(call.builder, given, floatDtype(given.dtype));
    return binary(
      call.builder,
      "multiply",
      unary(call.builder, "log", x),
      scalar(call.builder, 1 / Math.log(base), x.dtype),
    );
  });
}

const where = operation(["condition", "x1", "x2"], (call) => {
  const [a, b] = call.promoted(TWO) as [SymbolicTensor, SymbolicTensor];
  return select(call.builder, cast(call.builder, call.tensor("condition"), "bool"), a, b);
});

const clip = operation(["x", "x_min", "x_max"], (call) => {
  const { builder } = call;
  const names = ["x_min", "x_max"].filter((name) => (call.raw(name) ?? null) !== null);
  const [first, ...bounds] = call.promoted(["x", ...names], numeric) as [SymbolicTensor, ...SymbolicTensor[]];
  return names.reduce((y, name, index) => {
    return binary(builder, name === "x_min" ? "maximum" : "minimum", y, bounds[index] as SymbolicTensor);
  }, first);
});

/** Returns a tensor like the argument, whose elements are all `value`. */
function filledLike(value: number | null): OperationDefinition {
  return operation(["x", "fill_value"], (call) => {
    const { builder } = call;
    const x = call.tensor("x");
    const given = call.raw("fill_value");
    if (value === null && isTensor(given)) throw call.wrong("fill_value", "a number");
    const y = builder.tensor(x.shape, call.dtype("dtype") ?? x.dtype, x.repeat);
    return filled(builder, y, value ?? call.number("fill_value"));
  });
}

const castTo = operation(["x", "dtype"], (call) => {
  const x = call.tensor("x");
  return cast(call.builder, x, call.dtype("dtype") ?? x.dtype);
});

/** Element-wise operations, by the names of their classes. */
export const ELEMENTWISE: Readonly<Record<string, OperationDefinition>> = {
  "numpy.Absolute": signedFunction("abs"),
  "numpy.Add": truthful("add", "logical_or"),
  "numpy.Arccos": floatFunction("arccos"),
  "numpy.Arccosh": floatFunction("arccosh"),
  "numpy.Arcsin": floatFunction("arcsin"),
  "numpy.Arcsinh": floatFunction("arcsinh"),
  "numpy.Arctan": floatFunction("arctan"),
  "numpy.Arctan2": floating("arctan2"),
  "numpy.Arctanh": floatFunction("arctanh"),
  "numpy.Ceil": floatFunction("ceil"),
  "numpy.Clip": clip,
  "numpy.Copy": operation(["x"], (call) => call.tensor("x").as({})),
  "numpy.Cos": floatFunction("cos"),
  "numpy.Cosh": floatFunction("cosh"),
  "numpy.Divide": floating("divide"),
  "numpy.Equal": comparison("equal"),
  "numpy.Exp": floatFunction("exp"),
  "numpy.Expm1": floatFunction("expm1"),
  "numpy.Floor": floatFunction("floor"),
  "numpy.FloorDivide": arithmetic("floor_divide"),
  "numpy.FullLike": filledLike(null),
  "numpy.Greater": comparison("greater"),
  "numpy.GreaterEqual": comparison("greater_equal"),
  "numpy.Isfinite": test("isfinite"),
  "numpy.Isinf": test("isinf"),
  "numpy.Isnan": test("isnan"),
  "numpy.Less": comparison("less"),
  "numpy.LessEqual": comparison("less_equal"),
  "numpy.Log": floatFunction("log"),
  "numpy.Log10": logarithm(10),
  "numpy.Log1p": floatFunction("log1p"),
  "numpy.Log2": logarithm(2),
  "numpy.LogicalAnd": logical("logical_and"),
  "numpy.LogicalNot": operation(["x"], (call) => {
    return unary(call.builder, "logical_not", cast(call.builder, call.tensor("x"), "bool"));
  }),
  "numpy.LogicalOr": logical("logical_or"),
  "numpy.LogicalXor": logical("logical_xor"),
  "numpy.Maximum": arithmetic("maximum"),
  "numpy.Minimum": arithmetic("minimum"),
  "numpy.Mod": arithmetic("mod"),
  "numpy.Multiply": truthful("multiply", "logical_and"),
  "numpy.Negative": signedFunction("negative"),
  "numpy.NotEqual": comparison("not_equal"),
  "numpy.OnesLike": filledLike(1),
  "numpy.Power": arithmetic("power"),
  "numpy.Reciprocal": floatFunction("reciprocal"),
  "numpy.Round": roundingFunction("round"),
  "numpy.Sign": signedFunction("sign"),
  "numpy.Sin": floatFunction("sin"),
  "numpy.Sinh": floatFunction("sinh"),
  "numpy.Sqrt": floatFunction("sqrt"),
  "numpy.Square": signedFunction("square"),
  "numpy.Subtract": arithmetic("subtract"),
  "numpy.Tan": floatFunction("tan"),
  "numpy.Tanh": floatFunction("tanh"),
  "numpy.TrueDivide": floating("divide"),
  "numpy.Where": where,
  "numpy.ZerosLike": filledLike(0),
  "math.Erf": floatFunction("erf"),
  "math.Rsqrt": floatFunction("rsqrt"),
  "core.Cast": castTo,
  "core.ConvertToTensor": castTo,
  "core.SaturateCast": castTo,
  "core.StopGradient": operation(["variable"], (call) => call.tensor("variable").as({})),
};
