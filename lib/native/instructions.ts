import type { BINARY_FUNCTIONS, INSTRUCTIONS, REDUCE_FUNCTIONS } from "./instruction_names.js";
import type { NativeActivation, NativeGru, NativeHalf, NativeMerge } from "./native_layers.js";
import type { NativeMatrix, TensorId } from "./program_values.js";

/*
 * The instructions of a native program (NativeBinding.NativeProgram).
 *
 * A program computes rows, which do not depend on each other: the samples of a batch. A row of every tensor has a fixed
 * number of elements. An instruction handles `repeat` items a row, one after the other in memory, and every shape and size
 * below is that of one item. An operand that is a constant has no rows: every item reads the whole constant.
 */

/** The fields of every instruction. */
interface Common<Op extends (typeof INSTRUCTIONS)[number]> {
  op: Op;
  /** The number of items a row, at least 1. */
  repeat: number;
}

/** The field of every instruction that has a float result. */
interface Rounded {
  /** The 16-bit type that a float32 result is rounded to; `null` for no rounding. */
  round: NativeHalf | null;
}

/** y = activation(x @ kernel + bias). x is (depth), y is (columns). */
export interface DenseInstruction extends Common<"dense">, Rounded {
  x: TensorId;
  y: TensorId;
  matrix: NativeMatrix;
  /** Any activation of Keras's, softmax over the columns included; `null` for none. */
  activation: NativeActivation | null;
}

/**
 * A convolution over steps. x is (steps, channels), y is (outputSteps, columns of all groups). `matrices` has one matrix a
 * group, of depth kernel * channels / groups: Keras's kernel (kernel, channels / groups, filters) has this order. Step t
 * of the output begins at step t * stride - pad of the input, and input steps that do not exist count as zeros.
 */
export interface Conv1dInstruction extends Common<"conv1d">, Rounded {
  x: TensorId;
  y: TensorId;
  steps: number;
  channels: number;
  outputSteps: number;
  matrices: readonly NativeMatrix[];
  kernel: number;
  stride: number;
  dilation: number;
  pad: number;
  activation: NativeActivation | null;
}

/** A convolution over height and width, each as in `conv1d`. The depth of a matrix is kernel[0] * kernel[1] * channels / groups. */
export interface Conv2dInstruction extends Common<"conv2d">, Rounded {
  x: TensorId;
  y: TensorId;
  /** Height, width and channels. */
  inputShape: readonly [number, number, number];
  /** Height, width and the columns of all groups. */
  outputShape: readonly [number, number, number];
  matrices: readonly NativeMatrix[];
  kernel: readonly [number, number];
  strides: readonly [number, number];
  dilation: readonly [number, number];
  /** Zeros above and to the left. */
  pad: readonly [number, number];
  activation: NativeActivation | null;
}

/**
 * A depthwise convolution: channel c of the input makes the channels c * multiplier to c * multiplier + multiplier - 1 of
 * the output. One over steps has a height of 1.
 */
export interface DepthwiseInstruction extends Common<"depthwise">, Rounded {
  x: TensorId;
  y: TensorId;
  /** Height, width and channels. */
  inputShape: readonly [number, number, number];
  /** Height, width and channels * multiplier. */
  outputShape: readonly [number, number, number];
  /** A constant, (kernel[0], kernel[1], channels, multiplier). */
  weights: TensorId;
  /** A constant, (channels * multiplier), or `null`. */
  bias: TensorId | null;
  kernel: readonly [number, number];
  strides: readonly [number, number];
  dilation: readonly [number, number];
  pad: readonly [number, number];
  activation: NativeActivation | null;
}

/**
 * Pooling over windows. Only elements of the input count: a maximum ignores padding, and an average divides by the number
 * of elements that exist. Every window must have one.
 */
export interface PoolInstruction extends Common<"pool">, Rounded {
  kind: "max" | "average";
  x: TensorId;
  y: TensorId;
  /** Height, width and channels. */
  inputShape: readonly [number, number, number];
  outputShape: readonly [number, number, number];
  window: readonly [number, number];
  strides: readonly [number, number];
  pad: readonly [number, number];
}

