import { type CustomActivation, type GRU, type GRUArguments, tensor } from "cudnn-gru";
import { afterAll, describe, expect, it } from "vitest";
import { injectDropoutMasks } from "../../dist/layers/call/dropout.js";
import { type Scalar, scalarOf, worstDifference } from "./differences.js";
import { layer, numbers } from "./support.js";

const B = 3;
const T = 4;
const F = 3;
const U = 4;
const SHAPE = [B, T, F] as const;
const BOTH = { return_sequences: true, return_state: true } as const;
const TOLERANCE = 1e-9;

const worst = { cases: 0, error: 0, name: "" };

/** Every gradient of the scalar equals its difference quotient. */
function check(scalar: Scalar): void {
  const { error, name } = worstDifference(scalar);
  worst.cases += 1;
  if (!(error <= worst.error)) Object.assign(worst, { error, name: `${expect.getState().currentTestName}: ${name}` });
  expect(error, name).toBeLessThan(TOLERANCE);
}

/** A float64 layer on the CPU path, with weights below `gain`. */
function small(args: GRUArguments, gain = 0.5): GRU {
  const gru = layer(U, F, { ...args, dtype: "float64", use_cudnn: false });
  gru.setWeights(gru.weights.map((weight) => (weight.value.data as Float64Array).map((value) => value * gain)));
  return gru;
}

describe.each([true, false])("reset_after %s", (reset_after) => {
  for (const use_bias of [true, false]) {
    for (const return_sequences of [true, false]) {
      it.each([false, true])(
        `use_bias ${use_bias}, return_sequences ${return_sequences}, go_backwards %s`,
        (backwards) => {
          check(scalarOf(small({ reset_after, use_bias, return_sequences, go_backwards: backwards }), SHAPE));
        },
      );
    }
  }
});

const MASKS: Record<string, number[][]> = {
  "none masked": [
    [1, 1, 1, 1],
    [1, 1, 1, 1],
    [1, 1, 1, 1],
  ],
  "right-padded": [
    [1, 1, 1, 1],
    [1, 1, 0, 0],
    [1, 0, 0, 0],
  ],
  "left-padded": [
    [0, 1, 1, 1],
    [0, 0, 0, 1],
    [1, 1, 1, 1],
  ],
  holes: [
    [1, 0, 1, 1],
    [0, 1, 0, 1],
    [1, 0, 0, 1],
  ],
  "one row empty": [
    [0, 1, 1, 0],
    [0, 0, 0, 0],
    [1, 0, 1, 0],
  ],
  "all empty": [
    [0, 0, 0, 0],
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ],
};

describe.each(Object.entries(MASKS))("mask: %s", (_kind, rows) => {
  const mask = rows.map((row) => row.map(Boolean));
  for (const zero_output_for_mask of [false, true]) {
    for (const go_backwards of [false, true]) {
      it.each([true, false])(
        `zero_output_for_mask ${zero_output_for_mask}, go_backwards ${go_backwards}, return_sequences %s`,
        (return_sequences) => {
          for (const reset_after of [true, false]) {
            const args = { zero_output_for_mask, go_backwards, return_sequences, return_state: true, reset_after };
            check(scalarOf(small(args), SHAPE, { mask }));
          }
        },
      );
    }
  }
});

it.each([true, false])("lengths, return_sequences %s", (return_sequences) => {
  check(scalarOf(small({ return_sequences }), SHAPE, { lengths: [4, 0, 2] }));
  check(scalarOf(small({ return_sequences, go_backwards: true }), SHAPE, { lengths: [4, 0, 2] }));
});

