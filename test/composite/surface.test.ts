// What Bidirectional and GRUStack say about themselves, and the settings that they change in their layers.
import { Bidirectional, configure, GRU, GRUStack, optimizers, type Tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { count, expectError, numbers, random } from "../layers/support.js";

const [B, T, F, U] = [3, 4, 3, 5] as const;
const CPU = { use_cudnn: false } as const;
const inputs = random([B, T, F]);

function fill<L extends Bidirectional | GRUStack>(layer: L): L {
  layer.build([null, null, F]);
  layer.setWeights(layer.weights.map(({ shape }, index) => numbers(count(shape), 3 + index)));
  return layer;
}

describe("names", () => {
  it("are Keras's", () => {
    const both = fill(new Bidirectional(new GRU(U, { name: "forward_own" }), { name: "b" }));
    expect([both.forward_layer.name, both.backward_layer.name]).toEqual(["forward_own", "backward_forward_own"]);
    expect(both.weights.map(({ path }) => path).filter((path) => path.endsWith("bias"))).toEqual([
      "b/forward_own/gru_cell/bias",
      "b/backward_forward_own/gru_cell/bias",
    ]);
    expect([Bidirectional.name, GRUStack.name, both.constructor.name]).toEqual([
      "Bidirectional",
      "GRUStack",
      "Bidirectional",
    ]);
    expect(both).toBeInstanceOf(Bidirectional);
  });

  it("that nobody gave are counted, also after a constructor that threw", () => {
    const [first] = [new Bidirectional(new GRU(2)), new GRUStack([new GRU(2)])];
    const number = Number(/(\d*)$/.exec(first.name)?.[1] || 0);
    expectError(() => new Bidirectional(new GRU(2, { go_backwards: true })), "ERR_ARGUMENT");
    expect(new Bidirectional(new GRU(2)).name).toBe(`bidirectional_${number + 1}`);
  });

  it("and shapes are printed", () => {
    const both = new Bidirectional(new GRU(2, { name: "g", return_sequences: true, return_state: true }), {
      name: "b",
    });
    const results = "[batch, timesteps, 4], [batch, 2], [batch, 2]";
    expect(String(both)).toBe(
      `Bidirectional "b" of forward_g (2), backward_g (2): [batch, timesteps, features] → ${results}, not built`,
    );
    both.build([null, null, F]);
    expect(String(both)).toContain("[batch, timesteps, 3] → ");
    both.dispose();
    expect(String(both)).toMatch(/, disposed$/);
  });
});

describe("shapes and masks", () => {
  const flags = { return_sequences: true, return_state: true } as const;
  const backward_layer = new GRU(2, { ...flags, go_backwards: true });
  const pair = new Bidirectional(new GRU(U, flags), { merge_mode: null, backward_layer });

  it("have the form of the results", () => {
    expect(pair.computeOutputShape([null, 7, F])).toEqual([
      [null, 7, U],
      [null, 7, 2],
      [null, U],
      [null, 2],
    ]);
    const mask = [[true, false]];
    expect(pair.computeMask(mask)).toEqual([mask, mask, null, null]);
    expect(new Bidirectional(new GRU(U)).computeMask(mask)).toBeNull();
    const stack = new GRUStack([new GRU(U, { return_sequences: true }), new GRU(2, { return_sequences: true })]);
    expect(stack.computeMask(mask)).toBe(mask);
    expect(stack.computeOutputShape([B, null, F])).toEqual([B, null, 2]);
    expectError(() => stack.computeOutputShape([1, 2]), "ERR_SHAPE");
    expect(pair.getInitialState(4).map(({ shape }) => shape)).toEqual([
      [4, U],
      [4, 2],
    ]);
  });
});

describe("paths", () => {
  it("the wrapper gives its layer's use_cudnn to both halves, as Keras does", () => {
    const backward_layer = new GRU(U, { go_backwards: true, use_cudnn: true, activation: "relu" });
    const both = new Bidirectional(new GRU(U, CPU), { backward_layer, merge_mode: "sum" });
    expect(both.call(inputs).shape).toEqual([B, U]);
    const { path, layers } = both.explain();
    expect([path, layers.map(({ name }) => name)]).toEqual([
      "cpu",
      [`${both.name}/${both.forward_layer.name}`, `${both.name}/${backward_layer.name}`],
    ]);
    const unmet = layers.map(({ requirements }) => requirements.filter(({ met }) => !met).map(({ id }) => id));
    expect(unmet.map((ids) => ids.includes("activation"))).toEqual([false, true]);
  });

  it("a layer that cuDNN cannot compute refuses the call, and builds nothing", () => {
    const backward_layer = new GRU(U, { go_backwards: true, activation: "relu" });
    const both = new Bidirectional(new GRU(U, { use_cudnn: true }), { backward_layer });
    const masked = { mask: [[true], [false], [true]].map((row) => [...row, true, false, true]) };
    expectError(() => both.call(inputs, masked), "ERR_CUDNN_NOT_ELIGIBLE");
    expect(both.built).toBe(false);
  });

  it("explain reads the arguments of a call", () => {
    const stack = fill(new GRUStack([new GRU(U, { return_sequences: true }), new GRU(2)]));
    const { layers } = stack.explain({
      inputs,
      mask: inputs.data.length > 0 ? [[true, false, true, true]].concat(Array(2).fill([true, true, true, true])) : null,
    });
    for (const { requirements } of layers) expect(requirements.find(({ id }) => id === "mask")?.met).toBe(false);
    expectError(() => stack.explain({ inputs: random([B, T, F + 1]) }), "ERR_SHAPE");
  });
});

describe("states", () => {
  it("are carried by both halves, and reset together", () => {
    const both = fill(new Bidirectional(new GRU(U, { ...CPU, stateful: true })));
    expect(both.states).toBeNull();
    const first = both.call(inputs);
    const states = both.states?.map((state) => state as Tensor) as [Tensor, Tensor];
    expect(states.map(({ shape }) => shape)).toEqual([
      [B, U],
      [B, U],
    ]);
    const second = both.call(inputs);
    expect(second).not.toEqual(first);
    both.resetState(states);
    expect(both.call(inputs)).toEqual(second);
    both.resetState();
    expect(both.call(inputs)).toEqual(first);
    const before = both.states;
    expectError(() => both.resetState([states[0], random([B, U + 1])]), "ERR_SHAPE", /`states\[1\]`/);
    expectError(() => both.resetState([states[0], random([B + 1, U])]), "ERR_SHAPE", /as many rows/);
    expectError(() => both.resetState([states[0]]), "ERR_ARGUMENT", /list of 2/);
    expect(both.states).toEqual(before);
    expectError(() => both.call(random([B + 1, T, F])), "ERR_SHAPE", /batch size/);
    expectError(() => new Bidirectional(new GRU(2)).resetState(), "ERR_STATE");
  });

  it("of a stack are null where a layer carries none", () => {
    const stack = fill(
      new GRUStack([new GRU(U, { ...CPU, return_sequences: true }), new GRU(2, { ...CPU, stateful: true })]),
    );
    const first = stack.call(inputs);
    expect(stack.states?.map((state) => state?.shape ?? null)).toEqual([null, [B, 2]]);
    stack.resetState([null, random([B, 2])]);
    expect(stack.call(inputs)).not.toEqual(first);
    expectError(() => stack.resetState([random([B, U]), random([B, 2])]), "ERR_ARGUMENT", /`states\[0\]`/);
    stack.build([2, null, F]);
    expect(stack.states?.at(-1)?.shape).toEqual([2, 2]);
  });
});

describe("losses and training", () => {
  const regularized = { ...CPU, kernel_regularizer: "l2" } as const;

  it("trainable counts for all layers inside", () => {
    const both = fill(new Bidirectional(new GRU(U, regularized), { trainable: false }));
    expect([both.trainable, both.forward_layer.trainable]).toEqual([false, true]);
    expect([both.losses, both.trainable_weights]).toEqual([[], []]);
    expect(both.forward(inputs).losses).toEqual([]);
    both.trainable = true;
    expect([both.losses.length, both.trainable_weights.length]).toEqual([2, 6]);
    both.backward_layer.trainable = false;
    expect([both.losses.length, both.trainable_weights.length]).toEqual([1, 3]);
    const stack = fill(
      new GRUStack([
        new Bidirectional(new GRU(U, { ...regularized, return_sequences: true })),
        new GRU(2, regularized),
      ]),
    );
    stack.trainable = false;
    expect(stack.layers.map(({ trainable }) => trainable)).toEqual([false, false]);
    expect(stack.losses).toEqual([]);
    expectError(() => {
      stack.trainable = 1 as never;
    }, "ERR_ARGUMENT");
  });

  it("an optimizer trains both halves", () => {
    const both = fill(new Bidirectional(new GRU(U, CPU), { merge_mode: "ave" }));
    const sgd = new optimizers.SGD({ learning_rate: 0.1 });
    const size = () => (both.call(inputs).data as Float32Array).reduce((sum, value) => sum + value ** 2, 0);
    const before = size();
    for (let step = 0; step < 20; step++) {
      const pass = both.forward(inputs, { training: true });
      sgd.apply(pass.backward({ output: pass.output }).weights, both.trainable_weights);
    }
    expect(size()).toBeLessThan(before / 2);
  });

  it("dropout draws one mask for each half, and a failed call uses up none", () => {
    const make = () => fill(new Bidirectional(new GRU(U, { ...CPU, dropout: 0.5, seed: 4 })));
    const [one, other] = [make(), make()];
    const first = one.call(inputs, { training: true });
    expect(other.call(inputs, { training: true })).toEqual(first);
    expectError(() => one.call(inputs, { training: true, initial_state: [] }), "ERR_ARGUMENT");
    const second = one.call(inputs, { training: true });
    expect(second).not.toEqual(first);
    expect(other.call(inputs, { training: true })).toEqual(second);
  });
});

it("bits do not depend on the number of threads", () => {
  const stack = fill(
    new GRUStack([
      new Bidirectional(new GRU(64, { ...CPU, return_sequences: true })),
      new Bidirectional(new GRU(48, CPU)),
    ]),
  );
  const many = random([32, 20, F]);
  const results = [1, 2].map((threads) => {
    configure({ threads });
    return stack.call(many);
  });
  expect(results[1]).toEqual(results[0]);
});

it("empty batches and no features work", () => {
  const both = new Bidirectional(new GRU(2, { ...CPU, return_sequences: true }));
  const empty = { data: new Float32Array(0), shape: [2, 3, 0] };
  expect(both.call(empty).shape).toEqual([2, 3, 4]);
  const gradients = both.forward({ data: new Float32Array(0), shape: [0, 3, 0] }).backward();
  expect(gradients.inputs.shape).toEqual([0, 3, 0]);
  expect(gradients.weights.map(({ shape }) => shape)).toEqual(both.weights.map(({ shape }) => shape));
});
