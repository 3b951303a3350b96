// Gradients off the JavaScript thread: aborts, memory, and how processes and workers end meanwhile.
import { configure, memoryUsage, type Tensor, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectRejection, layer, random, stateOf } from "../layers/support.js";
import { runChild } from "./support.js";

const F = 2;
const U = 16;
const BOTH = { return_sequences: true, return_state: true, use_cudnn: false } as const;
const soon = (milliseconds = 10) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Takes a tenth of a second at least, and some hundred megabytes. */
function long(): Tensor<Float32Array> {
  const timesteps = 300_000;
  return tensor(new Float32Array(timesteps * F), [1, timesteps, F]);
}

describe("an abort", () => {
  it("ends a running forwardAsync within its current timestep; nothing is kept, nothing has changed", async () => {
    const gru = layer(U, F, { stateful: true, use_cudnn: false, dropout: 0.5, seed: 2 });
    await gru.forwardAsync(random([1, 3, F])).then((pass) => pass.dispose());
    const before = stateOf(gru);
    const passes = memoryUsage().passes;
    const controller = new AbortController();
    const args = { signal: controller.signal, transfer: true, training: true };
    const running = gru.forwardAsync(long(), args);
    const waiting = gru.forwardAsync(random([1, 3, F]), { signal: controller.signal });
    const both = Promise.all([running, waiting].map((promise) => expectRejection(() => promise, "ERR_ABORTED")));
    await soon();
    controller.abort("enough");
    expect((await both).map(({ cause }) => cause)).toEqual(["enough", "enough"]);
    expect(stateOf(gru)).toEqual(before);
    expect(memoryUsage().passes).toBe(passes);
  });

  it("ends a running backwardAsync, which frees what the pass held; the layer goes on", async () => {
    const gru = layer(U, F, { use_cudnn: false });
    const pass = await gru.forwardAsync(long(), { transfer: true });
    expect(memoryUsage().passes).toBeGreaterThan(300_000 * U * 4);
    const controller = new AbortController();
    const running = pass.backwardAsync({ output: new Float32Array(U).fill(1) }, { signal: controller.signal });
    await soon();
    controller.abort();
    await expectRejection(() => running, "ERR_ABORTED");
    await expectRejection(() => pass.backwardAsync(), "ERR_STATE");
    expect(memoryUsage().passes).toBe(0);
    await (await gru.forwardAsync(random([1, 3, F]))).backwardAsync();
  });

  it("that comes first leaves the pass as it was", async () => {
    const gru = layer(U, F, BOTH);
    const pass = gru.forward(random([2, 3, F]));
    await expectRejection(() => pass.backwardAsync({}, { signal: AbortSignal.abort() }), "ERR_ABORTED");
    expect(await pass.backwardAsync()).toEqual(gru.forward(random([2, 3, F])).backward());
  });

  it("that comes too late does nothing", async () => {
    const controller = new AbortController();
    const pass = await layer(U, F).forwardAsync(random([2, 3, F]), { signal: controller.signal });
    controller.abort();
    expect(pass.backward().inputs.shape).toEqual([2, 3, F]);
  });
});

describe("the memory of passes", () => {
  it("is counted while they live: inputs, state and steps; backward and dispose free it", async () => {
    const gru = layer(64, 32, BOTH);
    const inputs = random([8, 20, 32]);
    expect(memoryUsage().passes).toBe(0);
    const pass = gru.forward(inputs);
    // Inputs, and at least four numbers for each unit and step.
    expect(memoryUsage().passes).toBeGreaterThanOrEqual(4 * (8 * 20 * 32 + 4 * 8 * 20 * 64));
    const more = await Promise.all([1, 2, 3].map(() => gru.forwardAsync(inputs)));
    let most = memoryUsage().passes;
    const expectLess = () => {
      expect(memoryUsage().passes).toBeLessThan(most);
      most = memoryUsage().passes;
    };
    pass.backward();
    expectLess();
    await more[0]?.backwardAsync();
    expectLess();
    gru.dispose();
    expect(memoryUsage().passes).toBe(most);
    more[1]?.dispose();
    expectLess();
    {
      using _last = more[2];
    }
    expect(memoryUsage().passes).toBe(0);
  });

  it("holds the weights of its layer until it goes", () => {
    const start = memoryUsage().weights;
    const gru = layer(64, 32, BOTH);
    const pass = gru.forward(random([1, 2, 32]));
    gru.dispose();
    expect(memoryUsage().weights).toBeGreaterThan(start);
    pass.dispose();
    expect(memoryUsage().weights).toBe(start);
  });

  it("comes back when forward fails, or its results are refused", () => {
    const orthogonal = { activity_regularizer: "orthogonal_regularizer", ...BOTH };
    expect(() => layer(U, F, orthogonal).forward(random([2, 3, F]))).toThrow(/Orthogonal/);
    expect(memoryUsage().passes).toBe(0);
  });

  it("is told to V8, which collects passes that nobody holds", async () => {
    const ended = await runChild(`
      const gru = built(64, 16, { return_sequences: true });
      const inputs = tensor(new Float32Array(8 * 100 * 16), [8, 100, 16]);
      const first = gru.forward(inputs);
      const one = memoryUsage().passes;
      let most = 0;
      for (let i = 0; i < 400; i++) {
        gru.forward(inputs);
        most = Math.max(most, memoryUsage().passes);
        if (i % 5 === 0) await sleep(1);
      }
      console.log(most < 150 * one, first.state.shape.join());`);
    expect(ended).toMatchObject({ code: 0, stdout: "true 8,64", stderr: "" });
  });
});