describe("dropout, with fixed masks", () => {
  /** Multipliers: 0, or 1.5. */
  const kept = (length: number, seed: number) => numbers(length, seed).map((value) => (value < -0.3 ? 0 : 1.5));
  it.each([
    ["one input mask", 1, false],
    ["three input masks", 3, false],
    ["recurrent masks", 0, true],
    ["three input masks and recurrent masks", 3, true],
    ["one input mask and recurrent masks", 1, true],
  ] as const)("%s", (_what, inputs, recurrent) => {
    for (const reset_after of [true, false]) {
      const gru = small({
        dropout: inputs === 0 ? 0 : 0.3,
        recurrent_dropout: recurrent ? 0.3 : 0,
        reset_after,
        ...BOTH,
      });
      injectDropoutMasks(gru, {
        input: inputs === 0 ? null : kept(inputs * B * F, 3),
        recurrent: recurrent ? kept(3 * B * U, 4) : null,
      });
      check(scalarOf(gru, SHAPE, { training: true, mask: MASKS.holes?.map((row) => row.map(Boolean)) }));
    }
  });
});

const regularizers = {
  L1: { class_name: "L1", config: { l1: 0.3 } },
  L2: { class_name: "L2", config: { l2: 0.4 } },
  L1L2: { class_name: "L1L2", config: { l1: 0.2, l2: 0.3 } },
};
const orthogonal = (mode: string) => ({ class_name: "OrthogonalRegularizer", config: { factor: 0.2, mode } });

describe("losses", () => {
  for (const [name, regularizer] of Object.entries(regularizers)) {
    it.each([
      ["kernel_regularizer", {}],
      ["recurrent_regularizer", {}],
      ["bias_regularizer", {}],
      ["activity_regularizer", {}],
      ["activity_regularizer", { return_state: true }],
      ["activity_regularizer", BOTH],
    ] as const)(`${name} as %s, %o`, (place, returned) => {
      check(scalarOf(small({ [place]: regularizer, ...returned } as GRUArguments), SHAPE));
    });
  }

  it.each(["rows", "columns"])("OrthogonalRegularizer of %s", (mode) => {
    const args = { kernel_regularizer: orthogonal(mode), recurrent_regularizer: orthogonal(mode) };
    check(scalarOf(small(args as unknown as GRUArguments), SHAPE));
  });

  it("all at once, with a mask, and dropped where trainable is false", () => {
    const args = {
      kernel_regularizer: regularizers.L1,
      recurrent_regularizer: orthogonal("rows"),
      bias_regularizer: regularizers.L2,
      activity_regularizer: regularizers.L1L2,
      ...BOTH,
    };
    const mask = MASKS["one row empty"]?.map((row) => row.map(Boolean));
    check(scalarOf(small(args as unknown as GRUArguments), SHAPE, { mask }));
    check(scalarOf(small({ ...args, trainable: false } as unknown as GRUArguments), SHAPE, { mask }));
  });
});

const ACTIVATIONS: (GRUArguments["activation"] & (string | object))[] = [
  ..."relu leaky_relu relu6 celu elu selu softplus softsign squareplus soft_shrink sparse_plus silu gelu tanh tanh_shrink".split(
    " ",
  ),
  ..."sigmoid sparse_sigmoid exponential hard_sigmoid hard_silu hard_tanh hard_shrink linear mish log_sigmoid".split(
    " ",
  ),
  ..."softmax log_softmax sparsemax keras2_hard_sigmoid".split(" "),
  { class_name: "LeakyReLU", config: { negative_slope: 0.1 } },
  { class_name: "ELU", config: { alpha: 0.7 } },
  { class_name: "ReLU", config: { negative_slope: 0.1, max_value: 0.6, threshold: 0.1 } },
  { class_name: "ReLU", config: { max_value: 0.4 } },
  { class_name: "Softmax", config: { axis: -1 } },
  { module: "keras.activations", class_name: "threshold", config: { threshold: 0.1, default_value: -0.2 } },
] as never;

/**
 * The scale of the weights for some activations. A gate that grows without bound leaves no usable differences if weights are
 * large, and sparse_plus would meet its kinks.
 */
const GAINS = new Map<unknown, number>([
  ["exponential", 0.2],
  ["log_softmax", 0.3],
  ["sparse_plus", 0.4],
]);

