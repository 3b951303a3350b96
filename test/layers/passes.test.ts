// forward and backward on the CPU path: the content of a pass, and its independence of later changes. Numbers are judged by
// golden_gradients, finite_differences and gradient_properties.
import { type GRU, type GRUArguments, type GRUPass, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectError, expectRejection, layer, random, stateOf } from "./support.js";

const B = 2;
const T = 3;
const F = 4;
const U = 5;
const inputs = random([B, T, F]);
const upstream = { output: random([B, T, U], 3), state: random([B, U], 4) };
const SEQUENCES = { return_sequences: true, return_state: true, use_cudnn: false } as const;

/** Returns all results of a pass, which is then used up. */
function everything(pass: GRUPass, given: Parameters<GRUPass["backward"]>[0] = upstream) {
  const { output, state, losses } = pass;
  return { output, state, losses, gradients: pass.backward(given) };
}

describe("gradients", () => {
  it.each([
    [
      {},
      [
        [F, 3 * U],
        [U, 3 * U],
        [2, 3 * U],
      ],
    ],
    [{ reset_after: false }, [[F, 3 * U], [U, 3 * U], [3 * U]]],
    [
      { use_bias: false },
      [
        [F, 3 * U],
        [U, 3 * U],
      ],
    ],
  ])("%o: in the shapes of inputs, state and weights", (args, weights) => {
    const grads = layer(U, F, { ...args, use_cudnn: false })
      .forward(inputs)
      .backward();
    expect(grads.inputs.shape).toEqual([B, T, F]);
    expect(grads.initial_state.shape).toEqual([B, U]);
    expect(grads.weights.map(({ shape }) => shape)).toEqual(weights);
    expect(new Set(grads.weights.flatMap(({ data }) => [...(data as Float32Array)]))).toEqual(new Set([0]));
  });

  it.each([
    ["float32", "float32", "float32"],
    ["float64", "float64", "float64"],
    ["float16", "float16", "float16"],
    ["bfloat16", "bfloat16", "bfloat16"],
    ["mixed_float16", "float16", "float32"],
    ["mixed_bfloat16", "bfloat16", "float32"],
  ])("%s: inputs and state in %s, weights in %s", (dtype, compute, variable) => {
    const pass = layer(U, F, { ...SEQUENCES, dtype }).forward(inputs);
    const { inputs: dInputs, initial_state, weights } = pass.backward({ output: pass.output });
    expect([pass.output, pass.state, dInputs, initial_state].map((each) => each.dtype)).toEqual(
      new Array(4).fill(compute),
    );
    expect(weights.map((each) => each.dtype)).toEqual(new Array(3).fill(variable));
    expect(dInputs.data.some((value) => value !== 0)).toBe(true);
  });

  it.each([
    [0, T, F],
    [B, 1, 0],
    [0, 1, 0],
  ])("of inputs (%i, %i, %i): there are none to sum, and none is missing", (batch, timesteps, features) => {
    const gru = layer(U, features, SEQUENCES);
    const data = new Float32Array(batch * timesteps * features);
    const pass = gru.forward(tensor(data, [batch, timesteps, features]), { initial_state: random([batch, U], 9) });
    const output = new Float32Array(batch * timesteps * U).fill(1);
    const { inputs: dInputs, initial_state, weights } = pass.backward({ output });
    expect([dInputs.shape, initial_state.shape]).toEqual([
      [batch, timesteps, features],
      [batch, U],
    ]);
    expect(weights[1]?.data.some((value) => value !== 0)).toBe(batch > 0);
  });

  it("are NaN where the inputs are, and in that row alone", () => {
    const data = inputs.data.slice();
    data[1] = Number.NaN;
    const { inputs: dInputs } = layer(U, F, SEQUENCES)
      .forward(tensor(data, [B, T, F]))
      .backward(upstream);
    const { inputs: wanted } = layer(U, F, SEQUENCES).forward(inputs).backward(upstream);
    expect(Number.isNaN(dInputs.data[0])).toBe(true);
    expect(dInputs.data.subarray(T * F)).toEqual(wanted.data.subarray(T * F));
  });
});

