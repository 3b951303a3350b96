// Calls of whole models: batches with progress, aborts, states, and the end of a model.
import { inspect } from "node:util";
import { type Tensor, tensor } from "cudnn-gru";
import type { ModelInputs } from "cudnn-gru/models";
import { describe, expect, it } from "vitest";
import { expectError, expectRejection, random } from "../layers/support.js";
import { edited, golden, loadKerasModel } from "./edited.js";

const file = golden("causal/classifier").bytes;
const BATCH = 10;
const inputs = random([BATCH, 7, 4]);

describe("predict in batches", () => {
  it("has the bits of one batch, and tells of its progress", async () => {
    const model = await loadKerasModel(file);
    const whole = model.predict(inputs) as Tensor;
    const told: number[][] = [];
    const progress = (done: number, total: number) => told.push([done, total]);
    expect(model.predict(inputs, { batch_size: 4, progress })).toEqual(whole);
    expect(told).toEqual([
      [4, 10],
      [8, 10],
      [10, 10],
    ]);
    expect(await model.predictAsync(inputs, { batch_size: 3, progress })).toEqual(whole);
    expect(told.slice(3).map(([done]) => done)).toEqual([3, 6, 9, 10]);
    model.dispose();
  });

  it("passes on what progress throws, and goes on afterwards", async () => {
    const model = await loadKerasModel(file);
    const broken = () => {
      throw new RangeError("full");
    };
    expect(() => model.predict(inputs, { progress: broken })).toThrow("full");
    await expect(model.predictAsync(inputs, { progress: broken })).rejects.toThrow("full");
    expect((model.predict(inputs) as Tensor).shape).toEqual([BATCH, 2]);
    model.dispose();
  });

  it.each([
    [{ batch_size: 0 }, /batch_size/],
    [{ batch_size: 1.5 }, /batch_size/],
    [{ progress: 3 }, /progress/],
    [{ bach_size: 3 }, /batch_size/],
    [{ signal: {} }, /signal/],
  ])("refuses %j", async (args, message) => {
    const model = await loadKerasModel(file);
    if (!("signal" in args)) expectError(() => model.predict(inputs, args as never), "ERR_ARGUMENT", message);
    await expectRejection(() => model.predictAsync(inputs, args as never), "ERR_ARGUMENT", message);
    model.dispose();
  });
});

describe("a model in words", () => {
  it("is one line, and a summary with Keras's shapes", async () => {
    const model = await loadKerasModel(file);
    const outputs = "(None, 2)";
    expect(String(model)).toMatch(
      /^KerasModel "\w+" of \d+ layers, [\d,]+ parameters: \(None, None, 4\) → \(None, 2\)$/,
    );
    expect(inspect(model)).toBe(String(model));
    expect(model.summary()).toContain(outputs);
    expect(model.summary()).not.toContain("[");
    const line = String(model);
    model.dispose();
    expect(String(model)).toBe(`${line}, disposed`);
  });
});

