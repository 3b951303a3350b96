import { channel } from "node:diagnostics_channel";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Batcher,
  type BatcherCallArguments,
  backendInfo,
  type CallEvent,
  configure,
  createBatcher,
  GRU,
  type GRUArguments,
  type Tensor,
  tensor,
} from "cudnn-gru";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { partsOf } from "../../dist/layers/layer.js";
import type { LayerParts } from "../../dist/layers/layer_parts.js";
import { count, expectError, expectRejection, layer, numbers, random } from "../layers/support.js";

/** Calls of the layer that have ended since the test began. */
let calls: CallEvent[] = [];
const note = (event: unknown) => calls.push(event as CallEvent);

beforeEach(() => {
  calls = [];
  channel("cudnn-gru:call").subscribe(note);
});

afterEach(() => {
  channel("cudnn-gru:call").unsubscribe(note);
  configure({ maxQueue: Number.POSITIVE_INFINITY });
});

const F = 3;

interface Request {
  inputs: Tensor;
  args: BatcherCallArguments;
}

/** A request of this size, in the dtype; `kind` says what comes with it. */
function makeRequest(gru: GRU, rows: number, timesteps: number, seed: number, kind: number): Request {
  const shape = [rows, timesteps, F];
  const values = numbers(count(shape), seed);
  const dtype = gru.compute_dtype;
  const inputs = dtype === "float32" ? random(shape, seed) : tensor([...values], shape, dtype);
  const args: BatcherCallArguments = {};
  const noise = numbers(rows * timesteps, seed + 1);
  if (kind % 3 === 1) args.lengths = Int32Array.from({ length: rows }, (_, i) => (seed + i) % (timesteps + 1));
  if (kind % 3 === 2)
    args.mask = tensor(
      Uint8Array.from(noise, (v) => (v > -0.3 ? 1 : 0)),
      [rows, timesteps],
      "bool",
    );
  if (kind >= 3) args.initial_state = random([rows, gru.units], seed + 2);
  return { inputs, args };
}

function bits(result: Tensor | [Tensor, Tensor]): unknown {
  const tensors = Array.isArray(result) ? result : [result];
  return tensors.map(({ data, shape, dtype }) => ({
    shape,
    dtype,
    bits: Buffer.from(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength).toString("hex"),
  }));
}

const variants: Record<string, GRUArguments> = {
  defaults: {},
  "all outputs and the state": { return_sequences: true, return_state: true },
  backwards: { return_sequences: true, return_state: true, go_backwards: true },
  "backwards, zero outputs": { return_sequences: true, go_backwards: true, zero_output_for_mask: true },
  "the last output, zero where the request ends masked": { zero_output_for_mask: true, return_state: true },
  "backwards, the last output, zero likewise": { zero_output_for_mask: true, go_backwards: true },
  "reset before, no bias": { return_sequences: true, reset_after: false, use_bias: false },
  softmax: { return_state: true, activation: "softmax" },
  float64: { return_sequences: true, return_state: true, dtype: "float64" },
  float16: { return_sequences: true, return_state: true, dtype: "float16" },
  mixed_bfloat16: { return_sequences: true, return_state: true, dtype: "mixed_bfloat16" },
  "float16 without autocast": { dtype: "float16", autocast: false },
};

