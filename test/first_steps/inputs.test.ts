// The first mistakes with inputs: each error says how to mend it.
import { createBatcher, GRU, optimizers, regularizers, Tensor, tensor, Variable } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectError, expectRejection, random } from "../layers/support.js";

const gru = new GRU(2);
gru.build([null, null, 3]);
const batcher = createBatcher(gru, { maxBatch: 1 });
const promise = Promise.resolve(1) as never;

describe("a promise in the place of a value", () => {
  it.each<[string, () => unknown]>([
    ["inputs of call", () => gru.call(promise)],
    ["inputs of forward", () => gru.forward(promise)],
    ["a row of the inputs", () => gru.call([promise])],
    ["the data of a tensor", () => gru.call({ data: promise, shape: [1, 1, 3] })],
    ["arguments of call", () => gru.call(random([1, 2, 3]), promise)],
    ["arguments of stream", () => gru.stream(promise)],
    ["mask", () => gru.call(random([1, 2, 3]), { mask: promise })],
    ["lengths", () => gru.call(random([1, 2, 3]), { lengths: promise })],
    ["initial_state", () => gru.call(random([1, 2, 3]), { initial_state: promise })],
    ["out", () => gru.call(random([1, 2, 3]), { out: promise })],
    ["upstream", () => gru.forward(random([1, 2, 3])).backward(promise)],
    ["an upstream gradient", () => gru.forward(random([1, 2, 3])).backward({ output: promise })],
    ["a frame", () => gru.stream().push(promise)],
    ["weights", () => gru.setWeights(promise)],
    ["one weight", () => gru.setWeights([promise, promise, promise])],
    ["a variable's value", () => gru.kernel.assign(promise)],
    ["a new variable's value", () => new Variable(promise)],
    ["the data of tensor()", () => tensor(promise)],
    ["units", () => new GRU(promise)],
    ["arguments of the constructor", () => new GRU(2, promise)],
    ["an activation", () => new GRU(2, { activation: promise })],
    ["a dtype", () => new GRU(2, { dtype: promise })],
    ["a config", () => GRU.fromConfig(promise)],
    ["the layer of a batcher", () => createBatcher(promise, { maxBatch: 1 })],
    ["arguments of an optimizer", () => new optimizers.Adam(promise)],
    ["a learning rate", () => new optimizers.Adam({ learning_rate: promise })],
    ["gradients", () => new optimizers.SGD().apply(promise, gru.weights)],
    ["arguments of a regularizer", () => new regularizers.L2(promise)],
  ])("%s: says to await it", (_, action) => {
    expect(action).toThrow(/a promise \(await it first\)/);
  });

  it.each<[string, () => Promise<unknown>]>([
    ["callAsync", () => gru.callAsync(promise)],
    ["forwardAsync", () => gru.forwardAsync(promise)],
    ["arguments of callAsync", () => gru.callAsync(random([1, 2, 3]), promise)],
    ["a batcher", () => batcher.callAsync(promise)],
    ["fromKeras", () => GRU.fromKeras(promise)],
    ["arguments of fromKeras", () => GRU.fromKeras("model.keras", promise)],
    ["loadWeights", () => gru.loadWeights(promise)],
    ["warmUp", () => gru.warmUp(promise)],
  ])("%s: rejects and says to await it", async (_, start) => {
    await expectRejection(start, "ERR_ARGUMENT", /a promise \(await it first\)/);
  });
});

describe("inputs of another shape", () => {
  const remedy = "tensor(data, [batch, timesteps, features])";

  it.each<[string, unknown]>([
    ["a list of numbers", [1, 2, 3]],
    ["a typed array", Float32Array.of(1, 2, 3)],
    ["a Float64Array", Float64Array.of(1, 2, 3)],
    ["a tensor of one dimension", tensor(Float32Array.of(1, 2, 3))],
    ["an empty list", []],
  ])("%s: says how numbers get a shape", async (_, inputs) => {
    expect(() => gru.call(inputs as never)).toThrow(remedy);
    expect(() => gru.forward(inputs as never)).toThrow(remedy);
    await expect(gru.callAsync(inputs as never)).rejects.toThrow(remedy);
    await expect(batcher.callAsync(inputs as never)).rejects.toThrow(remedy);
    expect(() => new GRU(2).call(inputs as never)).toThrow(remedy);
  });

  it("one sequence: says that it is a batch of one", () => {
    expectError(() => gru.call([[1, 2, 3]]), "ERR_SHAPE", "tensor(data, [1, 1, 3])");
    expectError(() => gru.call(random([5, 3])), "ERR_SHAPE", "tensor(data, [1, 5, 3])");
  });

  it("features and timesteps swapped: says to transpose", () => {
    expectError(() => gru.call(random([2, 3, 5])), "ERR_SHAPE", /last dimension: transpose/);
    expectError(() => gru.call(random([2, 4, 5])), "ERR_SHAPE", /received shape \[2, 4, 5\]\.$/);
  });

  it("what JSON made of a tensor: says to call tensor()", () => {
    const parsed = JSON.parse(JSON.stringify(random([1, 2, 3])));
    expectError(() => gru.call(parsed), "ERR_DTYPE", "tensor(data, shape)");
    expect(gru.call(tensor(parsed.data, parsed.shape)).data).toEqual(gru.call(random([1, 2, 3])).data);
  });
});

describe("a tensor as JSON", () => {
  it.each([
    ["float32", tensor(Float32Array.of(0.1, -0, 3), [3, 1])],
    ["float64", tensor(Float64Array.of(0.1, 1e300), [2])],
    ["float16", tensor([[0.1, 65504]], undefined, "float16")],
    ["bfloat16", tensor([[0.1, 1e30]], undefined, "bfloat16")],
    ["int32", tensor(Int32Array.of(-1, 2))],
    ["bool", tensor([[true], [false]])],
    ["empty", tensor(new Float32Array(0), [0, 4])],
    ["scalar", tensor(Float32Array.of(0.5), [])],
  ])("%s comes back", (_, value) => {
    const { data, shape, dtype } = JSON.parse(JSON.stringify(value));
    const back = tensor(data, shape, dtype);
    expect(back).toBeInstanceOf(Tensor);
    // JSON has no -0.
    const numbers = (of: Tensor) => Array.from(of.data, (number) => number + 0);
    expect([numbers(back), back.shape, back.dtype]).toEqual([numbers(value), value.shape, value.dtype]);
  });
});

it("a forgotten `new` names the class", () => {
  const call = GRU as unknown as (units: number) => unknown;
  expect(() => call(4)).toThrow("Class constructor GRU cannot be invoked without 'new'");
});
