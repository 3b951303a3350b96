import type { SymbolicTensor } from "../compile/symbolic.js";
import { activate, binary, cast, scalar } from "../emit/elementwise.js";
import { permuted, strided, wholeRanges } from "../emit/movement.js";
import { onAxes } from "../emit/whole.js";
import type { OperationArguments } from "./arguments.js";
import { floatDtype } from "./dtypes.js";
import { type OperationDefinition, operation } from "./operation.js";

/** An activation whose parameters have these names and defaults, in the order of the kernels. */
function activation(name: string, parameters: Readonly<Record<string, number>> = {}): OperationDefinition {
  return operation(["x", ...Object.keys(parameters)], (call) => {
    const values = Object.entries(parameters).map(([key, fallback]) => call.number(key, fallback));
    return activate(call.builder, { name, parameters: values }, floats(call));
  });
}

function floats(call: OperationArguments): SymbolicTensor {
  const x = call.tensor("x");
  return cast(call.builder, x, floatDtype(x.dtype));
}

/** An activation over one axis. */
function overAxis(name: string): OperationDefinition {
  return operation(["x", "axis"], (call) => {
    const x = floats(call);
    const axes = call.axes("axis", x.rank, -1) as number[];
    if (axes.length !== 1) throw call.wrong("axis", "one axis");
    return onAxes(call.builder, x, axes, (tensor, [axis]) => {
      const order = [...tensor.shape.keys()].filter((one) => one !== axis).concat(axis as number);
      const y = activate(call.builder, { name, parameters: [] }, permuted(call.builder, tensor, order));
      return permuted(
        call.builder,
        y,
        order.map((_, one) => order.indexOf(one)),
      );
    });
  });
}

/** Halves an axis: the first half times the sigmoid of the second. */
const glu = operation(["x", "axis"], (call) => {
  const x = floats(call);
  return onAxes(call.builder, x, call.axes("axis", x.rank, -1) as number[], (tensor, [axis]) => {
    const size = tensor.shape[axis as number] as number;
    if (size % 2 !== 0) throw call.wrong("x", "an axis that can be halved", "ERR_SHAPE");
    const half = (start: number) =>
      strided(
        call.builder,
        tensor,
        wholeRanges(tensor).map((range, at) => (at === axis ? [start, 1, size / 2] : range)),
      );
    const gate = activate(call.builder, { name: "sigmoid", parameters: [] }, half(size / 2));
    return binary(call.builder, "multiply", half(0), gate);
  });
});

const gelu = operation(["x", "approximate"], (call) => {
  const { builder } = call;
  const x = floats(call);
  if (!call.boolean("approximate", true)) return activate(builder, { name: "gelu", parameters: [] }, x);
  // 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
  const number = (value: number) => scalar(builder, value, x.dtype);
  const cube = binary(builder, "multiply", binary(builder, "multiply", x, x), x);
  const inner = binary(builder, "add", x, binary(builder, "multiply", cube, number(0.044715)));
  const tanh = activate(builder, TANH, binary(builder, "multiply", inner, number(Math.sqrt(2 / Math.PI))));
  const half = binary(builder, "multiply", x, number(0.5));
  return binary(builder, "multiply", half, binary(builder, "add", tanh, number(1)));
});

const TANH = { name: "tanh", parameters: [] };

/** Activations, by the names of their classes. */
export const ACTIVATIONS: Readonly<Record<string, OperationDefinition>> = {
  "nn.Celu": activation("celu", { alpha: 1 }),
  "nn.Elu": activation("elu", { alpha: 1 }),
  "nn.Gelu": gelu,
  "nn.Glu": glu,
  "nn.HardShrink": activation("hard_shrink", { threshold: 0.5 }),
  "nn.HardSigmoid": activation("hard_sigmoid"),
  "nn.HardSilu": activation("hard_silu"),
  "nn.HardTanh": activation("hard_tanh"),
  "nn.LeakyRelu": activation("leaky_relu", { negative_slope: 0.2 }),
  "nn.LogSigmoid": activation("log_sigmoid"),
  "nn.LogSoftmax": overAxis("log_softmax"),
  "nn.Relu": activation("relu"),
  "nn.Relu6": activation("relu6"),
  "nn.Selu": activation("selu"),
  "nn.Sigmoid": activation("sigmoid"),
  "nn.Silu": activation("silu"),
  "nn.SoftShrink": activation("soft_shrink", { threshold: 0.5 }),
  "nn.Softmax": overAxis("softmax"),
  "nn.Softplus": activation("softplus"),
  "nn.Softsign": activation("softsign"),
  "nn.Sparsemax": overAxis("sparsemax"),
  "nn.SparsePlus": activation("sparse_plus"),
  "nn.SparseSigmoid": activation("sparse_sigmoid"),
  "nn.Squareplus": activation("squareplus", { b: 4 }),
  "nn.TanhShrink": activation("tanh_shrink"),
  "nn.Threshold": activation("threshold", { threshold: 0, default_value: 0 }),
};
