import type { GRUError } from "../../errors/gru_error.js";
import { MixesSamples } from "../compile/builder.js";
import type { SymbolicTensor } from "../compile/symbolic.js";
import { isTensor, type Tensors } from "../compile/values.js";
import { EllipsisArgument, SliceArgument } from "../graph/arguments.js";
import { flatten, type Structure } from "../graph/structure.js";
import type { OperationArguments } from "./arguments.js";

function names(list: string): ReadonlySet<string> {
  return new Set(list.split(" "));
}

/** Operations that treat each element by itself. */
const ELEMENTWISE = names(
  "Absolute Add Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh Cast Ceil Celu Clip ConvertToTensor Copy Cos Cosh " +
    "Divide Elu Equal Erf Exp Expm1 Floor FloorDivide FullLike Gelu Greater GreaterEqual HardShrink HardSigmoid HardSilu " +
    "HardTanh Isfinite Isinf Isnan LeakyRelu Less LessEqual Log Log10 Log1p Log2 LogSigmoid LogicalAnd LogicalNot LogicalOr " +
    "LogicalXor Maximum Minimum Mod Multiply Negative NotEqual OnesLike Power Reciprocal Relu Relu6 Round Rsqrt " +
    "SaturateCast Selu Sigmoid Sign Silu Sin Sinh SoftShrink Softplus Softsign SparsePlus SparseSigmoid Sqrt Square " +
    "Squareplus StopGradient Subtract Tan Tanh TanhShrink Threshold TrueDivide Where ZerosLike",
);

/** Operations that treat each timestep by itself if their axes come after the timesteps. */
const OVER_AXES = names(
  "All Amax Amin Any Argmax Argmin Concatenate CountNonzero Flip Glu LogSoftmax Logsumexp Max Mean Min Normalize Prod " +
    "Repeat Softmax Sparsemax Split Std Sum Var",
);

/** By default the axis of these is the last one. The others take all axes by default. */
const OVER_LAST = names("Concatenate Glu LogSoftmax Normalize Softmax Sparsemax");

/**
 * Compiles an operation in a program for a stream, and notes that its results have timesteps.
 *
 * Throws `ERR_UNSUPPORTED` when it needs the whole sequence.
 */
export function inStream(call: OperationArguments, compute: () => Tensors): Tensors {
  const { stream } = call.builder;
  const given = call.given().map(([, value]) => value);
  const tensors = flatten<unknown>(given as Structure<unknown>).filter(isTensor);
  if (stream === null) return compute();
  if (!tensors.some((tensor) => stream.isSequence(tensor))) {
    const outputs = refusing(call, compute);
    if (flatten(outputs).some((output) => stream.hasLost(output))) throw notCausal(call);
    return outputs;
  }
  const others = tensors.filter((tensor) => tensor.repeat !== null && !stream.isSequence(tensor));
  if (others.length > 0 || !isPointwise(call, tensors)) throw notCausal(call);
  const outputs = refusing(call, compute);
  for (const output of flatten(outputs)) {
    if (output.shape.length === 0 || output.shape[0] !== stream.steps) throw notCausal(call);
    stream.mark(output);
  }
  return outputs;
}

function refusing(call: OperationArguments, compute: () => Tensors): Tensors {
  try {
    return compute();
  } catch (error) {
    throw error instanceof MixesSamples ? notCausal(call) : error;
  }
}

function notCausal(call: OperationArguments): GRUError {
  return call.unsupported("it cannot be computed in a stream, because it does not treat each timestep by itself");
}

function isPointwise(call: OperationArguments, tensors: readonly SymbolicTensor[]): boolean {
  const { className } = call.entry;
  const [first] = tensors as [SymbolicTensor];
  if (className === "GetItem") return keepsSteps(call.raw("key"), first.rank);
  const rank = Math.max(...tensors.map((tensor) => tensor.rank));
  if (tensors.some((tensor) => tensor.repeat !== null && tensor.rank !== rank)) return false;
  if (ELEMENTWISE.has(className)) return true;
  if (!OVER_AXES.has(className)) return false;
  const axes = call.axes("axis", first.rank, OVER_LAST.has(className) ? -1 : null);
  return axes?.every((axis) => axis > 1) ?? false;
}

/** True for an index that takes the whole batch and all timesteps of a tensor of this rank. */
function keepsSteps(key: unknown, rank: number): boolean {
  const list: unknown[] = Array.isArray(key) ? key : [key];
  const [batch, steps, ...rest] = list;
  const isPlain = (item: unknown) => item !== null && !(item instanceof EllipsisArgument);
  if (batch instanceof EllipsisArgument) return rank - (list.length - 1) >= 2 && list.slice(1).every(isPlain);
  return isAll(batch) && isAll(steps) && rest.every(isPlain);
}

function isAll(item: unknown): boolean {
  return item instanceof SliceArgument && item.start === null && item.stop === null && item.step === null;
}