describe("createBatcher: the numbers of a call alone, bit for bit", () => {
  it.each(Object.entries(variants))("%s", async (_, args) => {
    const gru = layer(9, F, args);
    const batcher = createBatcher(gru, { maxBatch: 16 });
    const requests = Array.from({ length: 60 }, (_unused, i) =>
      makeRequest(gru, 1 + (i % 3), 1 + ((i * 7) % 20), i + 1, i % 6),
    );
    const results = await Promise.all(requests.map(({ inputs, args: more }) => batcher.callAsync(inputs, more)));
    expect(calls.length).toBeLessThan(25);
    expect(Math.max(...calls.map(({ batch }) => batch))).toBe(16);
    for (const [i, { inputs, args: more }] of requests.entries()) {
      expect(bits(results[i] as Tensor)).toEqual(bits(gru.call(inputs, more) as Tensor));
    }
  });

  it("0 rows, nested arrays, other dtypes, a buffer given away", async () => {
    const gru = layer(4, F, { return_sequences: true });
    const batcher = createBatcher(gru, { maxBatch: 8 });
    const given = random([1, 2, F], 9);
    const alone = [tensor(new Float32Array(0), [0, 5, F]), [[[1, 2, 3]]], tensor(numbers(6), [1, 2, F])];
    const expected = [...alone, given].map((inputs) => bits(gru.call(inputs) as Tensor));
    const results = [...alone.map((inputs) => batcher.callAsync(inputs)), batcher.callAsync(given, { transfer: true })];
    expect(given.data.length).toBe(0);
    expect((await Promise.all(results)).map((result) => bits(result as Tensor))).toEqual(expected);
    expect(calls.filter((call) => call.async).map(({ batch }) => batch)).toEqual([3]);
  });

  it("inputs are copied at once", async () => {
    const gru = layer(4, F);
    const inputs = random([1, 3, F]);
    const expected = bits(gru.call(inputs) as Tensor);
    const result = createBatcher(gru, { maxBatch: 8 }).callAsync(inputs);
    inputs.data.fill(0);
    expect(bits((await result) as Tensor)).toEqual(expected);
  });

  it("results have memory of their own", async () => {
    const batcher = createBatcher(layer(4, F, { return_sequences: true }), { maxBatch: 8 });
    const [a, b] = (await Promise.all([
      batcher.callAsync(random([1, 3, F])),
      batcher.callAsync(random([1, 3, F])),
    ])) as [Tensor, Tensor];
    expect(a.data.buffer).not.toBe(b.data.buffer);
    expect(a.data.byteLength).toBe(a.data.buffer.byteLength);
  });
});

const one = (seed = 1, timesteps = 4) => random([1, timesteps, F], seed);

describe("createBatcher: when calls start", () => {
  it("requests of one turn of the event loop go together; at most maxBatch rows", async () => {
    const batcher = createBatcher(layer(4, F), { maxBatch: 4 });
    await Promise.all(Array.from({ length: 10 }, (_, i) => batcher.callAsync(one(i + 1))));
    expect(calls.map(({ batch }) => batch).sort()).toEqual([2, 4, 4]);
    expect([batcher.waiting, batcher.running]).toEqual([0, 0]);
  });

  it("a request waits for others, for maxDelayMs at most", async () => {
    const batcher = createBatcher(layer(4, F), { maxBatch: 8, maxDelayMs: 60 });
    const start = performance.now();
    const first = batcher.callAsync(one());
    await sleep(10);
    const second = batcher.callAsync(one(2));
    expect(batcher.waiting).toBe(2);
    await Promise.all([first, second]);
    expect(performance.now() - start).toBeGreaterThanOrEqual(59);
    expect(calls.map(({ batch }) => batch)).toEqual([2]);
  });

  it("and not at all when the call is full", async () => {
    const batcher = createBatcher(layer(4, F), { maxBatch: 2, maxDelayMs: 2 ** 31 - 1 });
    await Promise.all([batcher.callAsync(one()), batcher.callAsync(one(2))]);
    expect(calls.map(({ batch }) => batch)).toEqual([2]);
  });

  it("a request after a full call waits for its own delay", async () => {
    const batcher = createBatcher(layer(4, F), { maxBatch: 2, maxDelayMs: 10_000 });
    const full = [batcher.callAsync(one()), batcher.callAsync(one(2))];
    const next = batcher.callAsync(one());
    await Promise.all(full);
    await sleep(50);
    expect(batcher.waiting).toBe(1);
    await batcher.drain();
    expect(await next).toMatchObject({ shape: [1, 4] });
  });

  it("a request of more rows than maxBatch makes a call of its own", async () => {
    const batcher = createBatcher(layer(4, F), { maxBatch: 2 });
    await Promise.all([batcher.callAsync(random([5, 2, F])), batcher.callAsync(one()), batcher.callAsync(one())]);
    expect(calls.map(({ batch }) => batch).sort()).toEqual([2, 5]);
  });

  it("very different lengths do not share a call, nor do masks and lengths", async () => {
    const batcher = createBatcher(layer(4, F), { maxBatch: 100 });
    const mask = tensor(Uint8Array.of(1, 0, 1, 1), [1, 4], "bool");
    await Promise.all([
      ...Array.from({ length: 9 }, (_, i) => batcher.callAsync(one(i + 1, 3))),
      batcher.callAsync(one(1, 50_000)),
      batcher.callAsync(one(2, 40_000)),
      batcher.callAsync(one(3), { mask }),
      batcher.callAsync(one(4), { mask }),
    ]);
    expect(calls.map(({ batch }) => batch).sort()).toEqual([2, 2, 9]);
  });

  it("weights are those at the start of the call", async () => {
    const gru = layer(4, F);
    const result = createBatcher(gru, { maxBatch: 2, maxDelayMs: 20 }).callAsync(one());
    gru.kernel.assign(random([F, 12], 77));
    const expected = bits(gru.call(one()) as Tensor);
    expect(bits((await result) as Tensor)).toEqual(expected);
  });
});

