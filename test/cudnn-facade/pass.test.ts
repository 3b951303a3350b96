import { configure, GRU, type GRUPass, tensor } from "cudnn-gru";
import { afterEach, describe, expect, it } from "vitest";
import { expectError, expectRejection, layer, numbers, random, stateOf } from "../layers/support.js";
import { double } from "./double.js";

const inputs = random([2, 3, 4]);
const SEQUENCES = { return_sequences: true, return_state: true } as const;

double.verdicts = { "1 float32": { met: false, detail: "There is no device.", final: true } };

afterEach(() => configure({ maxQueue: Number.POSITIVE_INFINITY }));

/**
 * The values that the double's backward wrote, before the facade added anything: 1 for the inputs, 2 for the state, and
 * so on.
 */
function plain(pass: GRUPass) {
  const grads = pass.backward();
  return [grads.inputs, grads.initial_state, ...grads.weights].map(({ data, shape }) => [shape, new Set(data)]);
}

describe("forward", () => {
  it("gives what call gives, with the state and the losses", () => {
    const args = { ...SEQUENCES, kernel_regularizer: "l2", activity_regularizer: "l1" };
    const gru = layer(5, 4, args);
    const [output, state] = gru.call(inputs) as [unknown, unknown];
    const { losses } = gru;
    const pass = layer(5, 4, args).forward(inputs);
    expect([pass.output, pass.state, pass.losses]).toEqual([output, state, losses]);
    expect(losses).toHaveLength(3);
  });

  it("gives the state whatever return_state is, and the last output without return_sequences", () => {
    const gru = layer(5, 4);
    const pass = gru.forward(inputs);
    expect(pass.output.shape).toEqual([2, 5]);
    expect(pass.state).toEqual(pass.output);
  });

  it("builds the layer and sets its losses", () => {
    const gru = new GRU(5, { activity_regularizer: "l2" });
    const pass = gru.forward(inputs);
    expect(gru.built).toBe(true);
    expect(gru.losses).toEqual(pass.losses);
  });

  it("advances the states of a stateful layer, which the pass does not share", async () => {
    const gru = layer(5, 4, { stateful: true });
    const twin = layer(5, 4, { stateful: true });
    const pass = gru.forward(inputs);
    expect(gru.states?.[0]).toEqual(pass.state);
    twin.call(inputs);
    const [second, third] = await Promise.all([gru.forwardAsync(inputs), gru.forwardAsync(inputs)]);
    expect([second.output, third.output]).toEqual([twin.call(inputs), twin.call(inputs)]);
    expect(gru.states).toEqual(twin.states);
    expectError(() => gru.forward(random([3, 3, 4])), "ERR_SHAPE", /batch size 2/);
    const pending = gru.forwardAsync(inputs);
    expectError(() => gru.forward(inputs), "ERR_STATE", /pending/);
    await pending;
  });

  it("copies inputs, or takes them over", async () => {
    const gru = layer(5, 4);
    const expected = gru.call(inputs);
    const data = inputs.data.slice();
    const copied = gru.forwardAsync(tensor(data, [2, 3, 4]));
    data.fill(9);
    expect((await copied).output).toEqual(expected);
    const given = inputs.data.slice();
    const taken = gru.forwardAsync(tensor(given, [2, 3, 4]), { transfer: true });
    expect(given).toHaveLength(0);
    expect((await taken).output).toEqual(expected);
  });

  it("uses the weights of the moment, also for the losses", async () => {
    const gru = layer(5, 4, { kernel_regularizer: "l2" });
    const expected = layer(5, 4, { kernel_regularizer: "l2" }).forward(inputs);
    const promise = gru.forwardAsync(inputs);
    gru.setWeights(gru.weights.map(({ shape }) => new Float32Array(shape.reduce((a, b) => a * b))));
    const pass = await promise;
    expect([pass.output, pass.losses]).toEqual([expected.output, expected.losses]);
    expect(pass.backward().weights).toEqual(expected.backward().weights);
  });

  it("refuses what call refuses, out, and unknown arguments, and changes nothing", async () => {
    const gru = layer(5, 4, { stateful: true });
    gru.forward(inputs);
    const before = stateOf(gru);
    for (const args of [{ out: new Float32Array(10) }, { trainnig: true }, { signal: null }]) {
      expectError(() => gru.forward(inputs, args as never), "ERR_ARGUMENT", /`forward`/);
    }
    await expectRejection(() => gru.forwardAsync(inputs, { out: new Float32Array(10) } as never), "ERR_ARGUMENT");
    expectError(() => gru.forward(random([2, 3, 5])), "ERR_SHAPE");
    double.failure = ["ERR_CUDA", "Broken."];
    await expectRejection(() => gru.forwardAsync(inputs), "ERR_CUDA");
    expect(stateOf(gru)).toEqual(before);
    gru.dispose();
    expectError(() => gru.forward(inputs), "ERR_DISPOSED");
    await expectRejection(() => gru.forwardAsync(inputs), "ERR_DISPOSED");
  });

  it("frees what it kept when the activity regularizer refuses the output", () => {
    const gru = layer(5, 4, { return_sequences: true, activity_regularizer: "orthogonal_regularizer" });
    double.living = 0;
    expectError(() => gru.forward(inputs), "ERR_SHAPE", /Orthogonal/);
    expect(double.living).toBe(0);
  });

  it("aborts, and counts for maxQueue", async () => {
    const gru = layer(5, 4);
    await expectRejection(() => gru.forwardAsync(inputs, { signal: AbortSignal.abort() }), "ERR_ABORTED");
    const controller = new AbortController();
    const promise = gru.forwardAsync(inputs, { signal: controller.signal });
    controller.abort();
    await expectRejection(() => promise, "ERR_ABORTED");
    expect(double.living).toBe(0);
    configure({ maxQueue: 1 });
    const first = gru.forwardAsync(inputs);
    await expectRejection(() => gru.forwardAsync(inputs), "ERR_BUSY", /forwardAsync/);
    const pass = await first;
    const grads = pass.backwardAsync();
    await expectRejection(async () => (await gru.forwardAsync(inputs)).backwardAsync(), "ERR_BUSY");
    await grads;
    await gru.callAsync(inputs);
  });
});