describe.each(ACTIVATIONS.map((activation) => [JSON.stringify(activation), activation] as const))(
  "%s",
  (_name, activation) => {
    it.each(["activation", "recurrent_activation", "both"])("as %s", (place) => {
      for (const reset_after of [true, false]) {
        const args = {
          reset_after,
          ...BOTH,
          ...(place === "recurrent_activation" ? {} : { activation }),
          ...(place === "activation" ? {} : { recurrent_activation: activation }),
        };
        check(scalarOf(small(args, GAINS.get(activation) ?? 0.5), SHAPE));
      }
    });
  },
);

describe("a custom activation, with the user's derivative", () => {
  /** y = atan(x) - x[0]^2 / 3: it mixes the units. */
  const own: CustomActivation = {
    name: "own",
    forward(x, out) {
      const first = x[0] as number;
      for (let i = 0; i < x.length; i++) out[i] = Math.atan(x[i] as number) - (first * first) / 3;
    },
    backward(x, _y, dy, dx) {
      for (let i = 0; i < x.length; i++) dx[i] = (dy[i] as number) / (1 + (x[i] as number) ** 2);
      const slope = (2 * (x[0] as number)) / 3;
      for (const each of dy) dx[0] = (dx[0] as number) - slope * each;
    },
  };
  it.each([{ activation: own }, { recurrent_activation: own }, { activation: own, recurrent_activation: own }])(
    "%o",
    (args) => {
      for (const reset_after of [true, false]) {
        check(
          scalarOf(small({ ...args, reset_after, ...BOTH }), SHAPE, {
            mask: MASKS.holes?.map((row) => row.map(Boolean)),
          }),
        );
      }
    },
  );
});

describe("other sizes and states", () => {
  it.each([
    [1, 1, 1, 1],
    [2, 1, 5, 3],
    [1, 9, 2, 17],
    [5, 2, 0, 3],
  ])("(%i, %i, %i) to %i units", (batch, timesteps, features, units) => {
    for (const reset_after of [true, false]) {
      const gru = layer(units, features, { dtype: "float64", use_cudnn: false, reset_after, ...BOTH });
      check(scalarOf(gru, [batch, timesteps, features]));
    }
  });

  it("an upstream gradient that is left out is zeros", () => {
    const gru = small(BOTH);
    const scalar = scalarOf(gru, SHAPE);
    const forward = () => gru.forward(scalar.inputs, { initial_state: scalar.state });
    const { output, state } = scalar.upstream;
    const zeros = { output: new Float64Array(output.length), state: new Float64Array(state.length) };
    check({ ...scalar, upstream: { ...scalar.upstream, state: zeros.state } });
    check({ ...scalar, upstream: { ...scalar.upstream, output: zeros.output } });
    expect(forward().backward({ output })).toEqual(forward().backward({ output, state: zeros.state }));
    expect(forward().backward({ state })).toEqual(forward().backward({ output: zeros.output, state }));
    expect(forward().backward()).toEqual(forward().backward(zeros));
  });

  it("the gradient in a carried state is that in an initial state, and zeros begin like no state", () => {
    const gru = small({ stateful: true, ...BOTH });
    const scalar = scalarOf(small(BOTH), SHAPE);
    const wanted = scalar.gru.forward(scalar.inputs, { initial_state: scalar.state }).backward(scalar.upstream);
    gru.build([B, null, F]);
    gru.resetState(scalar.state);
    expect(gru.forward(scalar.inputs).backward(scalar.upstream)).toEqual(wanted);
    const zeros = tensor(new Float64Array(B * U), [B, U]);
    expect(scalar.gru.forward(scalar.inputs).backward(scalar.upstream)).toEqual(
      scalar.gru.forward(scalar.inputs, { initial_state: zeros }).backward(scalar.upstream),
    );
  });
});

afterAll(() => {
  const { cases, error, name } = worst;
  console.log(`finite differences: ${cases} configurations, worst relative error ${error.toExponential(2)} (${name})`);
});