describe("a pass holds what it needs", () => {
  const args = {
    ...SEQUENCES,
    kernel_regularizer: "l2",
    activity_regularizer: "l1l2",
    dropout: 0.4,
    recurrent_dropout: 0.3,
    seed: 5,
  } as const satisfies GRUArguments;
  const given = () => ({
    inputs: inputs.data.slice(),
    state: random([B, U], 8).data.slice(),
    mask: Uint8Array.from([1, 1, 0, 0, 1, 1]),
  });
  const start = (gru: GRU, { inputs: data, state, mask }: ReturnType<typeof given>) =>
    gru.forward(tensor(data, [B, T, F]), { training: true, initial_state: state, mask: tensor(mask, [B, T], "bool") });
  const wanted = everything(start(layer(U, F, args), given()));

  it.each<[string, (gru: GRU, memory: ReturnType<typeof given>, pass: GRUPass) => unknown]>([
    [
      "setWeights",
      (gru) => gru.setWeights(gru.weights.map(({ shape }) => new Float32Array(shape.reduce((a, b) => a * b)))),
    ],
    ["assign", (gru) => gru.kernel.assign(new Float32Array(F * 3 * U))],
    [
      "later calls",
      (gru) => [gru.call(random([7, 9, F]), { training: true }), gru.forward(inputs, { training: true })],
    ],
    ["backward of a later pass", (gru) => gru.forward(inputs, { training: true }).backward(upstream)],
    ["trainable", (gru) => Object.assign(gru, { trainable: false })],
    ["dispose of the layer", (gru) => gru.dispose()],
    ["the caller's inputs, state and mask", (_gru, memory) => Object.values(memory).map((array) => array.fill(1))],
    [
      "the caller's arrays being detached",
      (_gru, memory) =>
        Object.values(memory).map((array) => structuredClone(array.buffer, { transfer: [array.buffer] })),
    ],
    ["its own results", (_gru, _memory, pass) => pass.losses.push(1)],
  ])("%s does not change its gradients", (_what, change) => {
    const gru = layer(U, F, args);
    const memory = given();
    const pass = start(gru, memory);
    change(gru, memory, pass);
    expect(pass.backward(upstream)).toEqual(wanted.gradients);
  });

  it("nor does the order in which passes are used", () => {
    const gru = layer(U, F, SEQUENCES);
    const others = [1, 2, 3].map((seed) => random([B, T, F], seed));
    const expected = others.map((each) => gru.forward(each).backward(upstream));
    const passes = others.map((each) => gru.forward(each));
    const found = [2, 0, 1].map((index) => [index, passes[index]?.backward(upstream)] as const);
    for (const [index, gradients] of found) expect(gradients).toEqual(expected[index]);
  });

  it("and several are used at the same time", async () => {
    const gru = layer(U, F, SEQUENCES);
    const expected = gru.forward(inputs).backward(upstream);
    const passes = await Promise.all(Array.from({ length: 12 }, () => gru.forwardAsync(inputs)));
    const all = await Promise.all(passes.map((pass) => pass.backwardAsync(upstream)));
    for (const gradients of all) expect(gradients).toEqual(expected);
  });
});

