// Native memory: V8 knows its size, and it is freed.
import { describe, expect, it } from "vitest";
import { runChild } from "./support.js";

/** Rounds of the soak; a longer one is asked for by the environment. */
const CALLS = Number(process.env.CUDNN_GRU_TEST_CALLS ?? 3000);

describe("native memory", () => {
  // process.memoryUsage().external counts array buffers only, so this shows by what V8 does: it collects objects that are
  // tiny to it, and which it would keep until megabytes of them had come, once it knows what they hold.
  it("is told to V8, which collects what nobody holds", async () => {
    const ended = await runChild(`
      const { native } = await import(new URL("native/load.js", import.meta.resolve("cudnn-gru")));
      const { NativeGru } = native();
      const units = 512, features = 256;
      const activation = { name: "tanh", parameters: [] };
      const description =
        { dtype: "float32", features, units, resetAfter: true, activation, recurrentActivation: activation, stateRounding: null,
          cudaDevice: 0 };
      const kernel = new Float32Array(features * 3 * units);
      const recurrent = new Float32Array(units * 3 * units);
      const one = new NativeGru(description);
      one.setWeights(kernel, recurrent, null);
      let most = 0;
      for (let i = 0; i < 300; i++) {
        new NativeGru(description).setWeights(kernel, recurrent, null);
        most = Math.max(most, memoryUsage().weights);
        if (i % 10 === 0) await sleep(1);
      }
      console.log(most < 100 * one.memoryUsage(), one.memoryUsage() > 4 * (kernel.length + recurrent.length));`);
    expect(ended).toMatchObject({ code: 0, stdout: "true true", stderr: "" });
  });

  it("of layers that nobody disposes comes back", async () => {
    const ended = await runChild(`
      let most = 0;
      for (let i = 0; i < 300; i++) {
        const gru = built(512, 256, { recurrent_initializer: "zeros", kernel_initializer: "zeros" });
        gru.call(tensor(new Float32Array(256), [1, 1, 256]));
        most = Math.max(most, memoryUsage().weights);
        if (i % 10 === 0) await sleep(1);
      }
      console.log(most < 100 * 3 * 512 * (256 + 512) * 4);`);
    expect(ended).toMatchObject({ code: 0, stdout: "true", stderr: "" });
  });

  it("of a disposed layer comes back at once, its variables at the next collection", async () => {
    const ended = await runChild(
      `// Buffers of the start that a collection would take meanwhile must not count.
      gc();
      await sleep(20);
      gc();
      const start = process.memoryUsage().arrayBuffers;
      const gru = built(512, 256);
      gru.call(tensor(new Float32Array(256), [1, 1, 256]));
      const weights = 3 * 512 * (256 + 512) * 4;
      const during = [memoryUsage().weights, process.memoryUsage().arrayBuffers - start];
      gru.dispose();
      const after = memoryUsage().weights;
      gc();
      await sleep(20);
      gc();
      console.log(during.every((bytes) => bytes >= 0.9 * weights), after, process.memoryUsage().arrayBuffers - start < weights / 10);`,
      { flags: ["--expose-gc"] },
    );
    expect(ended).toMatchObject({ code: 0, stdout: "true 0 true", stderr: "" });
  });
});

describe("a soak", () => {
  it("for the copies of masks and lengths is kept for the next call", async () => {
    const { code, stdout, stderr } = await runChild(`
      configure({ threads: 1 });
      const gru = built(8, 4, { return_sequences: true });
      const inputs = tensor(new Float32Array(100 * 50 * 4), [100, 50, 4]);
      const mask = tensor(new Uint8Array(100 * 50).fill(1), [100, 50], "bool");
      const lengths = new Int32Array(100).fill(30);
      const round = async () => {
        for (const args of [{ mask }, { lengths }]) {
          gru.call(inputs, args);
          await gru.callAsync(inputs, args);
          gru.forward(inputs, args).dispose();
        }
      };
      for (let i = 0; i < 3; i++) await round();
      const before = memoryUsage().scratch;
      for (let i = 0; i < 100; i++) await round();
      console.log(memoryUsage().scratch - before);
    `);
    expect([code, stdout], stderr).toEqual([0, "0"]);
  });

  it(
    `of ${CALLS} calls and as many layers leaves nothing behind`,
    async () => {
      const ended = await runChild(
        `const kept = built(64, 16, { dropout: 0.2, return_sequences: true });
      const inputs = tensor(new Float32Array(4 * 20 * 16).fill(0.25), [4, 20, 16]);
      const round = async (i) => {
        const gru = built(32, 16, { stateful: i % 2 === 0 });
        const controller = new AbortController();
        const calls = [
          kept.callAsync(inputs, { training: i % 3 === 0 }),
          gru.callAsync(inputs),
          gru.callAsync(inputs, { signal: controller.signal }),
          gru.callAsync([[[1]]]),
        ];
        kept.call(inputs);
        if (i % 5 === 0) controller.abort();
        if (i % 2 === 0) gru.dispose();
        await Promise.allSettled(calls);
        if (i % 50 === 0) kept.setWeights(kept.getWeights());
      };
      const settle = async () => {
        for (let i = 0; i < 5; i++) { gc(); await sleep(5); }
        const { rss, external, heapUsed } = process.memoryUsage();
        return { rss, external, heapUsed, ...memoryUsage() };
      };
      for (let i = 0; i < 600; i++) await round(i);
      const before = await settle();
      for (let i = 0; i < ${CALLS}; i++) await round(i);
      const after = await settle();
      console.log(JSON.stringify([before, after]));`,
        {
          // V8 grows its space for young objects by tens of megabytes, which would hide ours.
          flags: ["--expose-gc", "--max-semi-space-size=1"],
          env: { CUDNN_GRU_THREADS: "4" },
          limit: 20_000 + 20 * CALLS,
        },
      );
      expect(ended).toMatchObject({ code: 0, stderr: "" });
      const [before, after] = JSON.parse(ended.stdout);
      expect(after.weights).toBe(before.weights);
      // One scratch memory (at most 64 kB here) for each call that runs at one time.
      expect(after.scratch).toBeLessThan(2 ** 19);
      // A leak of one result a round (a few kB), or of one layer (27 kB), would be far beyond these.
      expect(after.external - before.external).toBeLessThan(2 ** 20);
      expect(after.heapUsed - before.heapUsed).toBeLessThan(4 * 2 ** 20);
      expect(after.rss - before.rss).toBeLessThan(8 * 2 ** 20);
    },
    30_000 + 20 * CALLS,
  );
});
