// The channel "cudnn-gru:call".
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { CallEvent, GRU } from "cudnn-gru";
import { backendInfo, configure, tensor } from "cudnn-gru";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expectError, expectRejection, layer, random } from "../layers/support.js";
import { runChild } from "./support.js";

const F = 3;
const U = 5;
const inputs = random([2, 7, F]);
const CHANNEL = "cudnn-gru:call";

type Times = "queued" | "computed";

let events: CallEvent[] = [];
const listen = (event: unknown) => {
  events.push(event as CallEvent);
};

beforeEach(() => {
  events = [];
  subscribe(CHANNEL, listen);
});
afterEach(() => {
  unsubscribe(CHANNEL, listen);
});

function endless(gru: GRU, signal: AbortSignal) {
  const timesteps = 20_000_000;
  return gru.callAsync(tensor(new Float32Array(timesteps * F), [1, timesteps, F]), { signal, transfer: true });
}

const facts = { path: "cpu", batch: 2, timesteps: 7, features: F, units: U, dtype: "float32" };

describe("the diagnostics channel", () => {
  it("has one event a synchronous call", () => {
    const gru = layer(U, F, { name: "encoder" });
    gru.call(inputs);
    gru.call(inputs, { training: true });
    expect(events).toHaveLength(2);
    expect(events[0]).toEqual({ layer: "encoder", ...facts, async: false, queued: 0, computed: expect.any(Number) });
    expect(events[0]?.computed).toBeGreaterThan(0);
  });

  it("has one event an asynchronous call, before its promise settles", async () => {
    const gru = layer(U, F, { name: "decoder", dtype: "float64", return_sequences: true });
    let seen = -1;
    await gru.callAsync(inputs).then(() => {
      seen = events.length;
    });
    expect(seen).toBe(1);
    expect(events).toEqual([
      {
        layer: "decoder",
        ...facts,
        dtype: "float64",
        async: true,
        queued: expect.any(Number),
        computed: expect.any(Number),
      },
    ]);
    const [{ queued, computed }] = events as [CallEvent];
    expect(queued).toBeGreaterThanOrEqual(0);
    expect(computed).toBeGreaterThan(0);
  });

  it("names the dtype of the outputs", async () => {
    layer(U, F, { dtype: "mixed_float16" }).call(inputs);
    await layer(U, F, { dtype: "bfloat16" }).callAsync(inputs);
    expect(events.map(({ dtype }) => dtype)).toEqual(["float16", "bfloat16"]);
  });

  it("counts the wait for earlier calls on a stateful layer as time in the queue", async () => {
    const gru = layer(64, F, { stateful: true });
    const long = random([2, 4000, F]);
    await Promise.all([gru.callAsync(long), gru.callAsync(long)]);
    const [first, second] = events as [CallEvent, CallEvent];
    // The second waits while the first computes.
    expect(second.queued).toBeGreaterThan(0.9 * (first.computed as number));
  });

  it("counts the wait of forwardAsync for a thread as time in the queue", async () => {
    const { threads } = backendInfo().cpu;
    configure({ threads: 2 });
    try {
      const gru = layer(U, F);
      // Both threads are busy until these calls are aborted.
      const controller = new AbortController();
      const running = [endless(gru, controller.signal), endless(gru, controller.signal)];
      const started = performance.now();
      const passes = Array.from({ length: 8 }, () => gru.forwardAsync(inputs));
      await new Promise((resolve) => setTimeout(resolve, 100));
      const busy = performance.now() - started;
      controller.abort();
      await Promise.all(running.map((call) => expectRejection(() => call, "ERR_ABORTED")));
      for (const pass of await Promise.all(passes)) pass.dispose();
      const whole = performance.now() - started;

      const waited = events.filter(({ error }) => error === undefined) as (CallEvent & Record<Times, number>)[];
      expect(waited).toHaveLength(8);
      for (const { async, queued, computed } of waited) {
        expect(async).toBe(true);
        expect(queued).toBeGreaterThan(busy / 2);
        expect(computed).toBeGreaterThan(0);
        expect(queued + computed).toBeLessThanOrEqual(whole);
      }
    } finally {
      configure({ threads });
    }
  });

  it("tells of calls that fail after they were accepted", async () => {
    const gru = layer(U, F);
    const controller = new AbortController();
    const promise = endless(gru, controller.signal);
    await new Promise((resolve) => setTimeout(resolve, 10));
    controller.abort();
    const error = await expectRejection(() => promise, "ERR_ABORTED");
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ async: true, timesteps: 20_000_000, queued: null, computed: null, error });
    expect(events[0]?.error).toBe(error);

    const out = new Float32Array(2 * U);
    const failing = gru.callAsync(inputs, { out });
    structuredClone(out.buffer, { transfer: [out.buffer] });
    const later = await expectRejection(() => failing, "ERR_ARGUMENT");
    // The computation itself came to its end.
    expect(events[1]).toMatchObject({ queued: expect.any(Number), computed: expect.any(Number), error: later });
  });

  it("tells of calls that are aborted while they wait for their turn", async () => {
    const gru = layer(U, F, { stateful: true });
    const gate = new AbortController();
    const running = endless(gru, gate.signal);
    const controller = new AbortController();
    const waiting = gru.callAsync(inputs, { signal: controller.signal });
    controller.abort();
    await expectRejection(() => waiting, "ERR_ABORTED");
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ batch: 2, queued: null, computed: null });
    gate.abort();
    await expectRejection(() => running, "ERR_ABORTED");
    expect(events).toHaveLength(2);
  });

  it("has nothing of calls that were refused, nor of warmUp", async () => {
    const gru = layer(U, F);
    expectError(() => gru.call(random([2, 7, F + 1])), "ERR_SHAPE");
    await expectRejection(() => gru.callAsync(inputs, { lengths: [1] }), "ERR_SHAPE");
    await expectRejection(() => gru.callAsync(inputs, { signal: AbortSignal.abort() }), "ERR_ABORTED");
    await gru.warmUp({ batch: 2, timesteps: 2 });
    gru.dispose();
    expectError(() => gru.call(inputs), "ERR_DISPOSED");
    expect(events).toEqual([]);
  });

  it("says nothing to those who have unsubscribed, and nothing of calls submitted before", async () => {
    const gru = layer(U, F);
    unsubscribe(CHANNEL, listen);
    const before = gru.callAsync(inputs);
    subscribe(CHANNEL, listen);
    await before;
    expect(events).toEqual([]);
    const after = gru.callAsync(inputs);
    unsubscribe(CHANNEL, listen);
    await after;
    gru.call(inputs);
    expect(events).toEqual([]);
  });

  it("lets subscribers call the layer, stateful too", async () => {
    const gru = layer(U, F, { stateful: true });
    const twin = layer(U, F, { stateful: true });
    const wanted = [twin.call(inputs), twin.call(inputs), twin.call(inputs), twin.call(inputs)];
    const inner: unknown[] = [];
    const once = () => {
      unsubscribe(CHANNEL, once);
      inner.push(gru.call(inputs));
    };
    subscribe(CHANNEL, once);
    expect(gru.call(inputs)).toEqual(wanted[0]);
    subscribe(CHANNEL, once);
    expect(await gru.callAsync(inputs)).toEqual(wanted[2]);
    expect(inner).toEqual([wanted[1], wanted[3]]);
  });

  it("turns what a subscriber throws into an uncaught exception, not into the call's failure", async () => {
    const ended = await runChild(`
      import { subscribe } from "node:diagnostics_channel";
      subscribe("cudnn-gru:call", () => { throw new Error("the subscriber's"); });
      process.on("uncaughtException", ({ message }) => console.log(message));
      const gru = built(2, 1);
      console.log(gru.call([[[1]]]).shape.join());
      console.log((await gru.callAsync([[[1]]])).shape.join());`);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(ended.stdout.split("\n").sort()).toEqual(["1,2", "1,2", "the subscriber's", "the subscriber's"]);
  });
});
