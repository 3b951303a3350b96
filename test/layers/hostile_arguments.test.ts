import {
  createBatcher,
  GRU,
  GRUError,
  type GRUErrorCode,
  initializers,
  optimizers,
  saveModelWeights,
  Tensor,
  tensor,
  Variable,
} from "cudnn-gru";
import { afterEach, describe, expect, it } from "vitest";
import { boom, builtLayer, data, errorOf, F, inputs, shape } from "./hostile_support.js";
import { expectError, expectRejection, stateOf } from "./support.js";

/* Values that are wrong for every argument, and objects that throw while they are read. */

type Loose = (...args: unknown[]) => never;

const KERAS = "test/fixtures/keras/sequential.keras";
/** Each way to pass a value to a built layer, by the name of the argument. */
const TAKERS: Record<string, (gru: GRU<true>, value: never) => unknown> = {
  "call's inputs": (gru, value) => gru.call(value),
  "call's mask": (gru, value) => gru.call(inputs(), { mask: value }),
  "call's lengths": (gru, value) => gru.call(inputs(), { lengths: value }),
  "call's initial_state": (gru, value) => gru.call(inputs(), { initial_state: value }),
  "call's out": (gru, value) => gru.call(inputs(), { out: value }),
  "call's arguments": (gru, value) => gru.call(inputs(), value),
  "callAsync's inputs": (gru, value) => gru.callAsync(value),
  "callAsync's transferred inputs": (gru, value) => gru.callAsync(value, { transfer: true }),
  "callAsync's arguments": (gru, value) => gru.callAsync(inputs(), value),
  "callAsync's signal": (gru, value) => gru.callAsync(inputs(), { signal: value }),
  "forward's inputs": (gru, value) => gru.forward(value),
  "forward's arguments": (gru, value) => gru.forward(inputs(), value),
  "forwardAsync's arguments": (gru, value) => gru.forwardAsync(inputs(), value),
  "backward's gradients": (gru, value) => gru.forward(inputs()).backward(value),
  "backward's output": (gru, value) => gru.forward(inputs()).backward({ output: value }),
  "backwardAsync's state": (gru, value) => gru.forward(inputs()).backwardAsync({ state: value }),
  "backwardAsync's arguments": (gru, value) => gru.forward(inputs()).backwardAsync(null, value),
  "a batcher's inputs": (gru, value) => createBatcher(gru, { maxBatch: 1 }).callAsync(value),
  "a batcher's arguments": (gru, value) => createBatcher(gru, { maxBatch: 1 }).callAsync(inputs(), value),
  "createBatcher's arguments": (gru, value) => createBatcher(gru, value),
  "explain's arguments": (gru, value) => gru.explain(value),
  "stream's arguments": (gru, value) => gru.stream(value),
  "a stream's frame": (gru, value) => gru.stream().push(value),
  "a stream's out": (gru, value) => gru.stream().push(new Float32Array(F), value),
  "a stream's state": (gru, value) => gru.stream().reset(value),
  "warmUp's sizes": (gru, value) => gru.warmUp(value),
  "build's shape": (gru, value) => gru.build(value),
  "computeOutputShape's shape": (gru, value) => gru.computeOutputShape(value),
  "setWeights' list": (gru, value) => gru.setWeights(value),
  "setWeights' first": (gru, value) => gru.setWeights([value, value, value]),
  "assign's value": (gru, value) => gru.kernel.assign(value),
  "tensor's data": (_, value) => tensor(value),
  "tensor's shape": (_, value) => tensor(new Float32Array(3), value),
  "Variable's value": (_, value) => new Variable(value),
  "Variable's options": (_, value) => new Variable([1], value),
  "GRU's arguments": (_, value) => new GRU(3, value),
  "GRU.fromConfig's config": (_, value) => GRU.fromConfig(value),
  "loadWeights' arguments": (gru, value) => gru.loadWeights("nowhere.keras", value),
  "GRU.fromKeras's arguments": (_, value) => GRU.fromKeras(KERAS, value),
  "GRU.fromKeras's custom_objects": (_, value) => GRU.fromKeras(KERAS, { custom_objects: value }),
  "saveModelWeights' layers": (_, value) => saveModelWeights("no/such/folder/x.weights.h5", value),
  "saveModelWeights' arguments": (gru, value) => saveModelWeights("no/such/folder/x.weights.h5", [gru], value),
  "optimizers.get's identifier": (_, value) => optimizers.get(value),
  "optimizers.serialize's optimizer": (_, value) => optimizers.serialize(value),
  "an optimizer's arguments": (_, value) => new optimizers.Adam(value),
  "VarianceScaling's options": (_, value) => new initializers.VarianceScaling(value),
  "GlorotUniform's options": (_, value) => new initializers.GlorotUniform(value),
  "saveWeights' arguments": (gru, value) => gru.saveWeights("no/such/folder/x.weights.h5", value),
};

