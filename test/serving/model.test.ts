// A batcher of a whole model: each request gets the bits that predict returns for it alone.
import { createBatcher, type Tensor } from "cudnn-gru";
import type { ModelInputs } from "cudnn-gru/models";
import { describe, expect, it } from "vitest";
import { expectError, expectRejection, random } from "../layers/support.js";
import { asMine, edited, golden, loadKerasModel } from "../models/edited.js";

const load = (name: string) => loadKerasModel(golden(name).bytes);

describe("a batcher of a model", () => {
  it("combines requests of the same shapes, and each gets the bits that it would get alone", async () => {
    const model = await load("causal/classifier");
    const batcher = createBatcher(model, { maxBatch: 8 });
    const requests = Array.from({ length: 12 }, (_, index) => random([1 + (index % 3), 3 + (index % 2), 4], index + 1));
    const promises = requests.map((inputs) => batcher.callAsync(inputs));
    expect(batcher.waiting + batcher.running).toBeGreaterThan(0);
    const results = await Promise.all(promises);
    for (const [index, result] of results.entries()) expect(result).toEqual(model.predict(requests[index] as Tensor));
    batcher.dispose();
    model.dispose();
  });

  it("returns lists and objects as the model does, for several inputs", async () => {
    const model = await load("causal/two_inputs");
    const batcher = createBatcher(model, { maxBatch: 64 });
    const requests = [1, 2, 3].map((seed) => ({ a: random([2, 5, 4], seed), b: random([2, 5, 2], seed + 9) }));
    const results = await Promise.all(requests.map((inputs) => batcher.callAsync(inputs)));
    expect(Object.keys(results[0] as object).sort()).toEqual(["last", "sequence"]);
    for (const [index, result] of results.entries())
      expect(result).toEqual(model.predict(requests[index] as ModelInputs));
    batcher.dispose();
    model.dispose();
  });

  it("shares calls: a layer in JavaScript sees the samples of several requests", async () => {
    const denoiser = golden("causal/denoiser");
    const rows: number[] = [];
    const file = edited(denoiser, (config) => asMine(config, "Concatenate"));
    const model = await loadKerasModel(file, {
      custom_objects: {
        Concatenate: ({ inputs }) => {
          const [{ shape }] = inputs as [Tensor];
          rows.push(shape[0] as number);
          return { data: new Float32Array((shape[0] as number) * 9 * 15), shape: [shape[0] as number, 9, 15] };
        },
      },
    });
    const batcher = createBatcher(model, { maxBatch: 8 });
    await Promise.all(Array.from({ length: 4 }, (_, index) => batcher.callAsync(random([1, 9, 6], index))));
    expect(rows.filter((count) => count > 1).length).toBeGreaterThan(0);
    batcher.dispose();
    model.dispose();
  });

  it("does not combine requests of a model that mixes the samples of a batch", async () => {
    const mixing = golden("operations_reductions/batch_max");
    const [{ inputs }] = mixing.calls as [(typeof mixing.calls)[0]];
    const model = await loadKerasModel(mixing.bytes);
    const alone = model.predict(inputs as ModelInputs);
    const batcher = createBatcher(model, { maxBatch: 64 });
    const results = await Promise.all([1, 2, 3].map(() => batcher.callAsync(inputs as ModelInputs)));
    for (const result of results) expect(result).toEqual(alone);
    batcher.dispose();
    model.dispose();
  });

  it("refuses a bad request alone", async () => {
    const model = await load("causal/classifier");
    const batcher = createBatcher(model, { maxBatch: 8, maxQueue: 2 });
    const good = batcher.callAsync(random([1, 3, 4]));
    await expectRejection(() => batcher.callAsync(random([1, 3, 5])), "ERR_SHAPE", /inputs/);
    await expectRejection(() => batcher.callAsync(random([1, 3, 4]), { mask: 1 } as never), "ERR_ARGUMENT", /mask/);
    const signal = AbortSignal.abort();
    await expectRejection(() => batcher.callAsync(random([1, 3, 4]), { signal }), "ERR_ABORTED");
    expect(((await good) as Tensor).shape).toEqual([1, 2]);
    const aborter = new AbortController();
    const late = batcher.callAsync(random([1, 3, 4]), { signal: aborter.signal });
    const other = batcher.callAsync(random([1, 3, 4], 5));
    await expectRejection(() => batcher.callAsync(random([1, 3, 4])), "ERR_BUSY", /maxQueue/);
    aborter.abort();
    await expectRejection(() => late, "ERR_ABORTED");
    expect(await other).toEqual(model.predict(random([1, 3, 4], 5)));
    batcher.dispose();
    model.dispose();
    expectError(() => createBatcher(model, { maxBatch: 8 }), "ERR_DISPOSED", /model/);
  });

  it("refuses a stateful model", async () => {
    const model = await load("stateful/stack");
    expectError(() => createBatcher(model, { maxBatch: 8 }), "ERR_ARGUMENT", /a model that is not stateful.*`model`/);
    model.dispose();
  });
});
