// warmUp, and the memory of calls that have been prepared for.
import { GRU, memoryUsage, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectRejection, layer, random, stateOf } from "../layers/support.js";
import { runChild } from "./support.js";

const F = 16;
const U = 64;

describe("warmUp", () => {
  it("packs the weights and makes scratch memory, so that the first request makes none", async () => {
    const ended = await runChild(`
      const usage = [];
      // A layer that is collected takes its weights with it.
      const kept = [];
      for (const args of [{}, { return_sequences: true }, { reset_after: false }, { dtype: "float64" }]) {
        const gru = built(64, 16, args);
        kept.push(gru);
        const before = memoryUsage();
        await gru.warmUp({ batch: 16, timesteps: 30 });
        const warm = memoryUsage();
        const inputs = tensor(new Float32Array(16 * 30 * 16).fill(0.5), [16, 30, 16]);
        await gru.callAsync(inputs);
        gru.call(inputs);
        const after = memoryUsage();
        usage.push(warm.weights > before.weights, warm.scratch > 0, after.weights === warm.weights, after.scratch === warm.scratch);
      }
      console.log(usage.join(), kept.length);`);
    expect(ended).toMatchObject({ code: 0, stdout: `${Array(16).fill(true).join()} 4`, stderr: "" });
  });

  it("changes nothing that a call could see", async () => {
    const args = { stateful: true, dropout: 0.5, seed: 4, activity_regularizer: "l2", return_state: true } as const;
    const [gru, twin] = [layer(U, F, args), layer(U, F, args)];
    const inputs = random([3, 5, F]);
    expect(gru.call(inputs, { training: true })).toEqual(twin.call(inputs, { training: true }));
    const before = { ...(stateOf(gru) as object), name: gru.name };
    await gru.warmUp({ batch: 7, timesteps: 9 });
    expect({ ...(stateOf(gru) as object), name: gru.name }).toEqual(before);
    expect(gru.call(inputs, { training: true })).toEqual(twin.call(inputs, { training: true }));
  });

  it("may run beside calls, on a stateful layer too", async () => {
    const [gru, twin] = [layer(U, F, { stateful: true }), layer(U, F, { stateful: true })];
    const inputs = random([3, 200, F]);
    const first = gru.callAsync(inputs);
    const warming = gru.warmUp({ batch: 3, timesteps: 200 });
    const second = gru.callAsync(inputs);
    expect(await first).toEqual(twin.call(inputs));
    expect(await second).toEqual(twin.call(inputs));
    await warming;
  });

  it("uses the weights as they are, and the next call those that were set since", async () => {
    const gru = layer(U, F);
    const inputs = random([2, 4, F]);
    const warming = gru.warmUp({ batch: 2, timesteps: 4 });
    gru.setWeights(gru.getWeights().map(({ data, shape }) => tensor(data.slice().fill(0), shape)));
    const result = (await gru.callAsync(inputs)) as { data: ArrayLike<number> };
    expect(new Set(Array.from(result.data))).toEqual(new Set([0]));
    await warming;
  });

  it("prepares layers of 16-bit dtypes", async () => {
    const gru = layer(U, F, { dtype: "mixed_float16" });
    const inputs = random([2, 4, F]);
    const wanted = gru.call(inputs);
    await gru.warmUp({ batch: 2, timesteps: 4 });
    expect(await gru.callAsync(inputs)).toEqual(wanted);
  });

  it("is not for custom activations, which run in synchronous calls only", async () => {
    const activation = {
      name: "twice",
      forward: (x: ArrayLike<number>, out: Float32Array | Float64Array) => {
        for (let i = 0; i < x.length; i++) out[i] = 2 * (x[i] as number);
      },
      backward: () => {},
    };
    const gru = layer(U, F, { activation: activation as never });
    await expectRejection(() => gru.warmUp({ batch: 1, timesteps: 1 }), "ERR_ARGUMENT", /warmUp/);
  });

  it("needs a built layer", async () => {
    const gru = new GRU(U);
    await expectRejection(() => gru.warmUp({ batch: 1, timesteps: 1 }), "ERR_NOT_BUILT", /`warmUp`.*build/);
    expect(gru.built).toBe(false);
  });

  it.each([
    [undefined, "sizes"],
    [null, "sizes"],
    [[1, 2], "sizes"],
    [{}, "batch"],
    [{ batch: 1 }, "timesteps"],
    [{ batch: 0, timesteps: 1 }, "batch"],
    [{ batch: 1, timesteps: 0 }, "timesteps"],
    [{ batch: 1.5, timesteps: 1 }, "batch"],
    [{ batch: "1", timesteps: 1 }, "batch"],
    [{ batch: 1, timesteps: 2 ** 31 }, "timesteps"],
    [{ batch: 1, timesteps: Number.NaN }, "timesteps"],
    [{ batch: 1, timestep: 1 }, "timestep"],
  ])("refuses %j", async (sizes, name) => {
    await expectRejection(() => layer(U, F).warmUp(sizes as never), "ERR_ARGUMENT", `\`${name}\``);
  });

  it("refuses sizes that do not fit memory", async () => {
    const gru = layer(U, F);
    await expectRejection(() => gru.warmUp({ batch: 2 ** 30, timesteps: 2 ** 30 }), "ERR_SHAPE", /`inputs`/);
    await expectRejection(() => gru.warmUp({ batch: 2 ** 20, timesteps: 2 ** 20 }), "ERR_OUT_OF_MEMORY", /`inputs`/);
  });
});

describe("the steady state", () => {
  it("allocates no native memory: one call at a time, several, asynchronous or not", async () => {
    const gru = layer(U, F, { return_sequences: true });
    const inputs = random([8, 40, F]);
    const round = async () => {
      gru.call(inputs);
      await gru.callAsync(inputs);
      await Promise.all(Array.from({ length: 12 }, () => gru.callAsync(inputs)));
    };
    for (let i = 0; i < 20; i++) await round();
    const before = memoryUsage();
    for (let i = 0; i < 50; i++) await round();
    const after = memoryUsage();
    expect(after.scratch).toBe(before.scratch);
    // Layers of other tests may have been collected.
    expect(after.weights).toBeLessThanOrEqual(before.weights);
  });
});
