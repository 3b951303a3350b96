// Models with every function of TensorFlow that TFOpLambda and SlicingOpLambda layers of tf.keras 2 may have.
import { edited, golden, type Json } from "./edited.js";

/** A call of a function: its first argument, and the others. The layer has a name if another one refers to it. */
export interface FunctionCall {
  name?: string;
  function: string;
  first: unknown;
  kwargs?: Record<string, unknown>;
}

/** Returns a `.keras` file of tf.keras 2 whose model has an input `x` of shape (6, 4), these calls, and all their results. */
export function withFunctions(calls: readonly FunctionCall[]): Uint8Array {
  return edited(golden("tf_keras/functions"), (config: Json) => {
    const [input] = config.config.layers;
    const layers = calls
      .map(({ function: symbol, first, kwargs = {}, ...named }, index) => ({
        symbol,
        first,
        kwargs,
        name: named.name ?? `tf.call_${index}`,
      }))
      .map(({ symbol, first, kwargs, name }) => ({
        module: "keras.layers",
        class_name: symbol === "__operators__.getitem" ? "SlicingOpLambda" : "TFOpLambda",
        config: { name, trainable: true, dtype: "float32", function: symbol },
        registered_name: null,
        name,
        inbound_nodes: [node(first, kwargs)],
      }));
    config.config.layers = [input, ...layers];
    config.config.output_layers = layers.map(({ name }) => [name, 0, 0]);
  });
}

/** A list of names stands for tensors; anything else that is no name is a constant. */
function node(first: unknown, kwargs: Record<string, unknown>): unknown {
  if (Array.isArray(first)) return first.map((name) => [name, 0, 0, kwargs]);
  return typeof first === "string" ? [first, 0, 0, kwargs] : ["_CONSTANT_VALUE", -1, first, kwargs];
}

const X = ["x", 0, 0];
const POSITIVE = ["positive", 0, 0];
const SLICE = { start: 1, stop: null, step: 2 };

const unary = (names: string, first: string): FunctionCall[] =>
  names.split(" ").map((name) => ({ function: name, first }));
const binary = (names: string): FunctionCall[] =>
  names.split(" ").map((name) => ({ function: name, first: "positive", kwargs: { y: X } }));
const over = (names: string, kwargs: Record<string, unknown>): FunctionCall[] =>
  names.split(" ").map((name) => ({ function: name, first: "x", kwargs }));

const REDUCTIONS = "math.reduce_mean math.reduce_sum math.reduce_max math.reduce_min math.reduce_prod";

/** Calls of every function. */
export const FUNCTION_CALLS: readonly FunctionCall[] = [
  { name: "square", function: "math.square", first: "x" },
  { name: "positive", function: "math.add", first: "square", kwargs: { y: 0.5 } },
  { name: "truth", function: "math.greater", first: "x", kwargs: { y: 0.0 } },
  { name: "other_truth", function: "math.less", first: "x", kwargs: { y: 0.25 } },
  { name: "largest", function: "math.argmax", first: "x", kwargs: { axis: 1 } },
  { name: "expanded", function: "expand_dims", first: "x", kwargs: { axis: 1 } },
  { name: "turned", function: "transpose", first: "x", kwargs: { perm: [0, 2, 1] } },
  ...binary(
    "__operators__.add math.subtract math.multiply math.divide math.truediv math.maximum math.minimum math.pow " +
      "math.floordiv math.floormod math.mod math.equal math.not_equal math.less math.less_equal math.greater " +
      "math.greater_equal __operators__.eq __operators__.ne",
  ),
  { function: "math.subtract", first: 1.0, kwargs: { y: X, name: null } },
  { function: "math.multiply", first: "x", kwargs: { y: [1.0, 2.0, 3.0, 4.0] } },
  ...["math.logical_and", "math.logical_or", "math.logical_xor"].map((name) => ({
    function: name,
    first: "truth",
    kwargs: { y: ["other_truth", 0, 0] },
  })),
  ...unary("math.logical_not", "truth"),
  ...unary(
    "math.abs math.exp math.expm1 math.negative math.sign math.floor math.ceil math.round math.sin math.cos math.tan " +
      "math.tanh math.is_nan math.is_inf math.is_finite math.erf nn.relu nn.relu6 nn.elu nn.selu nn.softplus nn.softsign " +
      "nn.sigmoid math.sigmoid nn.silu nn.swish nn.tanh nn.leaky_relu nn.softmax nn.log_softmax math.softplus " +
      "convert_to_tensor identity ones_like zeros_like stop_gradient",
    "x",
  ),
  ...unary("math.log math.log1p math.sqrt math.rsqrt math.reciprocal", "positive"),
  ...over(`${REDUCTIONS} math.reduce_std math.reduce_variance math.reduce_logsumexp`, { axis: 1, keepdims: false }),
  ...over(REDUCTIONS, { axis: [1, -1], keepdims: true, name: null }),
  ...["math.reduce_any", "math.reduce_all"].map((name) => ({ function: name, first: "truth", kwargs: { axis: -1 } })),
  ...over("math.argmin math.l2_normalize nn.softmax nn.log_softmax", { axis: 1 }),
  { function: "math.l2_normalize", first: "x", kwargs: { axis: -1, epsilon: 1e-8 } },
  { function: "nn.leaky_relu", first: "x", kwargs: { alpha: 0.1 } },
  { function: "linalg.matmul", first: "x", kwargs: { b: ["turned", 0, 0], transpose_a: false, transpose_b: false } },
  { function: "cast", first: "truth", kwargs: { dtype: "float32" } },
  { function: "clip_by_value", first: "x", kwargs: { clip_value_min: -0.5, clip_value_max: 0.25 } },
  { function: "one_hot", first: "largest", kwargs: { depth: 6 } },
  ...over("repeat", { repeats: 2, axis: 1 }),
  ...over("reshape", { shape: [-1, 12, 2] }),
  ...over("reverse", { axis: [1] }),
  ...over("tile", { multiples: [1, 2, 1] }),
  { function: "squeeze", first: "expanded", kwargs: { axis: [1] } },
  { function: "stack", first: ["x", "positive"], kwargs: { axis: 1 } },
  { function: "concat", first: ["x", "positive"], kwargs: { axis: -1 } },
  ...over("unstack", { axis: 1 }),
  { function: "where", first: "truth", kwargs: { x: X, y: POSITIVE } },
  { function: "where", first: "truth", kwargs: { x: X, y: 0.0 } },
  {
    function: "__operators__.getitem",
    first: "x",
    kwargs: { slice_spec: [{ start: null, stop: null, step: null }, SLICE, -1] },
  },
  {
    function: "__operators__.getitem",
    first: "x",
    kwargs: { slice_spec: [{ class_name: "__ellipsis__" }, null, { start: 0, stop: 2, step: null }] },
  },
];