describe("createBatcher: every request for itself", () => {
  it("bad requests are refused alone, and nothing waits for them", async () => {
    const gru = layer(4, F);
    const batcher = createBatcher(gru, { maxBatch: 8 });
    const good = batcher.callAsync(one());
    await expectRejection(() => batcher.callAsync(random([1, 4, F + 1])), "ERR_SHAPE", /`inputs`/);
    await expectRejection(() => batcher.callAsync("no" as never), "ERR_ARGUMENT", /`inputs`/);
    await expectRejection(() => batcher.callAsync(one(), { lengths: [9] }), "ERR_ARGUMENT", /lengths/);
    await expectRejection(() => batcher.callAsync(one(), { mask: [[true]] }), "ERR_SHAPE", /mask/);
    await expectRejection(() => batcher.callAsync(one(), { initial_state: one() }), "ERR_SHAPE", /initial_state/);
    await expectRejection(() => batcher.callAsync(one(), { out: one() } as never), "ERR_ARGUMENT", /`out`/);
    await expectRejection(() => batcher.callAsync(one(), { training: true } as never), "ERR_ARGUMENT", /`training`/);
    await expectRejection(() => batcher.callAsync(one(), { signal: 3 as never }), "ERR_ARGUMENT", /signal/);
    await expectRejection(() => batcher.callAsync(one(), 3 as never), "ERR_ARGUMENT");
    expect(bits((await good) as Tensor)).toEqual(bits(gru.call(one()) as Tensor));
  });

  it("an abort while waiting rejects that one at once", async () => {
    const gru = layer(4, F);
    const batcher = createBatcher(gru, { maxBatch: 3, maxDelayMs: 2 ** 31 - 1 });
    const gate = new AbortController();
    const [a, b] = [batcher.callAsync(one(1)), batcher.callAsync(one(2), { signal: gate.signal })];
    const rejected = expectRejection(() => b, "ERR_ABORTED");
    gate.abort(new Error("gone"));
    const error = await rejected;
    expect([error.name, (error.cause as Error).message, batcher.waiting]).toEqual(["AbortError", "gone", 1]);
    const others = [batcher.callAsync(one(3)), batcher.callAsync(one(4))];
    for (const [result, seed] of [
      [a, 1],
      [others[0], 3],
      [others[1], 4],
    ] as const) {
      expect(bits((await result) as Tensor)).toEqual(bits(gru.call(one(seed)) as Tensor));
    }
    await expectRejection(() => batcher.callAsync(one(), { signal: gate.signal }), "ERR_ABORTED");
  });

  it("an abort while the call runs rejects that one at once, and all of them end the call", async () => {
    const gru = layer(64, F);
    const batcher = createBatcher(gru, { maxBatch: 2 });
    const long = () => random([1, 300_000, F]);
    const gates = [new AbortController(), new AbortController()];
    const results = gates.map(({ signal }) => batcher.callAsync(long(), { signal, transfer: true }));
    expect(batcher.running).toBe(1);
    const first = expectRejection(() => results[0] as Promise<unknown>, "ERR_ABORTED");
    const second = expectRejection(() => results[1] as Promise<unknown>, "ERR_ABORTED");
    gates[0]?.abort();
    await first;
    expect(batcher.running).toBe(1);
    expect(calls).toEqual([]);
    gates[1]?.abort();
    await second;
    await batcher.drain();
    expect(calls.map(({ error }) => (error as { code?: string })?.code)).toEqual(["ERR_ABORTED"]);
  });

  it("a call that fails is made again for each alone, so that only the guilty fail", async () => {
    const gru = layer(4, F);
    const batcher = createBatcher(gru, { maxBatch: 4 });
    const failure = new RangeError("no memory");
    const { path } = partsOf(gru) as LayerParts;
    path.flagsFor = ({ batch, timesteps }) => {
      if (batch !== 1 || timesteps === 7) throw failure;
      return 0;
    };
    const results = await Promise.allSettled([1, 7, 2, 3].map((steps) => batcher.callAsync(one(steps, steps))));
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect((results[1] as PromiseRejectedResult).reason).toBe(failure);
    const { value } = results[3] as PromiseFulfilledResult<Tensor>;
    expect(bits(value)).toEqual(bits(gru.call(one(3, 3)) as Tensor));
    expect(batcher.running).toBe(0);
  });
});

