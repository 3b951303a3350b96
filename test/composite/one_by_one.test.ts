// One call of a Bidirectional or a GRUStack equals its layers called one by one, bit for bit on the CPU path.
import {
  Bidirectional,
  type BidirectionalArguments,
  GRU,
  type GRUArguments,
  GRUStack,
  type StackLayer,
  type Tensor,
} from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { count, numbers } from "../layers/support.js";
import { callByHand, grusOf, listOf, merged, tensorFrom, turned, valuesOf } from "./by_hand.js";

const [B, T, F, U] = [5, 9, 3, 7] as const;
const DTYPES = ["float32", "float64", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16"] as const;
const MERGES = ["concat", "sum", "mul", "ave", null] as const;
const CPU = { use_cudnn: false } as const;

const holes = Array.from({ length: B }, (_, row) =>
  Array.from({ length: T }, (_, step) => row !== 2 && (row * 5 + step * 3) % 4 !== 0),
);
const lengths = [T, 4, 0, 1, 7];
const MASKS: Record<string, object> = { none: {}, holes: { mask: holes }, lengths: { lengths } };

function computeDtype(dtype: string): string {
  return dtype.replace("mixed_", "");
}

function inputsOf(dtype: string, features = F): Tensor {
  return tensorFrom([...numbers(B * T * features, 3)], [B, T, features], computeDtype(dtype));
}

function statesOf(layers: readonly StackLayer[]): Tensor[] {
  return grusOf(layers).map((gru, index) =>
    tensorFrom([...numbers(B * gru.units, 60 + index)], [B, gru.units], gru.compute_dtype),
  );
}

/** Sets reproducible weights, biases included. */
function fill(layer: Bidirectional | GRUStack, features = F): void {
  layer.build([null, null, features]);
  layer.setWeights(layer.weights.map(({ shape }, index) => numbers(count(shape), 11 + index)));
}

function gru(units: number, args: GRUArguments): GRU {
  // An orthogonal matrix cannot be drawn in bfloat16 by Keras, and the values are set anyway.
  return new GRU(units, { ...CPU, recurrent_initializer: "zeros", ...args });
}

function sameBits(found: readonly Tensor[], wanted: readonly (Tensor | undefined)[]): void {
  expect(found.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(
    wanted.map((one) => ({ shape: one?.shape, dtype: one?.dtype })),
  );
  expect(found.map(({ data }) => [...(data as Float32Array)])).toEqual(
    wanted.map((one) => [...((one as Tensor).data as Float32Array)]),
  );
}

describe.each(DTYPES)("Bidirectional, %s", (dtype) => {
  for (const merge_mode of MERGES) {
    for (const return_sequences of [true, false]) {
      it.each(Object.entries(MASKS))(
        `${merge_mode}, return_sequences ${return_sequences}, mask %s`,
        async (_, args) => {
          const flags = { return_sequences, return_state: true, dtype } as const;
          const both = new Bidirectional(gru(U, flags), { merge_mode, dtype });
          fill(both);
          const [inputs, states] = [inputsOf(dtype), statesOf([both])];
          const wanted = callByHand([both], inputs, args, states);
          const given = { ...args, initial_state: states };
          const result = listOf(both.call(inputs, given));
          sameBits(result, [...wanted.outputs, ...wanted.states]);
          sameBits(listOf(await both.callAsync(inputs, given)), result);
          const pass = both.forward(inputs, given);
          sameBits([...listOf(pass.output), ...pass.states], result);
          pass.dispose();
          const out = result.map(({ data, shape, dtype: own }) =>
            tensorFrom([...(data as Float32Array)].fill(9), shape, own),
          );
          expect(both.call(inputs, { ...given, out })).toEqual(out);
          sameBits(out, result);
        },
      );
    }
  }
});

it.each([
  ["float32", "float16", "bfloat16"],
  ["float16", "float32", "float64"],
  ["float64", "float32", "float32"],
  ["bfloat16", "float16", "float32"],
] as const)("a Bidirectional of %s over halves of %s and %s", (own, forward, backward) => {
  const flags = { return_sequences: true, return_state: true } as const;
  for (const merge_mode of MERGES) {
    const backward_layer = gru(U, { ...flags, dtype: backward, go_backwards: true });
    const both = new Bidirectional(gru(U, { ...flags, dtype: forward }), { merge_mode, dtype: own, backward_layer });
    fill(both);
    const states = grusOf([both]).map((one, index) =>
      tensorFrom([...numbers(B * one.units, 60 + index)], [B, one.units], own),
    );
    const wanted = callByHand([both], inputsOf(own), { mask: holes }, states);
    const result = listOf(both.call(inputsOf(own), { mask: holes, initial_state: states }));
    sameBits(result, [...wanted.outputs, ...wanted.states]);
    expect(result.at(-1)?.dtype).toBe(computeDtype(backward));
  }
});

const STACKS: Record<string, (dtype: GRUArguments["dtype"], last: GRUArguments) => StackLayer[]> = {
  "two GRUs": (dtype, last) => [gru(U, { dtype, return_sequences: true }), gru(4, { dtype, ...last })],
  "a backwards GRU first": (dtype, last) => [
    gru(U, { dtype, return_sequences: true, go_backwards: true }),
    gru(4, { dtype, ...last }),
  ],
  "Bidirectional, GRU, Bidirectional": (dtype, last) => [
    wrap(gru(U, { dtype, return_sequences: true }), { dtype }),
    gru(6, { dtype, return_sequences: true, zero_output_for_mask: true }),
    wrap(gru(4, { dtype, ...last }), { dtype, merge_mode: "sum" }),
  ],
  "different units, and two outputs": (dtype, last) => [
    wrap(gru(U, { dtype, return_sequences: true }), {
      dtype,
      backward_layer: gru(2, { dtype, return_sequences: true, go_backwards: true, activation: "relu" }),
    }),
    wrap(gru(4, { dtype, ...last }), { dtype, merge_mode: null }),
  ],
};

function wrap(layer: GRU, args: BidirectionalArguments): Bidirectional {
  return new Bidirectional(layer, args);
}

describe.each(DTYPES)("GRUStack, %s", (dtype) => {
  describe.each(Object.entries(STACKS))("%s", (_, layersOf) => {
    for (const return_sequences of [true, false]) {
      it.each(Object.entries(MASKS))(`return_sequences ${return_sequences}, mask %s`, async (_kind, args) => {
        const layers = layersOf(dtype, { return_sequences });
        const stack = new GRUStack(layers, { return_state: true });
        fill(stack);
        const [inputs, states] = [inputsOf(dtype), statesOf(layers)];
        const wanted = callByHand(layers, inputs, args, states);
        const given = { ...args, initial_state: states };
        const result = listOf(stack.call(inputs, given));
        sameBits(result.slice(0, wanted.outputs.length), wanted.outputs);
        expect(result).toHaveLength(wanted.outputs.length + states.length);
        sameBits(listOf(await stack.callAsync(inputs, given)), result);
        const pass = stack.forward(inputs, given);
        sameBits([...listOf(pass.output), ...pass.states], result);
        pass.dispose();
        const plain = new GRUStack(layers);
        sameBits(listOf(plain.call(inputs, given)), wanted.outputs);
      });
    }
  });
});

describe("gradients", () => {
  const flags = { return_sequences: true, return_state: true } as const;

  it.each(["concat", "sum", "mul", "ave"] as const)(
    "of the halves of a Bidirectional by themselves: %s",
    async (mode) => {
      const both = new Bidirectional(gru(U, flags), { merge_mode: mode });
      fill(both);
      const { forward_layer, backward_layer } = both;
      const [inputs, [h0, h1]] = [inputsOf("float32"), statesOf([both]) as [Tensor, Tensor]];
      const forward = forward_layer.forward(inputs, { mask: holes, initial_state: h0 });
      const backward = backward_layer.forward(inputs, { mask: holes, initial_state: h1 });
      const [a, b] = [forward.output, turned(backward.output)] as [Tensor, Tensor];
      const pass = both.forward(inputs, { mask: holes, initial_state: [h0, h1] });
      sameBits([pass.output as Tensor], [merged(a, b, mode, "float32")]);
      const upstream = tensorFrom(
        [...numbers(count((pass.output as Tensor).shape), 5)],
        (pass.output as Tensor).shape,
        "float32",
      );
      const values = valuesOf(upstream);
      const half = (first: number) =>
        tensorFrom(
          values.filter((_, index) => index % (2 * U) >= first && index % (2 * U) < first + U),
          [B, T, U],
          "float32",
        );
      const times = (other: Tensor) => {
        const factors = valuesOf(other);
        return tensorFrom(
          values.map((value, i) => value * (factors[i] as number)),
          [B, T, U],
          "float32",
        );
      };
      const parts = {
        concat: () => [half(0), half(U)],
        sum: () => [upstream, upstream],
        ave: () =>
          [0, 1].map(() =>
            tensorFrom(
              values.map((value) => value / 2),
              [B, T, U],
              "float32",
            ),
          ),
        mul: () => [times(b), times(a)],
      }[mode]() as [Tensor, Tensor];
      const dState = tensorFrom([...numbers(B * U, 77)], [B, U], "float32");
      const own = forward.backward({ output: parts[0], state: dState });
      const other = backward.backward({ output: turned(parts[1]) });
      const sum = valuesOf(own.inputs).map((value, i) => value + (valuesOf(other.inputs)[i] as number));
      const gradients = pass.backward({ output: upstream, states: [dState, null] });
      sameBits([gradients.inputs], [tensorFrom(sum, [B, T, F], "float32")]);
      sameBits(gradients.initial_state, [own.initial_state, other.initial_state]);
      sameBits(gradients.weights, [...own.weights, ...other.weights]);
      const again = await both.forwardAsync(inputs, { mask: holes, initial_state: [h0, h1] });
      expect(await again.backwardAsync({ output: upstream, states: [dState, null] })).toEqual(gradients);
    },
  );

  it("of two layers by themselves", () => {
    const layers = [gru(U, { return_sequences: true }), gru(4, {})] as const;
    const stack = new GRUStack(layers);
    fill(stack);
    const inputs = inputsOf("float32");
    const first = layers[0].forward(inputs, { lengths });
    const second = layers[1].forward(first.output, { lengths });
    const dOutput = tensorFrom([...numbers(B * 4, 5)], [B, 4], "float32");
    const pass = stack.forward(inputs, { lengths });
    sameBits([pass.output, ...pass.states], [second.output, first.state, second.state]);
    const back = second.backward({ output: dOutput });
    const front = first.backward({ output: back.inputs });
    const gradients = pass.backward({ output: dOutput });
    sameBits([gradients.inputs], [front.inputs]);
    sameBits(gradients.initial_state, [front.initial_state, back.initial_state]);
    sameBits(gradients.weights, [...front.weights, ...back.weights]);
  });
});

describe("a row's bits do not depend on", () => {
  const layers = [
    new Bidirectional(gru(U, { return_sequences: true })),
    gru(33, { return_sequences: true }),
    new Bidirectional(gru(16, {}), { merge_mode: "mul" }),
  ] as const;
  const stack = new GRUStack(layers);
  fill(stack);
  const inputs = inputsOf("float32");
  const whole = stack.call(inputs, { lengths });

  it("the batch", () => {
    const width = T * F;
    for (let row = 0; row < B; row++) {
      const one = tensorFrom(valuesOf(inputs).slice(row * width, (row + 1) * width), [1, T, F], "float32");
      const alone = stack.call(one, { lengths: [lengths[row] as number] });
      expect([...alone.data]).toEqual([...whole.data.subarray(row * 16, (row + 1) * 16)]);
    }
  });

  it("calls that run at the same time", async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => stack.callAsync(inputs, { lengths })));
    for (const one of all) expect(one).toEqual(whole);
  });
});
