import { GRU, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectError, expectRejection, layer, outputOf, random } from "./support.js";

const B = 3;
const F = 4;
const U = 5;
const parts = [random([B, 2, F], 1), random([B, 6, F], 2), random([B, 1, F], 3)];

/** The parts as one sequence. */
function joined() {
  const rows = Array.from({ length: B }, (_, row) =>
    parts.flatMap((part) => (part.toArray() as number[][][])[row] ?? []),
  );
  return tensor(rows);
}

const whole = outputOf(layer(U, F).call(joined())).data;
const stateful = () => layer(U, F, { stateful: true });

describe("a stateful layer", () => {
  it("goes on where the last call ended, bit for bit as one long call", () => {
    const gru = stateful();
    const last = parts.map((part) => outputOf(gru.call(part))).at(-1);
    expect(last?.data).toEqual(whole);
    expect(gru.states?.[0].data).toEqual(whole);
  });

  it("built for a large batch takes no memory before its first call", () => {
    const before = process.memoryUsage().arrayBuffers;
    const gru = new GRU(1, { stateful: true });
    gru.build([2 ** 30, null, 1]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
    expectError(() => gru.call(tensor(new Float32Array(1), [1, 1, 1])), "ERR_SHAPE", /1073741824/);
    gru.build([2, null, 1]);
    expect([...(gru.states?.[0].data ?? [])]).toEqual([0, 0]);
    expect(gru.states?.[0].shape).toEqual([2, 1]);
    const large = new GRU(2 ** 10, { stateful: true, recurrent_initializer: "zeros" });
    expectError(() => large.build([2 ** 30, null, 1]), "ERR_OUT_OF_MEMORY");
  });

  it("does so for asynchronous calls submitted at once, in their order", async () => {
    const gru = stateful();
    const outputs = await Promise.all(parts.map((part) => gru.callAsync(part)));
    expect(outputOf(outputs.at(-1) as never).data).toEqual(whole);
  });

  it("has states only after the first call, and gives copies", () => {
    const gru = stateful();
    expect(gru.states).toBeNull();
    gru.call(parts[0] as never);
    const [state] = gru.states ?? [];
    expect([state?.shape, state?.dtype]).toEqual([[B, U], "float32"]);
    state?.data.fill(7);
    expect(gru.states?.[0].data).not.toEqual(state?.data);
  });

  it("keeps states out of the weights", () => {
    const gru = stateful();
    gru.call(parts[0] as never);
    expect(gru.weights.map(({ name }) => name)).toEqual(["kernel", "recurrent_kernel", "bias"]);
  });

  it("gives a returned state that is the caller's own", () => {
    const gru = layer(U, F, { stateful: true, return_state: true });
    const [, state] = gru.call(parts[0] as never) as [never, ReturnType<typeof tensor>];
    const before = gru.states?.[0].data.slice();
    state.data.fill(3);
    expect(gru.states?.[0].data).toEqual(before);
  });

  it("starts from initial_state where it is given, and carries on from there", () => {
    const gru = stateful();
    gru.call(parts[2] as never);
    gru.call(parts[0] as never, { initial_state: new Float32Array(B * U) });
    gru.call(parts[1] as never);
    expect(outputOf(gru.call(parts[2] as never)).data).toEqual(whole);
  });

  it("has float64 states in a float64 layer", () => {
    const gru = layer(U, F, { stateful: true, dtype: "float64" });
    gru.call(parts[0] as never);
    expect(gru.states?.[0].data).toBeInstanceOf(Float64Array);
  });
});

describe("the batch size", () => {
  it("is fixed by the first call", () => {
    const gru = stateful();
    gru.call(parts[0] as never);
    const states = gru.states;
    expectError(() => gru.call(random([B + 1, 2, F])), "ERR_SHAPE", /batch size 3 .*resetState\(\).*batch size 4/);
    expect(gru.states).toEqual(states);
    gru.call(parts[1] as never);
    expect(outputOf(gru.call(parts[2] as never)).data).toEqual(whole);
  });

  it("is fixed by build with a batch, with zeros as states", () => {
    const gru = new GRU(U, { stateful: true });
    gru.build([B, null, F]);
    expect(gru.states?.[0]).toEqual(tensor(new Float32Array(B * U), [B, U]));
    expectError(() => gru.call(random([B + 1, 2, F])), "ERR_SHAPE");
  });

  it("is judged in order for asynchronous calls", async () => {
    const gru = stateful();
    const first = gru.callAsync(parts[0] as never);
    const second = gru.callAsync(random([B + 1, 2, F]));
    await first;
    await expectRejection(() => second, "ERR_SHAPE", /resetState/);
    await expectRejection(() => gru.callAsync(random([B + 1, 2, F])), "ERR_SHAPE", /resetState/);
    expect(gru.states?.[0].shape).toEqual([B, U]);
  });
});

describe("resetState", () => {
  it("sets zeros, and lets the batch size change", () => {
    const gru = stateful();
    gru.call(parts[1] as never);
    gru.resetState();
    expect(gru.states?.[0]).toEqual(tensor(new Float32Array(B * U), [B, U]));
    for (const part of parts) gru.call(part);
    expect(gru.states?.[0].data).toEqual(whole);
    gru.resetState();
    gru.call(random([1, 2, F]));
    expect(gru.states?.[0].shape).toEqual([1, U]);
  });

  it("sets a copy of the state it is given", () => {
    const gru = stateful();
    gru.call(parts[0] as never);
    const saved = gru.states ?? undefined;
    const data = saved?.[0].data.slice() as Float32Array;
    for (const given of [saved, saved?.[0], data, [data], { data: new Float64Array(data), shape: [B, U] }]) {
      gru.resetState(given as never);
      data.fill(data[0] as number, 0, 1);
      gru.call(parts[1] as never);
      expect(outputOf(gru.call(parts[2] as never)).data).toEqual(whole);
    }
  });

  it("refuses states of other shapes, changing nothing", () => {
    const gru = stateful();
    gru.call(parts[0] as never);
    const before = gru.states;
    expectError(() => gru.resetState(new Float32Array(U + 1)), "ERR_SHAPE", /`state`/);
    expectError(() => gru.resetState(random([B, U + 1])), "ERR_SHAPE");
    expectError(() => gru.resetState(random([B, 1, U])), "ERR_SHAPE");
    expectError(() => gru.resetState("zeros" as never), "ERR_ARGUMENT");
    expectError(() => gru.resetState(new BigInt64Array(B * U) as never), "ERR_DTYPE");
    expect(gru.states).toEqual(before);
  });

  it("is for stateful layers only", () => {
    expectError(() => layer(U, F).resetState(), "ERR_STATE");
    expect(layer(U, F).states).toBeNull();
  });
});

describe("while asynchronous calls are pending", () => {
  it("refuses synchronous use of the states", async () => {
    const gru = stateful();
    const pending = parts.map((part) => gru.callAsync(part));
    expectError(() => gru.call(parts[0] as never), "ERR_STATE", /3 pending/);
    expectError(() => gru.resetState(), "ERR_STATE");
    expectError(() => gru.build([B, null, F]), "ERR_STATE");
    await Promise.all(pending);
    expect(gru.states?.[0].data).toEqual(whole);
    gru.resetState();
    gru.call(parts[0] as never);
  });

  it("can be used as soon as the promise has settled, failed or not", async () => {
    const gru = stateful();
    await gru.callAsync(parts[0] as never);
    gru.call(parts[1] as never);
    const controller = new AbortController();
    const pending = gru.callAsync(parts[0] as never, { signal: controller.signal });
    controller.abort();
    await expectRejection(() => pending, "ERR_ABORTED");
    expect(outputOf(gru.call(parts[2] as never)).data).toEqual(whole);
  });

  it("a call in line that is aborted rejects at once and is left out; the rest go on in order", async () => {
    const gru = stateful();
    const controller = new AbortController();
    const first = gru.callAsync(parts[0] as never);
    const skipped = gru.callAsync(parts[2] as never, { signal: controller.signal });
    const second = gru.callAsync(parts[1] as never);
    const third = gru.callAsync(parts[2] as never);
    const settled: string[] = [];
    for (const [name, promise] of Object.entries({ first, skipped, second, third })) {
      promise.then(
        () => settled.push(name),
        () => settled.push(name),
      );
    }
    controller.abort();
    await expectRejection(() => skipped, "ERR_ABORTED");
    await Promise.all([first, second]);
    expect(outputOf(await third).data).toEqual(whole);
    expect(settled.filter((name) => name !== "skipped")).toEqual(["first", "second", "third"]);
  });

  it("a refused call does not disturb those in line", async () => {
    const gru = stateful();
    const first = gru.callAsync(parts[0] as never);
    await expectRejection(() => gru.callAsync(parts[1] as never, { lengths: [1] }), "ERR_SHAPE");
    await first;
    gru.call(parts[1] as never);
    expect(outputOf(gru.call(parts[2] as never)).data).toEqual(whole);
  });

  it("each call in line has the weights of its own submit", async () => {
    const gru = stateful();
    const other = layer(U, F, { stateful: true }, 50);
    const first = gru.callAsync(parts[0] as never);
    const second = gru.callAsync(parts[1] as never);
    gru.setWeights(other.getWeights());
    const third = gru.callAsync(parts[2] as never);
    await Promise.all([first, second]);
    other.resetState(await second.then((output) => outputOf(output)));
    expect(outputOf(await third).data).toEqual(outputOf(other.call(parts[2] as never)).data);
  });
});