describe("inputs without a shape", () => {
  it("are refused with the way to say it", async () => {
    const model = await loadKerasModel(file);
    const message = /tensor \(.*received Int32Array.*tensor\(data, \[batch, …, 4\]\)/;
    expectError(() => model.predict(new Int32Array(20) as never), "ERR_ARGUMENT", message);
    await expectRejection(() => model.predictAsync(new Int32Array(20) as never), "ERR_ARGUMENT", message);
    model.dispose();
  });
});

describe("an abort", () => {
  it("before the call", async () => {
    const model = await loadKerasModel(file);
    const signal = AbortSignal.abort("stop");
    const error = await expectRejection(() => model.predictAsync(inputs, { signal }), "ERR_ABORTED");
    expect([error.name, error.cause]).toEqual(["AbortError", "stop"]);
    model.dispose();
  });

  it("while it computes, changes no states", async () => {
    const stateful = golden("stateful/stack");
    const anyLength = edited(stateful, ({ config }) => {
      config.layers[0].config.batch_shape[1] = null;
    });
    const model = await loadKerasModel(anyLength);
    const [first, second] = stateful.calls as [(typeof stateful.calls)[0], (typeof stateful.calls)[0]];
    model.predict(first.inputs as ModelInputs);
    const { data, shape } = first.inputs as unknown as Tensor;
    const [batch, steps, features] = shape as [number, number, number];
    const times = 20_000;
    const long = new Float32Array(data.length * times).fill(0.1);
    const aborter = new AbortController();
    const promise = model.predictAsync(tensor(long, [batch, steps * times, features]), { signal: aborter.signal });
    setTimeout(() => aborter.abort(), 5);
    await expectRejection(() => promise, "ERR_ABORTED");
    const found = model.predict(second.inputs as ModelInputs) as Tensor;
    const other = await loadKerasModel(stateful.bytes);
    other.predict(first.inputs as ModelInputs);
    expect(found).toEqual(other.predict(second.inputs as ModelInputs));
    model.dispose();
    other.dispose();
  });

  it("between batches", async () => {
    const model = await loadKerasModel(file);
    const aborter = new AbortController();
    let done = 0;
    const progress = (count: number) => {
      done = count;
      if (count >= 4) aborter.abort();
    };
    const args = { batch_size: 2, progress, signal: aborter.signal };
    await expectRejection(() => model.predictAsync(inputs, args), "ERR_ABORTED");
    expect(done).toBe(4);
    model.dispose();
  });
});

describe("states", () => {
  const stateful = golden("stateful/stack");
  const [first] = stateful.calls as [(typeof stateful.calls)[0]];
  const given = first.inputs as ModelInputs;

  it("go on from call to call in the order of the calls, and resetState sets them to zeros", async () => {
    const model = await loadKerasModel(stateful.bytes);
    const start = model.predict(given);
    const next = model.predict(given);
    expect(next).not.toEqual(start);
    model.resetState();
    expect(await Promise.all([model.predictAsync(given), model.predictAsync(given)])).toEqual([start, next]);
    const pending = model.predictAsync(given);
    expectError(() => model.predict(given), "ERR_STATE", /pending/);
    expectError(() => model.resetState(), "ERR_STATE", /pending/);
    await pending;
    model.dispose();
  });

  it("keep the batch that the model's Input was made with", async () => {
    const model = await loadKerasModel(stateful.bytes);
    const { shape } = given as Tensor;
    const [batch, ...rest] = shape as [number, number, number];
    model.predict(given);
    model.resetState();
    expectError(() => model.predict(random([batch + 1, ...rest])), "ERR_SHAPE", `Expected ${batch} samples`);
    expect((model.predict(given) as Tensor).shape[0]).toBe(batch);
    model.dispose();
  });

  it("may have another batch after resetState where the Input was made without one", async () => {
    const anyBatch = edited(stateful, ({ config }) => {
      config.layers[0].config.batch_shape[0] = null;
    });
    const model = await loadKerasModel(anyBatch);
    const { shape } = given as Tensor;
    const [batch, ...rest] = shape as [number, number, number];
    model.predict(given);
    expectError(() => model.predict(random([batch + 1, ...rest])), "ERR_SHAPE", /resetState/);
    model.resetState();
    expect((model.predict(random([batch + 1, ...rest])) as Tensor).shape[0]).toBe(batch + 1);
    model.dispose();
  });

  it("of a model without stateful layers are none, and resetState does nothing", async () => {
    const model = await loadKerasModel(file);
    const before = model.predict(inputs);
    model.resetState();
    expect(model.predict(inputs)).toEqual(before);
    model.dispose();
  });

  it("are those from before a failed call", async () => {
    const model = await loadKerasModel(stateful.bytes);
    const start = model.predict(given);
    expectError(() => model.predict(tensor(new Float32Array(3), [1, 3])), "ERR_SHAPE");
    const next = model.predict(given);
    model.resetState();
    expect([model.predict(given), model.predict(given)]).toEqual([start, next]);
    model.dispose();
  });
});

describe("dispose", () => {
  it("lets a running call finish, refuses new ones, and may be called twice", async () => {
    const model = await loadKerasModel(file);
    const wanted = model.predict(inputs);
    const running = model.predictAsync(inputs);
    model.dispose();
    model.dispose();
    expect(await running).toEqual(wanted);
    expectError(() => model.predict(inputs), "ERR_DISPOSED", /model/);
    await expectRejection(() => model.predictAsync(inputs), "ERR_DISPOSED", /model/);
    for (const use of [
      () => model.stream(),
      () => model.explain(),
      () => model.outputs,
      () => model.layers,
      () => model.summary(),
      () => model.resetState(),
    ]) {
      expectError(use, "ERR_DISPOSED", /model/);
    }
  });

  it("is called by `using`", async () => {
    const model = await loadKerasModel(file);
    model[Symbol.dispose]();
    expectError(() => model.predict(inputs), "ERR_DISPOSED");
  });
});
