import { createContext, runInContext } from "node:vm";
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
import { expectError, expectRejection, layer, numbers, outputOf, stateOf } from "./support.js";

/* Arguments that lie about themselves, throw, or change others while they are read. */

type Loose = (...args: unknown[]) => never;

const KERAS = "test/fixtures/keras/sequential.keras";
const U = 4;
const F = 3;
const shape = [1, 2, F];
const data = () => new Float32Array(numbers(2 * F));
const inputs = () => ({ data: data(), shape });
const detach = (array: Float32Array | Int32Array | Uint8Array) =>
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });

const context = createContext({});
/** An object of another realm, as Jest and vitest's VM pools make them. */
const foreign = (text: string) => runInContext(text, context) as never;

const built = () => layer(U, F, { return_state: true }) as GRU<true>;

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

const boom = () => {
  throw new TypeError("the caller's own");
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

async function errorOf(action: () => unknown): Promise<unknown> {
  try {
    await action();
  } catch (error) {
    return error;
  }
  return "taken";
}

describe.each(Object.entries(HOSTILE))("%s", (_, make) => {
  it.each(Object.entries(TAKERS))("as %s is refused in our words, with the layer as it was", async (name, take) => {
    const gru = built();
    const before = stateOf(gru);
    const error = await errorOf(() => take(gru, make() as never));
    // An object without anything of ours in it is an object of no arguments.
    if (error !== "taken") expect(error, `${name}: ${String(error)}`).toBeInstanceOf(GRUError);
    else expect(name).toMatch(/arguments|gradients|options|config|custom_objects/);
    expect(stateOf(gru)).toEqual(before);
  });
});

describe("an array that lies about itself", () => {
  const sly = () => {
    const array = data();
    const lies = { length: 1, buffer: new ArrayBuffer(1), byteLength: 0, byteOffset: 99, constructor: boom };
    for (const [key, value] of Object.entries(lies)) Object.defineProperty(array, key, { value });
    for (const key of ["slice", "subarray", "set", Symbol.iterator, Symbol.toStringTag]) {
      Object.defineProperty(array, key, { value: boom });
    }
    return array;
  };

  it("is taken for what it is, wherever an array goes", async () => {
    const gru = built();
    const wanted = gru.call(inputs());
    const lying = { data: sly(), shape };
    expect(gru.call(lying)).toEqual(wanted);
    expect(gru.forward(lying).output).toEqual(wanted[0]);
    expect(await gru.callAsync(lying)).toEqual(wanted);
    expect(await gru.callAsync({ data: sly(), shape }, { transfer: true })).toEqual(wanted);
    expect(await createBatcher(gru, { maxBatch: 1 }).callAsync(lying)).toEqual(wanted);
    expect(outputOf(layer(U, F, { dtype: "float64" }).call(lying)).shape).toEqual([1, U]);
    expect(outputOf(layer(U, F, { dtype: "bfloat16" }).call(lying)).shape).toEqual([1, U]);
    const frame = tensor(data().slice(0, F), [1, F]);
    const short = { data: sly(), shape: [1, F], offset: 0, strides: [F, 1] };
    expect([...gru.stream().push(short).data]).toEqual([...gru.stream().push(frame).data]);
    const weights = numbers(2 * 3 * U).map((value) => value);
    const kernel = Object.defineProperty(new Float64Array(numbers(F * 3 * U)), "length", { value: 1 });
    gru.kernel.assign(kernel);
    gru.setWeights([kernel, numbers(U * 3 * U), weights]);
    expect(gru.kernel.value.data.length).toBe(F * 3 * U);
  });

  it("does not decide how many lengths or masked steps there are", () => {
    const gru = built();
    const wanted = gru.call(inputs(), { lengths: [1] });
    const lengths = Object.defineProperty(Int32Array.of(1), Symbol.iterator, { value: () => [9, 9, 9].values() });
    expect(gru.call(inputs(), { lengths })).toEqual(wanted);
    const bits = Object.defineProperty(Uint16Array.of(0x3c00, 0), Symbol.iterator, { value: () => [1].values() });
    expect(gru.call(inputs(), { mask: { data: bits, shape: [1, 2], dtype: "float16" } })).toEqual(wanted);
  });
});

describe("memory of another realm", () => {
  it("can be given away", async () => {
    const gru = built();
    const wanted = gru.call(inputs());
    const theirs = () => {
      const array = foreign("new Float32Array(6)") as Float32Array;
      array.set(data());
      return array;
    };
    for (const call of [gru, createBatcher(gru, { maxBatch: 1 })]) {
      const array = theirs();
      expect(await call.callAsync({ data: array, shape }, { transfer: true })).toEqual(wanted);
      expect(array.length).toBe(0);
      expect(await call.callAsync({ data: theirs(), shape: foreign("[1, 2, 3]") })).toEqual(wanted);
    }
    expect((await gru.forwardAsync({ data: theirs(), shape }, { transfer: true })).output).toEqual(wanted[0]);
    expect([...gru.stream().push(theirs().subarray(0, F)).data]).toEqual([
      ...gru.stream().push(data().subarray(0, F)).data,
    ]);
  });

  it("serves as lengths, mask, state, out, weights and gradients", async () => {
    const gru = built();
    const plain = { lengths: Int32Array.of(1), initial_state: new Float32Array(U).fill(0.5) };
    const theirs = {
      lengths: foreign("Int32Array.of(1)"),
      initial_state: foreign("new Float32Array(4).fill(0.5)"),
      out: [foreign("new Float32Array(4)"), foreign("new Float32Array(4)")] as never,
    };
    const wanted = gru.call(inputs(), plain);
    const found = gru.call(inputs(), theirs);
    expect(found.map(({ data }) => [...data])).toEqual(wanted.map(({ data }) => [...data]));
    expect((await gru.callAsync(inputs(), theirs)).map(({ data }) => [...data])).toEqual(
      wanted.map((t) => [...t.data]),
    );
    expect(gru.explain({ lengths: theirs.lengths }).path).toBe("cpu");
    const mask = { data: foreign("Uint8Array.of(1, 0)"), shape: foreign("[1, 2]") } as never;
    expect(gru.call(inputs(), { mask, initial_state: theirs.initial_state })).toEqual(wanted);
    const gradient = foreign("new Float32Array(4).fill(1)") as Float32Array;
    const own = gru.forward(inputs()).backward({ output: new Float32Array(U).fill(1) });
    expect(gru.forward(inputs()).backward({ output: gradient })).toEqual(own);
    gru.setWeights([foreign("new Float32Array(36)"), foreign("new Float64Array(48)"), foreign("new Float32Array(24)")]);
    expect([...(gru.call(inputs())[0].data as Float32Array)]).toEqual([0, 0, 0, 0]);
  });

  it("which is shared cannot be given away, and is copied", async () => {
    const gru = built();
    const shared = foreign("new Float32Array(new SharedArrayBuffer(24))") as Float32Array;
    await expectRejection(() => gru.callAsync({ data: shared, shape }, { transfer: true }), "ERR_ARGUMENT", /transfer/);
    const running = gru.callAsync({ data: shared, shape });
    shared.fill(1e3);
    expect(await running).toEqual(gru.call({ data: new Float32Array(6), shape }));
  });
});

describe("arguments that change others while they are read", () => {
  it("by detaching what was read before", async () => {
    const gru = built();
    const before = stateOf(gru);
    const cases: [string, (victim: Float32Array, thief: () => never) => unknown][] = [
      [
        "call",
        (victim, thief) =>
          gru.call(
            { data: victim, shape },
            {
              get mask() {
                return thief();
              },
            },
          ),
      ],
      [
        "callAsync",
        (victim, thief) =>
          gru.callAsync(
            { data: victim, shape },
            {
              get mask() {
                return thief();
              },
            },
          ),
      ],
      [
        "forward",
        (victim, thief) =>
          gru.forward(
            { data: victim, shape },
            {
              get initial_state() {
                return thief();
              },
            },
          ),
      ],
      [
        "nested",
        (victim, thief) =>
          gru.call(
            { data: victim, shape },
            {
              mask: [
                [
                  true,
                  {
                    get 0() {
                      return thief();
                    },
                  }[0] as never,
                ],
              ],
            },
          ),
      ],
    ];
    for (const [name, run] of cases) {
      const victim = data();
      const error = await errorOf(() => run(victim, () => void detach(victim) as never));
      expect(error, name).toBeInstanceOf(GRUError);
      expect(["ERR_ARGUMENT", "ERR_DTYPE"], name).toContain((error as GRUError).code);
    }
    const out = new Float32Array(U);
    const frame = {
      get data() {
        detach(out);
        return new Float32Array(F);
      },
      shape: [1, F],
    };
    const stream = gru.stream();
    expectError(() => stream.push(frame, out), "ERR_ARGUMENT", /detached/);
    expect([...stream.state.data]).toEqual([0, 0, 0, 0]);
    expect(stateOf(gru)).toEqual(before);
  });

  it("by disposing the layer or the stream", () => {
    const gru = built();
    const weights = gru.getWeights();
    const sly = [
      {
        get data() {
          gru.dispose();
          return weights[0]?.data;
        },
        shape: [F, 3 * U],
      },
      weights[1],
      weights[2],
    ];
    expectError(() => gru.setWeights(sly as never), "ERR_DISPOSED");
    const other = built();
    const { kernel } = other;
    const value = {
      get data() {
        other.dispose();
        return new Float32Array(F * 3 * U);
      },
      shape: [F, 3 * U],
    };
    expectError(() => kernel.assign(value), "ERR_DISPOSED");
    expectError(() => kernel.value, "ERR_DISPOSED");
    const stream = built().stream();
    const frame = {
      get data() {
        stream.dispose();
        return new Float32Array(F);
      },
      shape: [1, F],
    };
    expectError(() => stream.push(frame), "ERR_DISPOSED");
  });

  it("by giving another answer each time", async () => {
    const gru = built();
    let reads = 0;
    const answers = [data(), new Float32Array(1), new Float32Array(new SharedArrayBuffer(4))];
    const sly = {
      get data() {
        return answers[reads++ % 3] as Float32Array;
      },
      shape,
    };
    const wanted = gru.call(inputs());
    expect(await gru.callAsync(sly, { transfer: true })).toEqual(wanted);
    expect(answers[0]?.length).toBe(0);
    let asked = 0;
    const shapes = new Proxy([1, 2, F], {
      get: (own, key) => (key === "0" && asked++ > 0 ? 1000 : Reflect.get(own, key)),
    });
    expect(gru.call({ data: data(), shape: shapes })).toEqual(wanted);
  });
});

describe("a property that somebody put on Object.prototype", () => {
  const polluted = Object.prototype as { foo?: unknown };
  afterEach(() => {
    delete polluted.foo;
  });

  it("is no argument of anything", async () => {
    const gru = built();
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
  const gru = built();
  const code: GRUErrorCode = "ERR_ARGUMENT";
  const signal = { aborted: false, addEventListener: boom, removeEventListener() {} } as never;
  await expectRejection(() => gru.callAsync(inputs(), { signal }), code, /signal/);
  await expectRejection(() => gru.forwardAsync(inputs(), { signal }), code, /signal/);
  await expectRejection(() => createBatcher(gru, { maxBatch: 1 }).callAsync(inputs(), { signal }), code, /signal/);
  expect(await gru.callAsync(inputs())).toEqual(gru.call(inputs()));
});
