import type { Value } from "../compile/values.js";
import { EllipsisArgument, SliceArgument } from "../graph/arguments.js";
import { asObject } from "../graph/entry.js";
import { OperationArguments } from "./arguments.js";
import { indexed } from "./indexing.js";
import { joined } from "./joining.js";
import { type OperationDefinition, operation } from "./operation.js";
import { OPERATIONS } from "./table.js";

/** How a function of TensorFlow is computed: by a Keras operation, whose arguments have these names in TensorFlow. */
export interface TensorFlowFunction {
  readonly operation: string;
  /** TensorFlow's names of the arguments, with Keras's names for them; those in order come first. */
  readonly names: Readonly<Record<string, string>>;
  /** Returns the arguments where TensorFlow means something else by them, or by leaving them out. They have Keras's names. */
  readonly asKeras?: (kwargs: Kwargs, call: OperationArguments) => Kwargs;
}

type Kwargs = Record<string, Value>;

function like(
  operation: string,
  names: Readonly<Record<string, string>>,
  asKeras?: TensorFlowFunction["asKeras"],
): TensorFlowFunction {
  return asKeras === undefined ? { operation, names } : { operation, names, asKeras };
}

/** Without an axis TensorFlow takes the first one, and Keras all elements. */
function ofFirstAxis(kwargs: Kwargs): Kwargs {
  return { ...kwargs, axis: kwargs.axis ?? 0 };
}

/** TensorFlow bounds the sum of the squares, and Keras the norm. Without an axis TensorFlow normalizes all rows together. */
function ofNorm(kwargs: Kwargs, call: OperationArguments): Kwargs {
  if ((kwargs.axis ?? null) === null) throw call.wrong("axis", "an axis");
  return { ...kwargs, epsilon: Math.sqrt(Number(kwargs.epsilon ?? 1e-12)) };
}

const X = { x: "x" };
const XY = { x: "x1", y: "x2" };
const REDUCTION = { input_tensor: "x", axis: "axis", keepdims: "keepdims" };

function each(
  names: string,
  module: string,
  arguments_: Readonly<Record<string, string>>,
): Record<string, TensorFlowFunction> {
  return Object.fromEntries(
    names.split(" ").map((pair) => {
      const [name, operation = ""] = pair.split("=");
      return [name, like(`${module}.${operation}`, arguments_)];
    }),
  );
}

/** The functions of TensorFlow that TFOpLambda layers name, without `tf.`. */
const FUNCTIONS: Readonly<Record<string, TensorFlowFunction>> = {
  ...each(
    "math.add=Add math.subtract=Subtract math.multiply=Multiply math.divide=Divide math.truediv=Divide math.maximum=Maximum " +
      "math.minimum=Minimum math.pow=Power math.floordiv=FloorDivide math.floormod=Mod math.mod=Mod math.equal=Equal math.not_equal=NotEqual " +
      "math.less=Less math.less_equal=LessEqual math.greater=Greater math.greater_equal=GreaterEqual math.logical_and=LogicalAnd " +
      "math.logical_or=LogicalOr math.logical_xor=LogicalXor __operators__.add=Add __operators__.eq=Equal __operators__.ne=NotEqual",
    "numpy",
    XY,
  ),
  ...each(
    "math.abs=Absolute math.exp=Exp math.expm1=Expm1 math.log=Log math.log1p=Log1p math.sqrt=Sqrt math.square=Square math.negative=Negative " +
      "math.sign=Sign math.floor=Floor math.ceil=Ceil math.round=Round math.sin=Sin math.cos=Cos math.tan=Tan math.tanh=Tanh " +
      "math.reciprocal=Reciprocal math.logical_not=LogicalNot math.is_nan=Isnan math.is_inf=Isinf math.is_finite=Isfinite",
    "numpy",
    X,
  ),
  ...each("math.rsqrt=Rsqrt math.erf=Erf", "math", X),
  ...each(
    "math.reduce_mean=Mean math.reduce_sum=Sum math.reduce_max=Max math.reduce_min=Min math.reduce_prod=Prod math.reduce_any=Any " +
      "math.reduce_all=All math.reduce_std=Std math.reduce_variance=Var",
    "numpy",
    REDUCTION,
  ),
  "math.reduce_logsumexp": like("math.Logsumexp", REDUCTION),
  ...each("nn.relu=Relu nn.relu6=Relu6 nn.elu=Elu nn.selu=Selu nn.softplus=Softplus nn.softsign=Softsign", "nn", {
    features: "x",
  }),
  ...each("nn.sigmoid=Sigmoid math.sigmoid=Sigmoid nn.silu=Silu nn.swish=Silu", "nn", { x: "x", features: "x" }),
  "nn.tanh": like("numpy.Tanh", X),
  "nn.leaky_relu": like("nn.LeakyRelu", { features: "x", alpha: "negative_slope" }),
  ...each("nn.softmax=Softmax nn.log_softmax=LogSoftmax", "nn", { logits: "x", axis: "axis" }),
  "math.softplus": like("nn.Softplus", { features: "x" }),
  "math.argmax": like("numpy.Argmax", { input: "x", axis: "axis" }, ofFirstAxis),
  "math.argmin": like("numpy.Argmin", { input: "x", axis: "axis" }, ofFirstAxis),
  "math.l2_normalize": like("nn.Normalize", { x: "x", axis: "axis", epsilon: "epsilon" }, ofNorm),
  "linalg.matmul": like("numpy.Matmul", { a: "x1", b: "x2" }),
  cast: like("core.Cast", { x: "x", dtype: "dtype" }),
  clip_by_value: like("numpy.Clip", { t: "x", clip_value_min: "x_min", clip_value_max: "x_max" }),
  convert_to_tensor: like("core.ConvertToTensor", { value: "x" }),
  expand_dims: like("numpy.ExpandDims", { input: "x", axis: "axis" }),
  identity: like("numpy.Copy", { input: "x" }),
  one_hot: like("nn.OneHot", { indices: "x", depth: "num_classes", axis: "axis" }),
  ones_like: like("numpy.OnesLike", { input: "x" }),
  repeat: like("numpy.Repeat", { input: "x", repeats: "repeats", axis: "axis" }),
  reshape: like("numpy.Reshape", { tensor: "x", shape: "newshape" }),
  reverse: like("numpy.Flip", { tensor: "x", axis: "axis" }),
  squeeze: like("numpy.Squeeze", { input: "x", axis: "axis" }),
  stack: like("numpy.Stack", { values: "x", axis: "axis" }),
  stop_gradient: like("core.StopGradient", { input: "variable" }),
  tile: like("numpy.Tile", { input: "x", multiples: "repeats" }),
  transpose: like("numpy.Transpose", { a: "x", perm: "axes" }),
  unstack: like("core.Unstack", { value: "x", axis: "axis" }),
  where: like("numpy.Where", { condition: "condition", x: "x1", y: "x2" }),
  zeros_like: like("numpy.ZerosLike", { input: "x" }),
};

