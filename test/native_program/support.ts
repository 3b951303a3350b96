// One program with every instruction, as lib/models makes them, and small ones for single questions.
import type { NativeGru } from "../../dist/native/binding.js";
import type { NativeInstruction } from "../../dist/native/instructions.js";
import { native } from "../../dist/native/load.js";
import type { NativeProgramDescription } from "../../dist/native/native_program.js";
import type { NativeElementType, NativePortArray } from "../../dist/native/program_values.js";
import { numbers } from "../layers/support.js";

export const ROWS = 3;

/** A native GRU with weights. */
export function nativeGru(features: number, units: number): NativeGru {
  const gru = new (native().NativeGru)({
    dtype: "float32",
    features,
    units,
    resetAfter: true,
    activation: { name: "tanh", parameters: [] },
    recurrentActivation: { name: "sigmoid", parameters: [] },
    stateRounding: null,
    cudaDevice: 0,
  });
  const array = (count: number, seed: number) => Float32Array.from(numbers(count, seed));
  gru.setWeights(array(features * 3 * units, 1), array(units * 3 * units, 2), array(6 * units, 3));
  return gru;
}

/** Builds a description: tensors get their numbers in the order in which they are asked for. */
export class ProgramUnderTest {
  readonly description = {
    tensors: [] as { type: NativeElementType; size: number }[],
    constants: [] as { tensor: number; data: NativePortArray }[],
    inputs: [] as { tensor: number; dtype: NativeElementType }[],
    outputs: [] as { tensor: number; dtype: NativeElementType }[],
    instructions: [] as NativeInstruction[],
    divisible: true,
  } satisfies NativeProgramDescription;
  readonly inputs: NativePortArray[] = [];

  tensor(size: number, type: NativeElementType = "float32"): number {
    return this.description.tensors.push({ type, size }) - 1;
  }

  input(values: NativePortArray, type: NativeElementType = "float32"): number {
    const tensor = this.tensor(values.length / ROWS, type);
    this.description.inputs.push({ tensor, dtype: type });
    this.inputs.push(values);
    return tensor;
  }

  floats(size: number): number {
    return this.input(Float32Array.from(numbers(ROWS * size, this.description.tensors.length + 1)));
  }

  constant(values: number[]): number {
    const tensor = this.tensor(values.length);
    this.description.constants.push({ tensor, data: Float32Array.from(values) });
    return tensor;
  }

  /** Adds an instruction whose result is a new tensor that is an output. */
  output(size: number, make: (y: number) => NativeInstruction, type: NativeElementType = "float32"): number {
    const y = this.tensor(size, type);
    this.description.instructions.push(make(y));
    this.description.outputs.push({ tensor: y, dtype: type });
    return y;
  }

  /** Returns new arrays for the outputs. */
  outputs(rows = ROWS): NativePortArray[] {
    return this.description.outputs.map(({ tensor, dtype }) => {
      const size = rows * (this.description.tensors[tensor]?.size ?? 0);
      if (dtype === "float32") return new Float32Array(size);
      return dtype === "int32" ? new Int32Array(size) : new Uint8Array(size);
    });
  }
}

