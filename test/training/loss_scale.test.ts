import { GRU, optimizers, regularizers, tensor, Variable } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectError, layer, random } from "../layers/support.js";
import { gradients, stateOf, variables } from "./support.js";

const { Adam, LossScaleOptimizer, SGD } = optimizers;

const spoiled = () => [gradients(1)[0] as Float32Array, [1, 2, Number.NaN, 4, 5, 6, 7], new Float32Array(1)];

describe("LossScaleOptimizer", () => {
  it("divides gradients by the scale, which doubles after enough good ones", () => {
    const [weights, twins] = [variables(), variables()];
    const made = new LossScaleOptimizer({ inner_optimizer: new SGD(), initial_scale: 8, dynamic_growth_steps: 2 });
    const plain = new SGD();
    const scales = [1, 2, 3, 4, 5].map((step) => {
      const scale = made.scaleLoss(1);
      made.apply(
        gradients(step).map((gradient) => gradient.map((value) => value * scale) as Float32Array),
        weights,
      );
      plain.apply(gradients(step), twins);
      return scale;
    });
    expect(scales).toEqual([8, 8, 16, 16, 32]);
    expect([made.dynamic_scale, made.step_counter, made.iterations]).toEqual([32, 1, 5]);
    expect(weights.map(({ value }) => value)).toEqual(twins.map(({ value }) => value));
    expect([made.learning_rate, made.variables]).toEqual([plain.learning_rate, []]);
  });

  it("skips updates whose gradients are not finite, and halves the scale", () => {
    const weights = variables();
    const made = new LossScaleOptimizer({ inner_optimizer: new Adam(), dynamic_growth_steps: 3 });
    const before = weights.map(({ value }) => value);
    made.apply(spoiled(), weights);
    expect([made.built, made.dynamic_scale, made.iterations]).toEqual([true, 2 ** 14, 0]);
    made.apply([[...new Array(3)].map(() => [0, 0, 0, 0, Number.POSITIVE_INFINITY]), null, null], weights);
    expect([made.dynamic_scale, made.iterations]).toEqual([2 ** 13, 0]);
    expect(weights.map(({ value }) => value)).toEqual(before);
    made.apply(gradients(1), weights);
    expect([made.step_counter, made.iterations]).toEqual([1, 1]);
    made.apply(spoiled(), weights);
    expect([made.dynamic_scale, made.step_counter]).toEqual([2 ** 12, 0]);
  });

  it("still refuses gradients that do not pair", () => {
    const weights = variables();
    const made = new LossScaleOptimizer({ inner_optimizer: new Adam() });
    const before = stateOf(made, weights);
    expectError(() => made.apply([[Number.NaN]], weights), "ERR_ARGUMENT", "3 gradients");
    expectError(() => made.apply([[Number.NaN], null, null], weights), "ERR_SHAPE", "w0");
    expect(stateOf(made, weights)).toEqual(before);
  });

  it("takes the scale away from the optimizer within, and its configuration", () => {
    const inner = new SGD({ loss_scale_factor: 4, learning_rate: 0.5 });
    const made = new LossScaleOptimizer({ inner_optimizer: inner });
    expect([inner.loss_scale_factor, made.scaleLoss(3)]).toEqual([null, 3 * 2 ** 15]);
    made.learning_rate = 0.25;
    expect(inner.learning_rate).toBe(0.25);
    const twin = LossScaleOptimizer.fromConfig(made.getConfig());
    expect(twin.getConfig()).toEqual(made.getConfig());
    expect(twin.inner_optimizer).toBeInstanceOf(SGD);
  });

  it.each([
    [{}, "Expected an optimizer"],
    [{ inner_optimizer: null }, "Expected an optimizer"],
    [{ inner_optimizer: "sgdd" }, 'Did you mean "sgd"'],
    [{ inner_optimizer: new LossScaleOptimizer({ inner_optimizer: new SGD() }) }, "rule of its own"],
    [{ inner_optimizer: { class_name: "LossScaleOptimizer", config: {} } }, "goes around one of the others"],
    [{ inner_optimizer: new SGD(), initial_scale: 0 }, "above 0"],
    [{ inner_optimizer: new SGD(), dynamic_growth_steps: 0.5 }, "an integer of at least 1"],
    [{ inner_optimizer: new SGD(), dynamic: true }, "the unknown argument `dynamic`"],
  ])("refuses %o", (options, message) => {
    expectError(() => new LossScaleOptimizer(options as never), "ERR_ARGUMENT", message);
  });
});

describe("a scaled loss", () => {
  it("scales the gradient of the pass's own losses too, where backward is told so", () => {
    const l2 = new regularizers.L2({ l2: 0.5 });
    const gru = layer(4, 3, { kernel_regularizer: l2, activity_regularizer: l2, dtype: "float64" });
    const inputs = tensor(new Float64Array(random([2, 5, 3]).data), [2, 5, 3]);
    const upstream = tensor(new Float64Array(random([2, 4], 5).data), [2, 4]);
    const scaled = tensor(
      upstream.data.map((value) => value * 1024),
      [2, 4],
    );
    const plain = gru.forward(inputs).backward({ output: upstream });
    const large = gru.forward(inputs).backward({ output: scaled, losses: 1024 });
    const without = gru.forward(inputs).backward({ output: upstream, losses: 0 });
    const bare = layer(4, 3, { dtype: "float64" }).forward(inputs).backward({ output: upstream });
    for (const [index, { data }] of plain.weights.entries()) {
      expect(large.weights[index]?.data).toEqual(data.map((value) => value * 1024));
      expect(without.weights[index]?.data).toEqual(bare.weights[index]?.data);
    }
    expect(large.inputs.data).toEqual(plain.inputs.data.map((value) => value * 1024));
    const only = gru.forward(inputs).backward({ losses: 3 });
    const once = gru.forward(inputs).backward();
    expect(only.weights[0]?.data[0]).toBeCloseTo(3 * (once.weights[0]?.data[0] as number), 12);
    const pass = gru.forward(inputs);
    for (const losses of [Number.NaN, "1", [1]]) {
      expectError(() => pass.backward({ losses } as never), "ERR_ARGUMENT", "`losses`");
    }
    pass.backward();
  });

  it("keeps gradients in mixed_float16 that would vanish without it", () => {
    const run = (scaled: boolean) => {
      const gru = new GRU(4, { dtype: "mixed_float16", kernel_initializer: "ones", recurrent_initializer: "zeros" });
      const inputs = random([2, 5, 3]);
      const head = new Variable([[1e-9], [1e-9], [1e-9], [1e-9]]);
      const inner = new SGD({ learning_rate: 1e6 });
      const optimizer = scaled ? new LossScaleOptimizer({ inner_optimizer: inner }) : inner;
      const pass = gru.forward(inputs, { training: true });
      const before = gru.getWeights();
      const upstream = new Float32Array(8).fill((head.value.data[0] as number) * optimizer.scaleLoss(1));
      optimizer.apply(pass.backward({ output: tensor(upstream, [2, 4], "float16") }).weights, gru.trainable_weights);
      return gru.getWeights().some(({ data }, index) => data.some((value, i) => value !== before[index]?.data[i]));
    };
    expect([run(false), run(true)]).toEqual([false, true]);
  });
});