describe("on the CPU path", () => {
  it("what cuDNN cannot run is computed and differentiated there", async () => {
    const passes = [
      layer(4, 4, { activation: "elu" }).forward(inputs),
      layer(4, 4, { use_cudnn: false }).forward(inputs),
      layer(4, 4, { dropout: 0.5 }).forward(inputs, { training: true }),
      await layer(4, 4, { cuda_device: 1 }).forwardAsync(inputs),
    ];
    expect(double.flags).toEqual([0, 0, 0, 0]);
    expect(double.living).toBe(0);
    const output = new Float32Array(8).fill(1);
    // Made-up gradients are one number throughout.
    for (const pass of passes) {
      const { inputs: gradient, weights } = pass.backward({ output });
      expect(new Set(gradient.data).size).toBeGreaterThan(1);
      expect(new Set(weights[1]?.data).size).toBeGreaterThan(1);
    }
    expect(double.upstream).toEqual([]);
  });

  it("use_cudnn: true keeps its own errors", () => {
    expectError(() => layer(4, 4, { use_cudnn: true, unroll: true }).forward(inputs), "ERR_CUDNN_NOT_ELIGIBLE");
    expectError(() => layer(4, 4, { use_cudnn: true, cuda_device: 1 }).forward(inputs), "ERR_CUDNN_UNAVAILABLE");
  });
});