describe("a pass is used once", () => {
  it("whichever way", async () => {
    const gru = layer(U, F, SEQUENCES);
    const first = gru.forward(inputs);
    first.backward();
    expectError(() => first.backward(), "ERR_STATE", /forward\(\) again/);
    await expectRejection(() => first.backwardAsync(), "ERR_STATE");
    const second = gru.forward(inputs);
    const running = second.backwardAsync(upstream);
    expectError(() => second.backward(), "ERR_STATE");
    await expectRejection(() => second.backwardAsync(), "ERR_STATE");
    expect(await running).toEqual(gru.forward(inputs).backward(upstream));
  });

  it("and not after dispose, which lets a running backwardAsync end", async () => {
    const gru = layer(U, F, SEQUENCES);
    const expected = gru.forward(inputs).backward(upstream);
    const first = gru.forward(inputs);
    first.dispose();
    first.dispose();
    expectError(() => first.backward(), "ERR_DISPOSED");
    await expectRejection(() => first.backwardAsync(), "ERR_DISPOSED");
    expect(first.output.shape).toEqual([B, T, U]);
    const second = gru.forward(inputs);
    const running = second.backwardAsync(upstream);
    second.dispose();
    expect(await running).toEqual(expected);
    expectError(() => second.backward(), "ERR_DISPOSED");
  });

  it("but bad gradients do not use it up", async () => {
    const gru = layer(U, F, SEQUENCES);
    const expected = gru.forward(inputs).backward(upstream);
    const pass = gru.forward(inputs);
    const state = stateOf(gru);
    const bad: [unknown, "ERR_SHAPE" | "ERR_ARGUMENT" | "ERR_DTYPE", RegExp][] = [
      [{ output: random([B, U]) }, "ERR_SHAPE", /`output`.*\[2, 5\]/],
      [{ output: random([T, B, U]) }, "ERR_SHAPE", /`output`/],
      [{ output: new Float32Array(B * T * U + 1) }, "ERR_SHAPE", /`output`/],
      [{ state: random([B, U + 1]) }, "ERR_SHAPE", /`state`/],
      [{ state: [random([B, U]), random([B, U])] }, "ERR_DTYPE", /`state`/],
      [{ output: new BigInt64Array(B * T * U) }, "ERR_DTYPE", /`output`/],
      [{ output: "ones" }, "ERR_ARGUMENT", /`output`/],
      [{ outputs: upstream.output }, "ERR_ARGUMENT", /"output"/],
      [3, "ERR_ARGUMENT", /`upstream`/],
      [[upstream.output], "ERR_ARGUMENT", /`upstream`/],
    ];
    for (const [given, code, message] of bad) {
      expectError(() => pass.backward(given as never), code, message);
      await expectRejection(() => pass.backwardAsync(given as never), code, message);
    }
    const aborted = { signal: AbortSignal.abort("why") };
    expect((await expectRejection(() => pass.backwardAsync(upstream, aborted), "ERR_ABORTED")).cause).toBe("why");
    await expectRejection(() => pass.backwardAsync(upstream, { singal: null } as never), "ERR_ARGUMENT", /signal/);
    expect(stateOf(gru)).toEqual(state);
    expect(pass.backward(upstream)).toEqual(expected);
  });

  it("numbers of other kinds are converted", () => {
    const gru = layer(U, F, SEQUENCES);
    const expected = gru.forward(inputs).backward(upstream);
    const float64 = { output: Float64Array.from(upstream.output.data), state: Float64Array.from(upstream.state.data) };
    expect(gru.forward(inputs).backward(float64)).toEqual(expected);
    expect(
      gru.forward(inputs).backward({ output: upstream.output.toArray() as never, state: [upstream.state] }),
    ).toEqual(expected);
  });
});