describe.each([1, 2, 3])("createBatcher: 400 random requests with random aborts, seed %s", (seed) => {
  it("each is settled once, with its own numbers, or by its own signal", async () => {
    const gru = layer(7, F, { return_sequences: seed % 2 === 0, return_state: seed > 1 });
    const batcher = createBatcher(gru, { maxBatch: 5 + seed * 4, maxDelayMs: seed - 1 });
    const noise = numbers(2000, seed).map((value) => Math.abs(value));
    let at = 0;
    const next = (limit: number) => Math.floor((noise[at++ % noise.length] as number) * limit);
    let aborts = 0;
    const check = async (index: number) => {
      const { inputs, args } = makeRequest(gru, next(4), 1 + next(30), index + 1, next(6));
      const gate = new AbortController();
      const doomed = next(5) === 0;
      const result = batcher.callAsync(inputs, { ...args, signal: gate.signal });
      if (doomed) setTimeout(() => gate.abort(), next(4));
      try {
        expect(bits((await result) as Tensor)).toEqual(bits(gru.call(inputs, args) as Tensor));
      } catch (error) {
        if (!gate.signal.aborted) throw error;
        expect((error as { code: string }).code).toBe("ERR_ABORTED");
        aborts += 1;
      }
    };
    const checks: Promise<void>[] = [];
    for (let index = 0; index < 400; index++) {
      checks.push(check(index));
      if (next(3) === 0) await sleep(next(2));
    }
    await Promise.all(checks);
    await batcher.drain();
    expect([batcher.waiting, batcher.running]).toEqual([0, 0]);
    expect(aborts).toBeGreaterThan(0);
  });
});