describe("backward", () => {
  it("gives gradients in the shapes of inputs, state and weights", () => {
    expect(plain(layer(5, 4).forward(inputs))).toEqual([
      [[2, 3, 4], new Set([1])],
      [[2, 5], new Set([2])],
      [[4, 15], new Set([3])],
      [[5, 15], new Set([4])],
      [[2, 15], new Set([5])],
    ]);
  });

  it("hands the upstream gradients over; what is left out is null", async () => {
    const gru = layer(5, 4, SEQUENCES);
    const output = random([2, 3, 5], 3);
    const state = numbers(10);
    gru.forward(inputs).backward({ output });
    gru.forward(inputs).backward({ state });
    gru.forward(inputs).backward({ output: null, state: [tensor(state, [2, 5])] });
    gru.forward(inputs).backward();
    const pass = gru.forward(inputs);
    const later = pass.backwardAsync({ output, state });
    output.data.fill(0);
    state.fill(0);
    await later;
    const single = new Float32Array(numbers(10));
    expect(double.upstream).toEqual([
      [random([2, 3, 5], 3).data, null],
      [null, single],
      [null, single],
      [null, null],
      [random([2, 3, 5], 3).data, single],
    ]);
  });

  it("adds the activity regularizer's gradient, divided by the batch size, to the upstream gradients", () => {
    const gru = layer(5, 4, { ...SEQUENCES, activity_regularizer: { class_name: "L2", config: { l2: 0.5 } } as never });
    const pass = gru.forward(inputs);
    const { output, state } = pass;
    const [outputs, states] = [output.data.slice(), state.data.slice()];
    // Changes of the results by the caller do not matter.
    output.data.fill(7);
    pass.backward({ output: new Float32Array(30).fill(1) });
    const [[dOutput, dState] = []] = double.upstream;
    expect(dOutput).toEqual(outputs.map((value) => Math.fround(value / 2) + 1));
    expect(dState).toEqual(states.map((value) => value / 2));
  });

  it("judges the output alone without return_state", () => {
    layer(5, 4, { activity_regularizer: "l2" }).forward(inputs).backward();
    expect(double.upstream[0]?.map((each) => each === null)).toEqual([false, true]);
  });

  it("adds the regularizers' gradients to those of the weights, unless they are not trainable", () => {
    const args = { kernel_regularizer: "l2", bias_regularizer: "l1" };
    const gru = layer(5, 4, args);
    const [kernel, recurrent, bias] = gru.forward(inputs).backward().weights;
    const l2 = Math.fround(0.01);
    expect(kernel?.data).toEqual((gru.kernel.value.data as Float32Array).map((value) => 3 + 2 * l2 * value));
    expect(new Set(recurrent?.data)).toEqual(new Set([4]));
    expect(bias?.data).toEqual((gru.bias!.value.data as Float32Array).map((value) => 5 + l2 * Math.sign(value)));
    gru.trainable = false;
    const pass = gru.forward(inputs);
    expect(pass.losses).toEqual([]);
    gru.trainable = true;
    expect(new Set(pass.backward().weights[0]?.data)).toEqual(new Set([3]));
  });

  it("works once, and frees what the pass kept", async () => {
    const gru = layer(5, 4);
    const pass = gru.forward(inputs);
    expect(double.living).toBe(1);
    pass.backward();
    expect(double.living).toBe(0);
    expectError(() => pass.backward(), "ERR_STATE", /forward\(\) again/);
    await expectRejection(() => pass.backwardAsync(), "ERR_STATE");
    const other = gru.forward(inputs);
    const running = other.backwardAsync();
    expectError(() => other.backward(), "ERR_STATE");
    await running;
    expect(double.living).toBe(0);
  });

  it("refuses bad gradients, after which it still works", async () => {
    const pass = layer(5, 4, SEQUENCES).forward(inputs);
    expectError(() => pass.backward({ output: random([2, 5]) }), "ERR_SHAPE", /`output`.*\[2, 5\]/);
    expectError(() => pass.backward({ output: new Float32Array(29) }), "ERR_SHAPE", /`output`/);
    expectError(() => pass.backward({ state: random([2, 4]) }), "ERR_SHAPE", /`state`/);
    expectError(() => pass.backward({ outputs: null } as never), "ERR_ARGUMENT", /"output"/);
    expectError(() => pass.backward(3 as never), "ERR_ARGUMENT", /`upstream`/);
    expectError(() => pass.backward({ output: "ones" as never }), "ERR_ARGUMENT");
    await expectRejection(() => pass.backwardAsync({}, { singal: null } as never), "ERR_ARGUMENT", /signal/);
    await expectRejection(() => pass.backwardAsync({}, { signal: AbortSignal.abort() }), "ERR_ABORTED");
    expect(double.upstream).toEqual([]);
    expect(plain(pass)).toHaveLength(5);
  });

  it("does not outlive dispose, and does outlive the layer", async () => {
    const gru = layer(5, 4);
    const pass = gru.forward(inputs);
    pass.dispose();
    pass.dispose();
    expect(double.living).toBe(0);
    expectError(() => pass.backward(), "ERR_DISPOSED");
    await expectRejection(() => pass.backwardAsync(), "ERR_DISPOSED");
    expect(pass.output.shape).toEqual([2, 5]);
    const last = gru.forward(inputs);
    gru.dispose();
    expect(plain(last)).toHaveLength(5);
    const symbol = layer(5, 4).forward(inputs);
    symbol[Symbol.dispose]();
    expect(double.living).toBe(0);
  });

  it("passes a failure of the device on; the pass is then used up", async () => {
    const gru = layer(5, 4);
    for (const start of [(pass: GRUPass) => pass.backwardAsync(), async (pass: GRUPass) => pass.backward()]) {
      const pass = gru.forward(inputs);
      double.failure = ["ERR_CUDA", "Broken."];
      await expectRejection(() => start(pass), "ERR_CUDA", "Broken.");
      expectError(() => pass.backward(), "ERR_STATE");
      expect(double.living).toBe(0);
    }
  });
});
