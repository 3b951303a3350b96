// The descriptions that objects print as text and on the console.
import { inspect } from "node:util";
import { constraints, createBatcher, GRU, initializers, optimizers, regularizers, tensor, Variable } from "cudnn-gru";
import { expect, it } from "vitest";
import { random } from "../layers/support.js";

const both = (value: unknown): string => {
  expect(inspect(value)).toBe(String(value));
  return String(value);
};

it("a layer says its name, units, dtype, shapes, and whether it is built", () => {
  const gru = new GRU(4, { name: "encoder" });
  expect(both(gru)).toBe('GRU "encoder" of 4 units, float32: [batch, timesteps, features] → [batch, 4], not built');
  gru.build([null, null, 3]);
  expect(both(gru)).toBe('GRU "encoder" of 4 units, float32: [batch, timesteps, 3] → [batch, 4]');
  gru.dispose();
  expect(both(gru)).toMatch(/^GRU "encoder" .*, disposed$/);
  const args = { name: "all", return_sequences: true, return_state: true, dtype: "mixed_float16" } as const;
  expect(both(new GRU(1, args))).toBe(
    'GRU "all" of 1 unit, mixed_float16: [batch, timesteps, features] → [output [batch, timesteps, 1], state [batch, 1]], not built',
  );
});

it("a tensor says its dtype and shape, and shows its data on the console", () => {
  const value = tensor(Float32Array.of(0.5, 2), [1, 2]);
  expect(`${value}`).toBe("Tensor of float32, shape [1, 2]");
  expect(inspect(value)).toMatch(/data: Float32Array\(2\) \[ 0\.5, 2 \].*shape: \[ 1, 2 \].*dtype: 'float32'/s);
});

it("a variable says its path, dtype and shape", () => {
  expect(both(new Variable("zeros", { shape: [2, 3], name: "head" }))).toBe('Variable "head" of float32, shape [2, 3]');
  const gru = new GRU(4, { name: "named" });
  gru.build([null, null, 3]);
  expect(both(gru.kernel)).toBe('Variable "named/gru_cell/kernel" of float32, shape [3, 12]');
  gru.dispose();
  expect(both(gru)).toContain("disposed");
});

it("a pass says whether it can still be used", () => {
  const gru = new GRU(2);
  const pass = gru.forward(random([3, 4, 2]));
  expect(String(pass)).toBe("GRUPass, fresh: output [3, 2], state [3, 2], 0 losses");
  pass.backward();
  expect(String(pass)).toMatch(/^GRUPass, used/);
  pass.dispose();
  expect(String(pass)).toMatch(/^GRUPass, disposed/);
});

it("a stream and a batcher say what they are", async () => {
  const gru = new GRU(2, { name: "few" });
  gru.build([null, null, 3]);
  const stream = gru.stream({ batch: 5 });
  expect(both(stream)).toBe("GRUStream, float32: [5, 3] → [5, 2]");
  stream.dispose();
  expect(both(stream)).toMatch(/, disposed$/);
  const batcher = createBatcher(gru, { maxBatch: 8 });
  const answer = batcher.callAsync(random([1, 2, 3]));
  expect(both(batcher)).toMatch(/^Batcher, 1 requests? waiting, 0 calls running: GRU "few" of 2 units/);
  await answer;
});

it("an optimizer says its kind, learning rate, and what it has done", () => {
  const adam = new optimizers.Adam({ learning_rate: 0.001, name: "mine" });
  expect(both(adam)).toBe('Adam "mine", learning_rate 0.001, not built');
  adam.apply([Float32Array.of(1)], [new Variable([1])]);
  expect(both(adam)).toBe('Adam "mine", learning_rate 0.001, built, 1 update');
  expect(both(new optimizers.LossScaleOptimizer({ inner_optimizer: adam }))).toMatch(/^LossScaleOptimizer .*0\.001/);
});

it("objects of Keras's vocabularies say how they are made", () => {
  expect(String(new regularizers.L2({ l2: 0.5 }))).toBe('L2({"l2":0.5})');
  expect(String(new constraints.NonNeg())).toBe("NonNeg({})");
  expect(String(new initializers.Constant({ value: 2 }))).toBe('Constant({"value":2})');
});
