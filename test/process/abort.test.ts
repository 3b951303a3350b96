// Aborts in any number, at any time.
import { getEventListeners } from "node:events";
import { backendInfo, configure, GRU, type GRUError, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectRejection, layer, outputOf, random, stateOf } from "../layers/support.js";

const F = 4;
const U = 16;

/** Runs for minutes unless it is stopped. */
function endless(gru: GRU, args = {}) {
  const timesteps = 20_000_000;
  return gru.callAsync(tensor(new Float32Array(timesteps * F), [1, timesteps, F]), { ...args, transfer: true });
}

const code = (result: PromiseSettledResult<unknown>) =>
  result.status === "fulfilled" ? "fulfilled" : (result.reason as GRUError).code;

describe("abort", () => {
  it("settles a running call within its current timestep", async () => {
    const controller = new AbortController();
    const promise = endless(layer(U, F), { signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort();
    await expectRejection(() => promise, "ERR_ABORTED");
  });

  it.each([
    ["rows", 64, 128],
    ["units", 1, 512],
  ])("settles a call whose %s are divided among all threads, and frees the threads", async (_, batch, units) => {
    const { threads } = backendInfo().cpu;
    configure({ threads: 3 });
    const gru = layer(units, F);
    const timesteps = 500_000;
    for (let i = 0; i < 3; i++) {
      const controller = new AbortController();
      const data = new Float32Array(batch * timesteps * F);
      const args = { signal: controller.signal, transfer: true };
      const promise = gru.callAsync(tensor(data, [batch, timesteps, F]), args);
      await new Promise((resolve) => setTimeout(resolve, 20));
      controller.abort();
      await expectRejection(() => promise, "ERR_ABORTED");
    }
    const short = random([batch, 40, F]);
    expect(await gru.callAsync(short)).toEqual(gru.call(short));
    configure({ threads });
  });

  it("settles a call that waits for a thread, while those before it go on", async () => {
    const gru = layer(U, F);
    const first = new AbortController();
    // More than any machine has threads to give.
    const running = Array.from({ length: 80 }, () => endless(gru, { signal: first.signal }));
    const all = Promise.allSettled(running);
    const second = new AbortController();
    const waiting = gru.callAsync(random([1, 2, F]), { signal: second.signal });
    second.abort();
    await expectRejection(() => waiting, "ERR_ABORTED");
    let settled = false;
    all.then(() => {
      settled = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(settled).toBe(false);
    first.abort();
    expect(new Set((await all).map(code))).toEqual(new Set(["ERR_ABORTED"]));
  });

  it("in a storm leaves every call either right or aborted", async () => {
    const gru = layer(U, F);
    const inputs = random([2, 300, F]);
    const wanted = gru.call(inputs);
    let fulfilled = 0;
    for (let round = 0; round < 20; round++) {
      const controllers = Array.from({ length: 50 }, () => new AbortController());
      const calls = controllers.map(({ signal }) => gru.callAsync(inputs, { signal }));
      const settled = Promise.allSettled(calls);
      for (const [index, controller] of controllers.entries()) {
        if (index % 3 === round % 3) controller.abort();
        else if (index % 7 === 0) setImmediate(() => controller.abort());
      }
      for (const [index, one] of (await settled).entries()) {
        if (one.status === "fulfilled") {
          fulfilled += 1;
          expect(one.value).toEqual(wanted);
          expect(index % 3).not.toBe(round % 3);
        } else {
          expect(one.reason).toMatchObject({ code: "ERR_ABORTED", name: "AbortError" });
        }
      }
      expect(controllers.flatMap(({ signal }) => getEventListeners(signal, "abort"))).toEqual([]);
    }
    expect(fulfilled).toBeGreaterThanOrEqual(20 * 25);
    expect(await gru.callAsync(inputs)).toEqual(wanted);
  });

  it("of one signal ends all calls that share it", async () => {
    const gru = layer(U, F);
    const warnings: Error[] = [];
    const warned = (warning: Error) => warnings.push(warning);
    process.on("warning", warned);
    const controller = new AbortController();
    const calls = Array.from({ length: 30 }, () => endless(gru, { signal: controller.signal }));
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
    controller.abort("all");
    const settled = await Promise.allSettled(calls);
    expect(settled.map(code)).toEqual(Array(30).fill("ERR_ABORTED"));
    process.off("warning", warned);
    expect(warnings).toEqual([]);
  });

  it("by a timeout has its reason as cause", async () => {
    const error = await expectRejection(() => endless(layer(U, F), { signal: AbortSignal.timeout(10) }), "ERR_ABORTED");
    expect((error.cause as Error).name).toBe("TimeoutError");
  });

  it("while the arguments are read is seen", async () => {
    const gru = new GRU(U);
    const controller = new AbortController();
    const args = {
      signal: controller.signal,
      get training() {
        controller.abort();
        return false;
      },
    };
    await expectRejection(() => gru.callAsync(random([1, 2, F]), args), "ERR_ABORTED");
    expect(gru.built).toBe(false);
  });
});

describe("a stateful layer", () => {
  const parts = Array.from({ length: 40 }, (_, index) => random([2, 5 + (index % 7), F], index + 1));
  const aborted = (index: number) => index % 4 === 1 || index % 5 === 3;

  /** The states after the calls that are not aborted, one after the other. */
  const wanted = (() => {
    const gru = layer(U, F, { stateful: true });
    return parts.map((part, index) => (aborted(index) ? null : outputOf(gru.call(part)).data));
  })();

  it.each([
    ["at submit", (abort: () => void) => abort()],
    ["in a later turn", (abort: () => void) => setImmediate(abort)],
  ])("keeps its calls in order with aborts in the middle, %s", async (when, start) => {
    const gru = layer(U, F, { stateful: true });
    const order: number[] = [];
    // Keeps the others waiting until every abort has come.
    const gate = new AbortController();
    const first = endless(layer(U, F), { signal: gate.signal });
    const controllers = parts.map(() => new AbortController());
    const blocking = endless(gru, { signal: gate.signal });
    const calls = parts.map((part, index) =>
      gru.callAsync(part, { signal: controllers[index]?.signal, initial_state: null }).then((output) => {
        order.push(index);
        return outputOf(output).data;
      }),
    );
    const settled = Promise.allSettled(calls);
    controllers.forEach((controller, index) => {
      if (aborted(index)) start(() => controller.abort());
    });
    setTimeout(() => gate.abort(), when === "at submit" ? 0 : 20);
    await Promise.allSettled([first, blocking]);
    (await settled).forEach((one, index) => {
      if (aborted(index)) expect(code(one)).toBe("ERR_ABORTED");
      else expect(one).toEqual({ status: "fulfilled", value: wanted[index] });
    });
    expect(order).toEqual(parts.map((_, index) => index).filter((index) => !aborted(index)));
  });

  it("settles an aborted call that waits for its turn at once", async () => {
    const gru = layer(U, F, { stateful: true });
    const gate = new AbortController();
    const running = endless(gru, { signal: gate.signal });
    const controller = new AbortController();
    const waiting = gru.callAsync(random([1, 2, F]), { signal: controller.signal });
    controller.abort();
    await expectRejection(() => waiting, "ERR_ABORTED");
    const before = stateOf(gru);
    gate.abort();
    await expectRejection(() => running, "ERR_ABORTED");
    expect(stateOf(gru)).toEqual(before);
    expect(gru.states).toBeNull();
  });
});