/**
 * y = table[x]. x is one int32, y is (units). Indices from -1 to -vocabulary count from the end. Any other index makes
 * the run fail with `ERR_ARGUMENT`, whose message has `name`, the index and its place.
 */
export interface EmbeddingInstruction extends Common<"embedding"> {
  x: TensorId;
  y: TensorId;
  /** A constant of y's type, (vocabulary, units). */
  table: TensorId;
  vocabulary: number;
  units: number;
  /** The words for this instruction in the message of a failure, such as "the layer `embedding_1`". */
  name: string;
}

/** y = x * scale[c] + offset[c] for x of shape (outer, channels, inner). `scale` and `offset` are constants, (channels). */
export interface AffineInstruction extends Common<"affine">, Rounded {
  x: TensorId;
  y: TensorId;
  scale: TensorId | null;
  offset: TensorId | null;
  outer: number;
  channels: number;
  inner: number;
}

/**
 * Normalises each of `groups` groups of `size` elements of x, which is (groups, size). "layer": (x - mean) /
 * sqrt(variance + epsilon). "rms": x / sqrt(mean of squares + epsilon). "unit": x * min(1 / sqrt(sum of squares), 1 /
 * epsilon), which is Keras's `normalize`.
 */
export interface NormalizeInstruction extends Common<"normalize">, Rounded {
  kind: "layer" | "rms" | "unit";
  x: TensorId;
  y: TensorId;
  groups: number;
  size: number;
  epsilon: number;
}

/**
 * y = fn(x), element by element. `fn` is one of `UNARY_FUNCTIONS`, or an activation by the name that `NativeActivation`
 * gives it, with its parameters. softmax, log_softmax and sparsemax are over all elements of an item. x and y have one
 * float type, except that int32 also has abs, negative, sign and square, that logical_not is from bool to bool, and that
 * isnan, isinf and isfinite are from a float to bool.
 */
export interface UnaryInstruction extends Common<"unary">, Rounded {
  fn: string;
  parameters: readonly number[];
  x: TensorId;
  y: TensorId;
}

/** y = max(x, 0) + alpha * min(x, 0). `alpha` is a constant that repeats through the item; its size divides the item's. */
export interface PreluInstruction extends Common<"prelu">, Rounded {
  x: TensorId;
  y: TensorId;
  alpha: TensorId;
}

/**
 * y = fn(a, b). y is contiguous, of shape `shape`. The strides of a and b are in elements, one for each dimension; 0
 * repeats an element. Arithmetic is between two tensors of one type, float32, float64 or int32, and its result has that
 * type. Comparisons are between two tensors of any one type, and the logical functions between bools; both make bool.
 */
export interface BinaryInstruction extends Common<"binary">, Rounded {
  fn: (typeof BINARY_FUNCTIONS)[number];
  a: TensorId;
  b: TensorId;
  y: TensorId;
  shape: readonly number[];
  aStrides: readonly number[];
  bStrides: readonly number[];
}

/** y = condition ? a : b, with strides as in `binary`. `condition` is bool; a, b and y have one type. */
export interface SelectInstruction extends Common<"select"> {
  condition: TensorId;
  a: TensorId;
  b: TensorId;
  y: TensorId;
  shape: readonly number[];
  conditionStrides: readonly number[];
  aStrides: readonly number[];
  bStrides: readonly number[];
}

/**
 * Converts every element of x to the type of y. A float becomes an int32 towards zero; NaN and numbers outside of int32
 * become -2^31, as TensorFlow makes them on x86. bool is `x != 0`, so NaN is true.
 */
export interface CastInstruction extends Common<"cast">, Rounded {
  x: TensorId;
  y: TensorId;
}

/**
 * Copies elements from place to place within an item: y[yOffset + i · yStrides] = x[xOffset + i · xStrides] for every index
 * i of `shape`. Strides may be negative or 0. x and y have one type, and their own sizes. Several copies may fill one tensor,
 * and none has more elements than y.
 */
export interface CopyInstruction extends Common<"copy"> {
  x: TensorId;
  y: TensorId;
  shape: readonly number[];
  xOffset: number;
  xStrides: readonly number[];
  yOffset: number;
  yStrides: readonly number[];
}

