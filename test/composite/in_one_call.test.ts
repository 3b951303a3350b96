// Which calls of a Bidirectional or a GRUStack are one call of the addon, and that both ways of computing have the same bits.
import { Bidirectional, GRU, type GRUArguments, GRUStack, regularizers, type StackLayer, type Tensor } from "cudnn-gru";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { computeOneByOne } from "../../dist/layers/composite/runner.js";
import type { NativeBinding, NativeStack } from "../../dist/native/binding.js";
import { native } from "../../dist/native/load.js";
import { count, numbers, random } from "../layers/support.js";

const [B, T, F] = [4, 11, 5] as const;
/** The number of calls that the addon's stacks have computed. */
let stackCalls = 0;

const binding = native() as { NativeStack: NativeBinding["NativeStack"] };
const Original = binding.NativeStack;

class CountingStack extends Original {
  override call(...args: Parameters<NativeStack["call"]>): void {
    stackCalls += 1;
    super.call(...args);
  }

  override callAsync(...args: Parameters<NativeStack["callAsync"]>): ReturnType<NativeStack["callAsync"]> {
    stackCalls += 1;
    return super.callAsync(...args);
  }

  override forward(...args: Parameters<NativeStack["forward"]>): ReturnType<NativeStack["forward"]> {
    stackCalls += 1;
    return super.forward(...args);
  }

  override forwardAsync(...args: Parameters<NativeStack["forwardAsync"]>): ReturnType<NativeStack["forwardAsync"]> {
    stackCalls += 1;
    return super.forwardAsync(...args);
  }
}

beforeEach(() => {
  stackCalls = 0;
  binding.NativeStack = CountingStack;
});

afterEach(() => {
  binding.NativeStack = Original;
  computeOneByOne(false);
});

function gru(units: number, args: GRUArguments = {}): GRU {
  return new GRU(units, { use_cudnn: false, return_sequences: true, ...args });
}

/** A GRU of 16 bits. Keras draws no orthogonal matrix in bfloat16, and the weights are set anyway. */
function sixteenBits(units: number, dtype: "float16" | "bfloat16" | "mixed_bfloat16", args: GRUArguments = {}): GRU {
  return gru(units, { dtype, recurrent_initializer: "zeros", ...args });
}

function filled<L extends Bidirectional | GRUStack>(layer: L): L {
  layer.build([null, null, F]);
  layer.setWeights(layer.weights.map(({ shape }, index) => numbers(count(shape), 31 + index)));
  return layer;
}

function listOf(result: unknown): Tensor[] {
  return (Array.isArray(result) ? result : [result]) as Tensor[];
}

function numbersOf(result: unknown): number[][] {
  return listOf(result).map(({ data }) => [...(data as Float32Array)]);
}

/** The results and gradients of one call of every method, as text with every bit. */
async function everything(layer: Bidirectional | GRUStack, args: object): Promise<unknown> {
  const inputs = random([B, T, F], 5);
  const bits = (tensors: readonly Tensor[]) =>
    tensors.map(({ data, shape, dtype }) => [dtype, shape, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]);
  const called = bits(listOf(layer.call(inputs, args)));
  const calledAsync = bits(listOf(await layer.callAsync(inputs, args)));
  const losses = layer.losses;
  const passes = [layer.forward(inputs, args), await layer.forwardAsync(inputs, args)];
  const gradients = passes.map((pass) => {
    const outputs = listOf(pass.output);
    const output = outputs.map(({ shape }, index) => random([...shape], 70 + index));
    const states = pass.states.map(({ shape }, index) => random([...shape], 80 + index));
    const given = output.length === 1 ? (output[0] as Tensor) : output;
    const found = pass.backward({ output: given as never, states, losses: 0.5 });
    return [
      bits(outputs),
      bits(pass.states),
      bits([found.inputs, ...found.initial_state, ...found.weights]),
      pass.losses,
    ];
  });
  return { called, calledAsync, losses, gradients };
}

const holes = Array.from({ length: B }, (_, row) => Array.from({ length: T }, (_, step) => (row + 3 * step) % 5 !== 0));
const ARGS: Record<string, object> = { "no mask": {}, holes: { mask: holes }, lengths: { lengths: [11, 3, 0, 6] } };