/** Arguments of TensorFlow that say nothing about the computation. */
const IGNORED = new Set(["name"]);

const concat = operation(["values", "axis"], (call) => {
  const given = call.tensors("values");
  return joined(call, "values", given, call.axis("axis", given[0]?.rank ?? 1));
});

/** Python's `x[slice_spec]`, whose slices are objects. */
const getItem = operation(["tensor", "slice_spec"], (call) => {
  const spec = call.raw("slice_spec");
  const list: unknown[] = Array.isArray(spec) ? spec : [spec];
  return indexed(call, call.tensor("tensor"), list.map(indexEntry));
});

function indexEntry(item: unknown): unknown {
  const object = asObject(item);
  if (object?.class_name === "__ellipsis__") return new EllipsisArgument();
  if (object === undefined || !("start" in object)) return item;
  const { start = null, stop = null, step = null } = object;
  return new SliceArgument(start as number | null, stop as number | null, step as number | null);
}

const SPECIAL: Readonly<Record<string, OperationDefinition>> = { concat, "__operators__.getitem": getItem };

/** The Keras operations of the functions whose arguments are read here. */
const SPECIAL_OPERATIONS: Readonly<Record<string, TensorFlowFunction>> = {
  concat: like("numpy.Concatenate", { values: "xs", axis: "axis" }),
  "__operators__.getitem": like("numpy.GetItem", { tensor: "x", slice_spec: "key" }),
};

/** Returns the Keras operation that computes a function of TensorFlow, or `undefined`. */
export function kerasOperationOf(name: string): TensorFlowFunction | undefined {
  const table = Object.hasOwn(SPECIAL_OPERATIONS, name) ? SPECIAL_OPERATIONS : FUNCTIONS;
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Returns the function of a TFOpLambda or SlicingOpLambda layer by its name, or `undefined`. */
export function tensorFlowFunction(name: string): OperationDefinition | undefined {
  const special = Object.hasOwn(SPECIAL, name) ? SPECIAL[name] : undefined;
  if (special !== undefined) return special;
  const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  const definition = known === undefined ? undefined : OPERATIONS.get(known.operation);
  if (known === undefined || definition === undefined) return undefined;
  return operation([], (call) => definition.compute(renamed(call, known, definition.parameters)));
}

/** Returns the arguments by Keras's names. */
function renamed(
  call: OperationArguments,
  { names, asKeras = (kwargs) => kwargs }: TensorFlowFunction,
  parameters: readonly string[],
): OperationArguments {
  const kwargs: Kwargs = {};
  const order = Object.keys(names);
  for (const [name, value] of call.given()) {
    const position = /^argument (\d+)$/.exec(name);
    const own = position === null ? name : order[Number(position[1])];
    const target = own === undefined ? undefined : names[own];
    if (target !== undefined && !IGNORED.has(target)) kwargs[target] = value as Value;
    else if (target === undefined && !IGNORED.has(name) && (value ?? null) !== null && value !== false) {
      throw call.wrong(name, "an argument that is supported");
    }
  }
  return new OperationArguments(call.builder, call.entry, parameters, {
    args: [],
    kwargs: asKeras(kwargs, call),
    config: {},
  });
}