describe("training state", () => {
  it("dropout is drawn as call draws it", async () => {
    const args = { ...SEQUENCES, dropout: 0.5, recurrent_dropout: 0.5, seed: 3 } as const;
    const [called, passed, later] = [layer(U, F, args), layer(U, F, args), layer(U, F, args)];
    const seen = [];
    for (let i = 0; i < 3; i++) {
      const [output, state] = called.call(inputs, { training: true }) as [typeof inputs, typeof inputs];
      const pass = passed.forward(inputs, { training: true });
      expect([pass.output, pass.state]).toEqual([output, state]);
      const other = await later.forwardAsync(inputs, { training: true });
      expect([other.output, other.state]).toEqual([pass.output, pass.state]);
      expect(other.backward(upstream)).toEqual(pass.backward(upstream));
      seen.push(output.data.join());
    }
    expect(new Set(seen).size).toBe(3);
    const plain = layer(U, F, SEQUENCES).forward(inputs);
    expect(passed.forward(inputs).output).toEqual(plain.output);
  });

  it("a failed forward leaves generator, states, losses and weights as they were", async () => {
    const args = { ...SEQUENCES, stateful: true, dropout: 0.5, seed: 3, activity_regularizer: "l2" } as const;
    const [gru, twin] = [layer(U, F, args), layer(U, F, args)];
    for (const one of [gru, twin]) one.forward(inputs, { training: true });
    const before = stateOf(gru);
    const training = { training: true };
    expectError(() => gru.forward(random([B, T, F + 1]), training), "ERR_SHAPE");
    expectError(() => gru.forward(random([B + 1, T, F]), training), "ERR_SHAPE", /batch size 2/);
    expectError(() => gru.forward(random([B, 0, F]), training), "ERR_SHAPE");
    expectError(() => gru.forward(inputs, { ...training, mask: random([B, T + 1]) as never }), "ERR_SHAPE");
    expectError(() => gru.forward(inputs, { ...training, out: upstream.output } as never), "ERR_ARGUMENT");
    await expectRejection(() => gru.forwardAsync(inputs, { ...training, signal: AbortSignal.abort() }), "ERR_ABORTED");
    const controller = new AbortController();
    const pending = gru.forwardAsync(inputs, { ...training, signal: controller.signal });
    controller.abort();
    await expectRejection(() => pending, "ERR_ABORTED");
    expect(stateOf(gru)).toEqual(before);
    expect(everything(gru.forward(inputs, training))).toEqual(everything(twin.forward(inputs, training)));
    expect([gru.states, gru.losses]).toEqual([twin.states, twin.losses]);
  });

  it("backward changes nothing of the layer, nor does its failure", async () => {
    const gru = layer(U, F, { ...SEQUENCES, stateful: true, kernel_regularizer: "l2" });
    const pass = gru.forward(inputs);
    const other = gru.forward(inputs);
    const before = stateOf(gru);
    pass.backward(upstream);
    const controller = new AbortController();
    const pending = other.backwardAsync(upstream, { signal: controller.signal });
    controller.abort();
    await expectRejection(() => pending, "ERR_ABORTED");
    expectError(() => other.backward(), "ERR_STATE");
    expect(stateOf(gru)).toEqual(before);
  });

  it("states of a stateful layer advance in order, and each pass keeps the one it began with", async () => {
    const args = { ...SEQUENCES, stateful: true } as const;
    const [gru, twin] = [layer(U, F, args), layer(U, F, args)];
    const passes = await Promise.all([1, 2, 3].map((seed) => gru.forwardAsync(random([B, T, F], seed))));
    const gradients = await Promise.all(passes.map((pass) => pass.backwardAsync(upstream)));
    [1, 2, 3].forEach((seed, index) => {
      const wanted = twin.forward(random([B, T, F], seed));
      expect([passes[index]?.output, passes[index]?.state]).toEqual([wanted.output, wanted.state]);
      expect(gru.states === null).toBe(false);
      expect(gradients[index]).toEqual(wanted.backward(upstream));
    });
    expect(gru.states).toEqual(twin.states);
  });

  it("a gradient step lowers the loss", () => {
    const gru = layer(U, F, SEQUENCES);
    const target = random([B, T, U], 20).data;
    const losses = [];
    for (let step = 0; step < 60; step++) {
      const pass = gru.forward(inputs);
      const error = Float32Array.from(pass.output.data as Float32Array, (value, i) => value - (target[i] as number));
      losses.push(error.reduce((sum, value) => sum + value * value, 0));
      const { weights } = pass.backward({ output: error });
      gru.setWeights(
        gru
          .getWeights()
          .map(({ data }, index) =>
            Float32Array.from(data as Float32Array, (value, i) => value - 0.2 * (weights[index]?.data[i] as number)),
          ),
      );
    }
    expect(losses[59]).toBeLessThan((losses[0] as number) / 4);
  });
});
