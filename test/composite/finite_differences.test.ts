// Gradients of Bidirectionals and stacks against difference quotients, in float64.
import { Bidirectional, type CompositePass, GRU, type GRUArguments, GRUStack, type Tensor, tensor } from "cudnn-gru";
import { afterAll, describe, expect, it } from "vitest";
import { injectDropoutMasks } from "../../dist/layers/call/dropout.js";
import { count, numbers } from "../layers/support.js";
import { grusOf, listOf } from "./by_hand.js";

const [B, T, F, U] = [3, 4, 3, 4] as const;
const TOLERANCE = 1e-9;
const STEP = 1e-4;
const worst = { cases: 0, error: 0, name: "" };

type Layers = Bidirectional | GRUStack;

function gru(units: number, args: GRUArguments): GRU {
  return new GRU(units, { use_cudnn: false, dtype: "float64", ...args });
}

function fill(layers: Layers): Layers {
  layers.build([null, null, F]);
  layers.setWeights(layers.weights.map(({ shape }, index) => numbers(count(shape), 5 + index).map((v) => v / 2)));
  return layers;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** Every gradient of sum(upstream * results) + sum(losses) equals its difference quotient. */
function check(layers: Layers, args: object = {}): void {
  const inputs = tensor(numbers(B * T * F, 31), [B, T, F]);
  const units = grusOf(layers instanceof GRUStack ? layers.layers : [layers]).map((one) => one.units);
  const states = units.map((width, index) => tensor(numbers(B * width, 40 + index), [B, width]));
  const run = () => layers.forward(inputs, { ...args, initial_state: states }) as CompositePass;
  const pass = run();
  const outputs = listOf(pass.output);
  const upstream = [...outputs, ...pass.states].map(({ shape }, index) =>
    tensor(numbers(count(shape), 60 + index), shape),
  );
  const own = upstream.slice(0, outputs.length);
  const {
    inputs: dInputs,
    initial_state,
    weights,
  } = pass.backward({
    output: own.length === 1 ? (own[0] as Tensor) : own,
    states: upstream.slice(outputs.length),
  });
  const value = () => {
    const again = run();
    again.dispose();
    const results = [...listOf(again.output), ...again.states];
    const losses = again.losses.reduce((sum, loss) => sum + loss, 0);
    return results.reduce(
      (sum, { data }, i) => sum + dot(data as Float64Array, (upstream[i] as Tensor).data as Float64Array),
      losses,
    );
  };
  const values = layers.getWeights().map(({ data }) => data as Float64Array);
  const parts = [
    { name: "inputs", data: inputs.data, gradient: dInputs.data },
    ...states.map(({ data }, i) => ({ name: `state ${i}`, data, gradient: (initial_state[i] as Tensor).data })),
    ...values.map((data, i) => ({ name: `weight ${i}`, data, gradient: (weights[i] as Tensor).data })),
  ];
  worst.cases += 1;
  for (const { name, data, gradient } of parts) {
    // Some elements of each array: every part of the gradient is the same code for all of them.
    for (let i = 0; i < data.length; i += Math.max(1, Math.floor(data.length / 7))) {
      const before = data[i] as number;
      const at = (step: number) => {
        data[i] = before + step;
        layers.setWeights(values);
        return value();
      };
      const central = (step: number) => (at(step) - at(-step)) / (2 * step);
      const quotient = (4 * central(STEP / 2) - central(STEP)) / 3;
      data[i] = before;
      const error = Math.abs(quotient - (gradient[i] as number)) / Math.max(1, Math.abs(quotient));
      if (error > worst.error) Object.assign(worst, { error, name: `${expect.getState().currentTestName}: ${name}` });
      expect(error, `${name}[${i}]`).toBeLessThan(TOLERANCE);
    }
  }
  layers.setWeights(values);
}

const MASKS: Record<string, object> = {
  none: {},
  "right-padded": { lengths: [4, 2, 1] },
  "holes and an empty row": {
    mask: [
      [true, false, true, true],
      [false, false, false, false],
      [false, true, false, true],
    ],
  },
};

describe.each(["concat", "sum", "mul", "ave", null] as const)("Bidirectional, %s", (merge_mode) => {
  for (const return_sequences of [true, false]) {
    it.each(Object.entries(MASKS))(`return_sequences ${return_sequences}, mask %s`, (_, args) => {
      check(fill(new Bidirectional(gru(U, { return_sequences }), { merge_mode, dtype: "float64" })), args);
    });
  }
});

it.each(["concat", "mul", null] as const)("losses of both halves and of the Bidirectional, %s", (merge_mode) => {
  const regularized = { activity_regularizer: "l2", kernel_regularizer: "l2", bias_regularizer: "l2" } as const;
  const layer = gru(U, { ...regularized, return_sequences: true, return_state: true });
  const both = new Bidirectional(layer, { merge_mode, dtype: "float64", activity_regularizer: "l2" });
  check(fill(both), MASKS["right-padded"]);
  expect(both.losses.length).toBe((merge_mode === null ? 4 : 3) + 2 * 2 + 2 * 2);
});

it("dropout in both halves", () => {
  const both = fill(new Bidirectional(gru(U, { dropout: 0.4, recurrent_dropout: 0.3 }), { dtype: "float64" }));
  grusOf([both as Bidirectional]).forEach((half, index) => {
    const zeroOrTwo = (size: number, seed: number) => numbers(size, seed).map((value) => (value < 0 ? 0 : 2));
    injectDropoutMasks(half, { input: zeroOrTwo(3 * B * F, index + 1), recurrent: zeroOrTwo(3 * B * U, index + 3) });
  });
  check(both, { training: true });
});

describe("stacks", () => {
  const inner = { return_sequences: true } as const;
  it.each(Object.entries(MASKS))("of three layers, mask %s", (_, args) => {
    const layers = [
      new Bidirectional(gru(U, inner), {
        dtype: "float64",
        backward_layer: gru(2, { ...inner, go_backwards: true, reset_after: false }),
      }),
      gru(3, { ...inner, go_backwards: true, activation: "softsign" }),
      new Bidirectional(gru(2, { activity_regularizer: "l2" }), { dtype: "float64", merge_mode: "mul" }),
    ];
    check(fill(new GRUStack(layers)), args);
  });

  it("with losses in the middle, and two outputs", () => {
    const layers = [
      gru(U, { ...inner, activity_regularizer: "l2", kernel_regularizer: "l2" }),
      new Bidirectional(gru(3, inner), { dtype: "float64", merge_mode: null, activity_regularizer: "l2" }),
    ];
    check(fill(new GRUStack(layers)), MASKS["right-padded"]);
  });
});

afterAll(() => {
  console.log(
    `finite differences of composites: ${worst.cases} cases, worst ${worst.error.toExponential(2)} (${worst.name})`,
  );
});