/** Sets all elements of y to `value`, which is converted to y's type. */
export interface FillInstruction extends Common<"fill"> {
  y: TensorId;
  value: number;
}

/**
 * Reduces dimensions: y, which is contiguous of shape `kept`, is fn over all indices of `reduced`. Strides are those of x,
 * in elements, and no element is used twice. sum, mean, max, min and prod keep the type (mean is for floats); any and all
 * are from bool to bool. argmax and argmin write the int32 position of the first extreme element, in the row-major order of
 * `reduced`. max, min, argmax and argmin need elements. NaN wins in max and min.
 */
export interface ReduceInstruction extends Common<"reduce">, Rounded {
  fn: (typeof REDUCE_FUNCTIONS)[number];
  x: TensorId;
  y: TensorId;
  kept: readonly number[];
  keptStrides: readonly number[];
  reduced: readonly number[];
  reducedStrides: readonly number[];
}

/** Softmax over the middle dimension of x, which is (outer, axis, inner). */
export interface SoftmaxInstruction extends Common<"softmax">, Rounded {
  kind: "softmax" | "log_softmax";
  x: TensorId;
  y: TensorId;
  outer: number;
  axis: number;
  inner: number;
}

/**
 * y = scale * (a @ b), for every index of `batch`. y is contiguous, (...batch, m, n). The strides say where the matrix of
 * an index begins. a's matrices are (m, k), or (k, m) with `transposeA`; b's are (k, n), or (n, k) with `transposeB`.
 */
export interface MatmulInstruction extends Common<"matmul">, Rounded {
  a: TensorId;
  b: TensorId;
  y: TensorId;
  batch: readonly number[];
  aStrides: readonly number[];
  bStrides: readonly number[];
  m: number;
  k: number;
  n: number;
  transposeA: boolean;
  transposeB: boolean;
  scale: number;
}

/** y[i][j] = sum over d of scale[d] * tanh(q[i][d] + v[j][d]). q is (queries, depth), v is (values, depth). */
export interface AdditiveScoresInstruction extends Common<"additive_scores">, Rounded {
  q: TensorId;
  v: TensorId;
  /** A constant, (depth), or `null` for ones. */
  scale: TensorId | null;
  y: TensorId;
  queries: number;
  values: number;
  depth: number;
}

/** One GRU of a layer of a `gru` instruction. */
export interface GruHalf {
  /** The weights are those of the moment at which the program is made. */
  gru: NativeGru;
  goBackwards: boolean;
  zeroOutputForMask: boolean;
  /** Whether this GRU takes the cuDNN path, whose requirements it must meet. */
  cudnn: boolean;
  /** (units), or `null` for zeros. */
  initialState: TensorId | null;
  /** (units), the state after the last step; `null` when nothing reads it. */
  state: TensorId | null;
}

/** One layer: a single GRU (`merge` is `null`), or the two of a Bidirectional, as in `NativeStack`. */
export interface GruLayer {
  merge: NativeMerge;
  halves: readonly GruHalf[];
}

/** Layers of GRUs as in `NativeStack`. x is (steps, features). Results are rounded as the GRUs' `stateRounding` says. */
export interface GruInstruction extends Common<"gru"> {
  x: TensorId;
  steps: number;
  layers: readonly GruLayer[];
  /** Whether the last layer returns all steps. */
  returnSequences: boolean;
  /** (steps, width) or (width). There are two after the merge mode "separate", else one. */
  outputs: readonly TensorId[];
  /** A bool for each step, or `null`. */
  mask: TensorId | null;
  allowTf32: boolean;
}

/** One step of a program. */
export type NativeInstruction =
  | DenseInstruction
  | Conv1dInstruction
  | Conv2dInstruction
  | DepthwiseInstruction
  | PoolInstruction
  | EmbeddingInstruction
  | AffineInstruction
  | NormalizeInstruction
  | UnaryInstruction
  | PreluInstruction
  | BinaryInstruction
  | SelectInstruction
  | CastInstruction
  | CopyInstruction
  | FillInstruction
  | ReduceInstruction
  | SoftmaxInstruction
  | MatmulInstruction
  | AdditiveScoresInstruction
  | GruInstruction;