const throwing = new Proxy(
  {},
  { get: boom, has: boom, ownKeys: boom, getPrototypeOf: boom, getOwnPropertyDescriptor: boom },
);
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
};

/** Values that are wrong for every argument. */
const HOSTILE: Record<string, () => unknown> = {
  "an object with the prototype of Float32Array": () => Object.create(Float32Array.prototype),
  "an object with the prototype of Tensor": () => Object.create(Tensor.prototype),
  "a tensor whose data only looks like an array": () => ({ data: Object.create(Float32Array.prototype), shape }),
  "a proxied typed array": () => new Proxy(data(), {}),
  "a proxy that throws": () => throwing,
  "a proxied array that throws": () => new Proxy([], { get: boom }),
  "a revoked proxy": revoked,
  "a tensor with a revoked shape": () => ({ data: data(), shape: revoked() }),
  "getters that throw": () =>
    Object.defineProperties({}, Object.fromEntries(["data", "shape", "dims"].map((key) => [key, { get: boom }]))),
  "a shape that throws": () => ({
    data: data(),
    get shape() {
      return boom();
    },
  }),
  "an array of endless length": () => new Proxy([1], { get: (own, key) => (key === "length" ? 2 ** 40 : own[0]) }),
  "a tag that throws": () => ({
    get [Symbol.toStringTag]() {
      return boom();
    },
  }),
  "a thrown value without words": () => ({
    get data() {
      throw Object.create(null);
    },
    shape,
  }),
};

describe.each(Object.entries(HOSTILE))("%s", (_, make) => {
  it.each(Object.entries(TAKERS))("as %s is refused in our words, with the layer as it was", async (name, take) => {
    const gru = builtLayer();
    const before = stateOf(gru);
    const error = await errorOf(() => take(gru, make() as never));
    // An object without anything of ours in it is an object of no arguments.
    if (error !== "taken") expect(error, `${name}: ${String(error)}`).toBeInstanceOf(GRUError);
    else expect(name).toMatch(/arguments|gradients|options|config|custom_objects/);
    expect(stateOf(gru)).toEqual(before);
  });
});

describe("a property that somebody put on Object.prototype", () => {
  const polluted = Object.prototype as { foo?: unknown };
  afterEach(() => {
    delete polluted.foo;
  });

  it("is no argument of anything", async () => {
    const gru = builtLayer();
    polluted.foo = 1;
    expect(gru.call(inputs(), {})).toBeDefined();
    await gru.callAsync(inputs(), { transfer: true });
    const pass = await gru.forwardAsync(inputs(), {});
    pass.backward({});
    gru.explain({});
    gru.stream({}).push(new Float32Array(F));
    await gru.warmUp({ batch: 1, timesteps: 1 });
    await createBatcher(gru, { maxBatch: 1 }).callAsync(inputs(), {});
    expect(GRU.fromConfig(new GRU(2, { name: "g" }).getConfig()).units).toBe(2);
    expect(new Variable("zeros", { shape: [2] }).shape).toEqual([2]);
    delete polluted.foo;
    expectError(() => (gru.call as Loose)(inputs(), { foo: 1 }), "ERR_ARGUMENT", /`foo`/);
  });
});

it("an abort signal that cannot be listened to is refused", async () => {
  const gru = builtLayer();
  const code: GRUErrorCode = "ERR_ARGUMENT";
  const signal = { aborted: false, addEventListener: boom, removeEventListener() {} } as never;
  await expectRejection(() => gru.callAsync(inputs(), { signal }), code, /signal/);
  await expectRejection(() => gru.forwardAsync(inputs(), { signal }), code, /signal/);
  await expectRejection(() => createBatcher(gru, { maxBatch: 1 }).callAsync(inputs(), { signal }), code, /signal/);
  expect(await gru.callAsync(inputs())).toEqual(gru.call(inputs()));
});