describe("createBatcher: back-pressure and the end", () => {
  it("refuses more than maxQueue waiting requests, and takes them again later", async () => {
    const gru = layer(4, F);
    const batcher = createBatcher(gru, { maxBatch: 8, maxQueue: 2, maxDelayMs: 5 });
    const waiting = [batcher.callAsync(one(1)), batcher.callAsync(one(2))];
    const kept = one(3);
    await expectRejection(() => batcher.callAsync(kept, { transfer: true }), "ERR_BUSY", /maxQueue: 2/);
    expect(kept.data.length).toBe(12);
    await Promise.all(waiting);
    await batcher.callAsync(kept);
  });

  it("no more calls run at one time than there are threads; meanwhile requests gather", async () => {
    const { threads } = backendInfo().cpu;
    configure({ threads: 1 });
    const gru = layer(32, F);
    const batcher = createBatcher(gru, { maxBatch: 64 });
    const first = batcher.callAsync(random([64, 2000, F]));
    expect(batcher.running).toBe(1);
    const others = Array.from({ length: 10 }, (_, i) => batcher.callAsync(one(i + 1)));
    await new Promise(setImmediate);
    expect([batcher.running, batcher.waiting]).toEqual([1, 10]);
    await Promise.all([first, ...others]);
    configure({ threads });
    expect(calls.map(({ batch }) => batch)).toEqual([64, 10]);
  });

  it("drain starts what waits and resolves when all has settled", async () => {
    const batcher = createBatcher(layer(4, F), { maxBatch: 4, maxDelayMs: 2 ** 31 - 1 });
    await batcher.drain();
    let settled = 0;
    const results = Array.from({ length: 6 }, () => batcher.callAsync(one()).then(() => settled++));
    await batcher.drain();
    expect(settled).toBe(6);
    await Promise.all(results);
    const later = batcher.callAsync(one());
    expect(batcher.waiting).toBe(1);
    await Promise.all([batcher.drain(), batcher.drain(), later]);
  });

  it("dispose rejects what waits, lets what runs end, and refuses the rest", async () => {
    const gru = layer(4, F);
    const batcher = createBatcher(gru, { maxBatch: 2, maxDelayMs: 2 ** 31 - 1 });
    const running = [batcher.callAsync(one(1)), batcher.callAsync(one(2))];
    const waiting = batcher.callAsync(one(3));
    const rejected = expectRejection(() => waiting, "ERR_DISPOSED", /batcher/);
    batcher.dispose();
    batcher[Symbol.dispose]();
    await rejected;
    await batcher.drain();
    expect((await Promise.all(running)).length).toBe(2);
    await expectRejection(() => batcher.callAsync(one()), "ERR_DISPOSED", /batcher/);
    expect((gru.call(one()) as Tensor).shape).toEqual([1, 4]);
  });

  it("a disposed layer rejects every request", async () => {
    const gru = layer(4, F);
    const batcher = createBatcher(gru, { maxBatch: 4 });
    const results = [batcher.callAsync(one(1)), batcher.callAsync(one(2))];
    gru.dispose();
    for (const result of results) await expectRejection(() => result, "ERR_DISPOSED", /layer/);
    expectError(() => createBatcher(gru, { maxBatch: 4 }), "ERR_DISPOSED");
  });

  it("bad arguments", () => {
    const gru = layer(4, F);
    const make = (args: unknown, of: unknown = gru) => createBatcher(of as GRU, args as never) as Batcher;
    expectError(() => make({}), "ERR_ARGUMENT", /`maxBatch`/);
    expectError(() => make({ maxBatch: 0 }), "ERR_ARGUMENT", /`maxBatch`/);
    expectError(() => make({ maxBatch: 1, maxDelayMs: -1 }), "ERR_ARGUMENT", /`maxDelayMs`/);
    expectError(() => make({ maxBatch: 1, maxDelayMs: Number.NaN }), "ERR_ARGUMENT", /`maxDelayMs`/);
    expectError(() => make({ maxBatch: 1, maxDelayMs: Infinity }), "ERR_ARGUMENT", /`maxDelayMs`/);
    expectError(() => make({ maxBatch: 1, maxQueue: 0 }), "ERR_ARGUMENT", /`maxQueue`/);
    expectError(() => make({ maxBatch: 1, maxqueue: 1 }), "ERR_ARGUMENT", /maxQueue/);
    expectError(() => make(undefined), "ERR_ARGUMENT", /an object \{ maxBatch, … \} for `arguments of createBatcher`/);
    expectError(() => make({ maxBatch: 1 }, {}), "ERR_ARGUMENT", /or a model of loadKerasModel for `layer`/);
    expectError(() => make({ maxBatch: 1 }, new GRU(3)), "ERR_NOT_BUILT", /createBatcher/);
    expectError(
      () => make({ maxBatch: 1 }, layer(4, F, { stateful: true })),
      "ERR_ARGUMENT",
      /a layer that is not stateful.*`layer`/,
    );
    const own = { name: "own", forward: () => {}, backward: () => {} };
    expectError(
      () => make({ maxBatch: 1 }, layer(4, F, { activation: own as never })),
      "ERR_ARGUMENT",
      /createBatcher/,
    );
  });
});