/** Makes a program that has every instruction once. */
export function everyInstruction(): ProgramUnderTest {
  const test = new ProgramUnderTest();
  const { NativeMatrix } = native();
  const matrix = (depth: number, columns: number) => {
    const kernel = Float32Array.from(numbers(depth * columns, 5));
    return new NativeMatrix({ dtype: "float32", depth, columns, kernel, bias: new Float32Array(columns) });
  };
  const x = test.floats(24);
  const flags = test.input(
    Uint8Array.from({ length: ROWS * 24 }, (_, i) => i % 3),
    "bool",
  );
  const index = test.input(
    Int32Array.from({ length: ROWS * 2 }, (_, i) => (i % 4) - 2),
    "int32",
  );
  const three = test.constant([1, 2, 3]);
  const table = test.constant([1, 2, 3, 4, 5, 6]);
  const common = { repeat: 1, round: null };
  const relu = { name: "relu", parameters: [] };
  const windows = {
    inputShape: [2, 4, 3],
    outputShape: [2, 4, 3],
    kernel: [1, 1],
    strides: [1, 1],
    dilation: [1, 1],
    pad: [0, 0],
  } as const;
  const flat = { shape: [24], aStrides: [1], bStrides: [1] };
  const { kernel: window, dilation: _, ...pooling } = windows;
  const gru = nativeGru(3, 4);
  const half = { gru, goBackwards: false, zeroOutputForMask: false, cudnn: false, initialState: null, state: null };
  const add = (size: number, make: (y: number) => NativeInstruction, type?: NativeElementType) =>
    test.output(size, make, type);
  add(20, (y) => ({ op: "dense", ...common, repeat: 4, x, y, matrix: matrix(6, 5), activation: relu }));
  add(40, (y) => ({
    op: "conv1d",
    ...common,
    x,
    y,
    steps: 8,
    channels: 3,
    outputSteps: 8,
    matrices: [matrix(6, 5)],
    kernel: 2,
    stride: 1,
    dilation: 1,
    pad: 1,
    activation: null,
  }));
  add(24, (y) => ({ op: "conv2d", ...common, x, y, ...windows, matrices: [matrix(3, 3)], activation: relu }));
  add(24, (y) => ({ op: "depthwise", ...common, x, y, ...windows, weights: three, bias: three, activation: relu }));
  add(24, (y) => ({ op: "pool", ...common, kind: "average", x, y, ...pooling, window }));
  add(4, (y) => ({ op: "embedding", repeat: 2, x: index, y, table, vocabulary: 3, units: 2, name: "the layer `e`" }));
  add(24, (y) => ({ op: "affine", ...common, x, y, scale: three, offset: three, outer: 8, channels: 3, inner: 1 }));
  add(24, (y) => ({ op: "normalize", ...common, kind: "layer", x, y, groups: 4, size: 6, epsilon: 0.001 }));
  add(24, (y) => ({ op: "unary", ...common, fn: "leaky_relu", parameters: [0.2], x, y }));
  add(24, (y) => ({ op: "prelu", ...common, x, y, alpha: three }));
  add(24, (y) => ({ op: "binary", ...common, fn: "equal", a: x, b: x, y, ...flat }), "bool");
  add(24, (y) => ({ op: "select", repeat: 1, condition: flags, a: x, b: x, y, ...flat, conditionStrides: [1] }));
  add(24, (y) => ({ op: "cast", ...common, x: flags, y }), "int32");
  const filled = add(24, (y) => ({ op: "fill", repeat: 1, y, value: 7 }));
  test.description.instructions.push({
    op: "copy",
    repeat: 1,
    x,
    y: filled,
    shape: [4],
    xOffset: 3,
    xStrides: [-1],
    yOffset: 0,
    yStrides: [2],
  });
  add(6, (y) => ({
    op: "reduce",
    ...common,
    fn: "mean",
    x,
    y,
    kept: [6],
    keptStrides: [1],
    reduced: [4],
    reducedStrides: [6],
  }));
  add(24, (y) => ({ op: "softmax", ...common, kind: "softmax", x, y, outer: 4, axis: 6, inner: 1 }));
  add(8, (y) => ({
    op: "matmul",
    ...common,
    a: x,
    b: x,
    y,
    batch: [2],
    aStrides: [12],
    bStrides: [12],
    m: 2,
    k: 6,
    n: 2,
    transposeA: false,
    transposeB: true,
    scale: 0.5,
  }));
  add(64, (y) => ({ op: "additive_scores", ...common, q: x, v: x, scale: three, y, queries: 8, values: 8, depth: 3 }));
  add(32, (y) => ({
    op: "gru",
    repeat: 1,
    x,
    steps: 8,
    layers: [{ merge: null, halves: [half] }],
    returnSequences: true,
    outputs: [y],
    mask: null,
    allowTf32: false,
  }));
  return test;
}
