// Lists that are no lists: with holes, and proxies that cannot be read. And strides that mean nothing.
import {
  Bidirectional,
  constraints,
  GRU,
  GRUStack,
  initializers,
  optimizers,
  saveModelWeights,
  Variable,
} from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectError, expectRejection } from "./support.js";

/** The longest possible list, which is empty. Visiting every hole takes minutes. */
const holes = () => new Array<never>(2 ** 32 - 1);

describe("a list of holes is refused at the first", () => {
  it("of layers, variables, names and axes", async () => {
    const gru = new GRU(2);
    gru.build([null, null, 3]);
    await expectRejection(() => saveModelWeights("none.weights.h5", holes()), "ERR_ARGUMENT", /layers\[0\]/);
    expectError(() => new optimizers.SGD().build(holes()), "ERR_ARGUMENT", /variables\[0\]/);
    expectError(() => new optimizers.SGD().excludeFromWeightDecay({ names: holes() }), "ERR_ARGUMENT", /names/);
    expectError(() => new constraints.MaxNorm({ axis: holes() }), "ERR_ARGUMENT", /axis/);
    expectError(() => new GRU(2, { input_shape: holes() } as never), "ERR_ARGUMENT", /input_shape/);
    expectError(
      () => gru.call([[[1, 2, 3]]], { initial_state: holes() as never }),
      "ERR_SHAPE",
      /initial_state|levels/,
    );
  });
});

describe("a proxy that cannot be read", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();

  it("is an argument that cannot be read, everywhere", async () => {
    await expectRejection(
      () => saveModelWeights("none.weights.h5", proxy as never),
      "ERR_ARGUMENT",
      /saveModelWeights|layers/,
    );
    expectError(() => new optimizers.SGD({ learning_rate: proxy as never }), "ERR_ARGUMENT", /learning_rate/);
    expectError(() => Object.assign(new optimizers.SGD(), { learning_rate: proxy }), "ERR_ARGUMENT", /learning_rate/);
    expectError(() => optimizers.get(proxy), "ERR_ARGUMENT", /identifier/);
    expectError(() => new initializers.VarianceScaling(proxy), "ERR_ARGUMENT", /VarianceScaling/);
    const gru = new GRU(2, { stateful: true });
    expectError(() => gru.resetState(proxy as never), "ERR_ARGUMENT", /resetState/);
    for (const layer of [gru, new Bidirectional(new GRU(2)), new GRUStack([new GRU(2)])]) {
      const load = layer.loadWeights.bind(layer) as (source: string, args: unknown) => Promise<void>;
      await expectRejection(() => load("none.weights.h5", proxy), "ERR_ARGUMENT", /loadWeights/);
    }
  });

  it("is an argument of the method that was called", async () => {
    const gru = new GRU(2);
    for (const layer of [gru, new Bidirectional(gru), new GRUStack([new GRU(2)])]) {
      for (const method of ["call", "forward", "callAsync", "forwardAsync"] as const) {
        const call = async () => await layer[method]([[[1, 2, 3]]], { mask: proxy as never });
        await expectRejection(call, "ERR_ARGUMENT", new RegExp(`for \`${method}\``));
      }
    }
  });

  it("is no loss to scale, and neither is anything but a number", () => {
    const inner = new optimizers.SGD();
    for (const optimizer of [inner, new optimizers.LossScaleOptimizer({ inner_optimizer: new optimizers.SGD() })]) {
      for (const loss of [proxy, "1", 1n, undefined, new Variable([1])]) {
        expectError(() => optimizer.scaleLoss(loss as never), "ERR_ARGUMENT", /loss/);
      }
    }
    expect(inner.scaleLoss(Number.NaN)).toBeNaN();
  });
});

it("ignores the stride of an axis of one element, however large", () => {
  const gru = new GRU(2, { seed: 1 });
  gru.build([null, null, 1]);
  const data = Float32Array.from([1, 2, 3, 4, 5, 6, 7]);
  const expected = gru.call([[[1], [3], [5]]]).data;
  for (const stride of [Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER]) {
    expect(gru.call({ data, shape: [1, 3, 1], strides: [0, 2, stride] }).data).toEqual(expected);
    expect(gru.call({ data, shape: [1, 3, 1], strides: [stride, 2, 1] }).data).toEqual(expected);
  }
});

describe("a list that lies about its length", () => {
  const lying = (length: unknown) =>
    new Proxy([1], { get: (list, key) => (key === "length" ? length : list[key as never]) });

  it("is not taken for the layers of a stack", () => {
    for (const length of [Number.NaN, -1, "x", {}]) {
      expectError(() => new GRUStack(lying(length) as never), "ERR_ARGUMENT", /at least one layer for `layers`/);
    }
  });

  it("is not printed to find out which module it names", () => {
    const gru = { class_name: "GRU", config: new GRU(2).getConfig(), module: lying(2 ** 32 - 1) };
    expectError(() => GRU.fromConfig(gru as never), "ERR_ARGUMENT", /GRU/);
    const both = { class_name: "Bidirectional", config: {}, module: lying(2 ** 32 - 1) };
    expectError(() => Bidirectional.fromConfig(both as never), "ERR_ARGUMENT", /Bidirectional/);
  });
});

describe("a value with more properties than a message can show", () => {
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`key${i}`, i]));

  it("is named and not shown", () => {
    const gru = new GRU(2);
    for (const [value, code] of [
      [many, "ERR_ARGUMENT"],
      [{ data: many }, "ERR_DTYPE"],
      [[many], "ERR_DTYPE"],
    ] as const) {
      expectError(() => gru.call(value as never), code, /too many properties to show/);
    }
    expectError(() => new GRU({ units: [many] } as never), "ERR_ARGUMENT", /too many properties to show/);
  });
});