const LAYERS: Record<string, () => Bidirectional | GRUStack> = {
  "a Bidirectional": () => new Bidirectional(gru(6)),
  "the last outputs of a Bidirectional, summed": () =>
    new Bidirectional(gru(6, { return_sequences: false }), { merge_mode: "sum" }),
  "a product": () => new Bidirectional(gru(6), { merge_mode: "mul" }),
  "a mean": () => new Bidirectional(gru(6), { merge_mode: "ave" }),
  "two outputs": () => new Bidirectional(gru(6, { return_state: true }), { merge_mode: null }),
  "halves of different units": () =>
    new Bidirectional(gru(6), { backward_layer: gru(9, { go_backwards: true, activation: "relu" }) }),
  float64: () => new Bidirectional(gru(6, { dtype: "float64" }), { dtype: "float64" }),
  "two GRUs": () => new GRUStack([gru(6), gru(17, { return_sequences: false })], { return_state: true }),
  "three layers, one of them backwards": () =>
    new GRUStack([gru(6, { go_backwards: true }), gru(5, { reset_after: false }), gru(4, { use_bias: false })]),
  "a Bidirectional under a GRU with a regularizer": () =>
    new GRUStack([
      new Bidirectional(gru(6, { kernel_regularizer: "l2" })),
      gru(3, { activity_regularizer: new regularizers.L2({ l2: 0.1 }) }),
    ] as StackLayer[]),
  "row-wise activations": () => new GRUStack([gru(6, { activation: "softmax" }), gru(7, { activation: "gelu" })]),
  "a Bidirectional of float16": () => new Bidirectional(sixteenBits(6, "float16"), { dtype: "float16" }),
  "a product of bfloat16": () =>
    new Bidirectional(sixteenBits(6, "bfloat16"), { merge_mode: "mul", dtype: "bfloat16" }),
  "two outputs of float16": () =>
    new Bidirectional(sixteenBits(6, "float16", { return_state: true }), { merge_mode: null, dtype: "float16" }),
  "a mean under a sum, mixed_bfloat16": () =>
    new GRUStack([
      new Bidirectional(sixteenBits(6, "mixed_bfloat16"), { merge_mode: "ave", dtype: "mixed_bfloat16" }),
      new Bidirectional(sixteenBits(5, "mixed_bfloat16"), { merge_mode: "sum", dtype: "mixed_bfloat16" }),
    ]),
  "three layers of float16": () =>
    new GRUStack([
      sixteenBits(6, "float16"),
      sixteenBits(7, "float16", { activation: "gelu", go_backwards: true }),
      sixteenBits(4, "float16", { activity_regularizer: new regularizers.L2({ l2: 0.1 }) }),
    ]),
  "zeros for masked steps": () => new GRUStack([gru(6, { zero_output_for_mask: true }), gru(7)]),
};

describe.each(Object.entries(LAYERS))("%s", (_, make) => {
  it.each(Object.entries(ARGS))(
    "is one call of the addon, with the bits of its layers one by one: %s",
    async (__, args) => {
      const layer = filled(make());
      const inOne = await everything(layer, args);
      expect(stackCalls).toBe(4);
      computeOneByOne(true);
      expect(await everything(layer, args)).toEqual(inOne);
      expect(stackCalls).toBe(4);
    },
  );
});

describe("layer by layer", () => {
  const squash = {
    name: "squash",
    forward: (x: Float32Array, out: Float32Array) => void out.set(x.map((value) => value / (1 + Math.abs(value)))),
    backward: (x: Float32Array, _y: Float32Array, dy: Float32Array, dx: Float32Array) =>
      void dx.set(x.map((value, i) => (dy[i] as number) / (1 + Math.abs(value)) ** 2)),
  };
  it.each<[string, () => Bidirectional | GRUStack]>([
    ["a function of the user's", () => new GRUStack([gru(4, { activation: squash as never })])],
    ["halves of another dtype", () => new Bidirectional(gru(4, { dtype: "float16" }))],
    ["layers of two dtypes", () => new GRUStack([gru(4), gru(4, { dtype: "float64" })])],
    ["a regularizer of an inner output", () => new GRUStack([gru(4, { activity_regularizer: "l2" }), gru(4)])],
    ["a regularizer of one half", () => new Bidirectional(gru(4, { activity_regularizer: "l2" }))],
  ])("%s", (_, make) => {
    filled(make()).call(random([B, T, F], 5));
    expect(stackCalls).toBe(0);
  });
});

it("frees a pass when its call is aborted after it was computed, and starts none when it is aborted before", async () => {
  const stack = filled(new GRUStack([gru(6), gru(6)]));
  const before = stack.weights.length;
  const controller = new AbortController();
  const promise = stack.forwardAsync(random([B, T, F], 5), { signal: controller.signal });
  controller.abort();
  await expect(promise).rejects.toMatchObject({ code: "ERR_ABORTED" });
  expect(stack.weights.length).toBe(before);
});

it("computes for layers that were disposed of and made again", () => {
  const inputs = random([B, T, F], 5);
  const first = filled(new Bidirectional(gru(6)));
  const wanted = numbersOf(first.call(inputs));
  first.dispose();
  expect(() => first.call(inputs)).toThrow(expect.objectContaining({ code: "ERR_DISPOSED" }));
  expect(numbersOf(filled(new Bidirectional(gru(6))).call(inputs))).toEqual(wanted);
});