describe("maxQueue", () => {
  it("counts forwardAsync and backwardAsync; a refused backwardAsync leaves the pass", async () => {
    const gru = layer(U, F, { use_cudnn: false });
    const pass = gru.forward(random([2, 3, F]));
    const controller = new AbortController();
    configure({ maxQueue: 1 });
    try {
      const running = gru.forwardAsync(long(), { signal: controller.signal, transfer: true });
      await expectRejection(() => pass.backwardAsync(), "ERR_BUSY", /backwardAsync/);
      controller.abort();
      await expectRejection(() => running, "ERR_ABORTED");
      await pass.backwardAsync();
    } finally {
      configure({ maxQueue: Number.POSITIVE_INFINITY });
    }
  });
});

const PROGRAM = `
  const timesteps = 300_000;
  const gru = built(16, 2, { use_cudnn: false });
  const input = () => tensor(new Float32Array(timesteps * 2), [1, timesteps, 2]);
`;

describe("a process that ends meanwhile", () => {
  it.each([
    ["forwardAsync", "gru.forwardAsync(input(), { transfer: true });"],
    ["backwardAsync", "const pass = await gru.forwardAsync(input()); pass.backwardAsync();"],
  ])("%s", async (_what, start) => {
    const ended = await runChild(`${PROGRAM} ${start} await sleep(10); console.log("running"); process.exit(3);`);
    expect(ended).toMatchObject({ code: 3, stdout: "running", stderr: "" });
  });

  it("a worker that is terminated, or ends with its passes", async () => {
    const ended = await runChild(`
      const { Worker } = await import("node:worker_threads");
      const { once } = await import("node:events");
      memoryUsage();
      const source = \`
        import { parentPort } from "node:worker_threads";
        import { GRU, tensor } from "cudnn-gru";
        const gru = new GRU(16, { use_cudnn: false });
        const input = (timesteps) => tensor(new Float32Array(timesteps * 2), [1, timesteps, 2]);
        const kept = gru.forward(input(10));
        const pass = await gru.forwardAsync(input(100_000));
        pass.backwardAsync();
        gru.forwardAsync(input(100_000));
        parentPort.postMessage(kept.state.shape);\`;
      for (let round = 0; round < 4; round++) {
        const url = new URL("data:text/javascript," + encodeURIComponent(
          source.replace('"cudnn-gru"', JSON.stringify(import.meta.resolve("cudnn-gru")))));
        const worker = new Worker(url);
        await once(worker, "message");
        if (round % 2 === 0) await worker.terminate();
        else await once(worker, "exit");
      }
      for (let i = 0; i < 100 && memoryUsage().passes > 0; i++) await sleep(20);
      console.log(memoryUsage().passes);`);
    expect(ended).toMatchObject({ code: 0, stdout: "0", stderr: "" });
  });
});

it("a soak of passes leaves nothing behind", async () => {
  const ended = await runChild(
    `const gru = built(32, 16, { return_sequences: true, dropout: 0.2 });
    const inputs = tensor(new Float32Array(4 * 20 * 16).fill(0.25), [4, 20, 16]);
    const round = async (i) => {
      const controller = new AbortController();
      const pass = gru.forward(inputs, { training: i % 2 === 0 });
      const calls = [
        gru.forwardAsync(inputs).then((each) => each.backwardAsync({ output: each.output })),
        gru.forwardAsync(inputs, { signal: controller.signal }).then((each) => each.dispose()),
        pass.backwardAsync({}, { signal: controller.signal }),
      ];
      if (i % 3 === 0) controller.abort();
      gru.forward(inputs).backward();
      await Promise.allSettled(calls);
    };
    const settle = async () => {
      for (let i = 0; i < 5; i++) { gc(); await sleep(5); }
      return { rss: process.memoryUsage().rss, ...memoryUsage() };
    };
    for (let i = 0; i < 400; i++) await round(i);
    const before = await settle();
    for (let i = 0; i < 800; i++) await round(i);
    const after = await settle();
    // A leak of one pass a round would be 100 MB.
    console.log(before.passes, after.passes, after.scratch < 2 ** 19, after.rss - before.rss < 16e6);`,
    { flags: ["--expose-gc", "--max-semi-space-size=1"] },
  );
  expect(ended).toMatchObject({ code: 0, stdout: "0 0 true true", stderr: "" });
});
