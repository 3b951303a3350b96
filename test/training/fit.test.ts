import { GRU, optimizers } from "cudnn-gru";
import { afterAll, describe, expect, it } from "vitest";
import { goldenOptimizers } from "../golden/optimizers.js";
import { relativeError } from "../golden/reader.js";

const worst = new Map<string, number>();
const TOLERANCE = { float32: 1e-4, float64: 1e-10 };

describe("ten whole steps of training equal Keras's: losses, weights, slots", () => {
  afterAll(() => {
    console.log(`worst errors: ${[...worst].map(([name, error]) => `${name} ${error.toExponential(2)}`).join(", ")}`);
  });

  it.each(goldenOptimizers().fits)(
    "$name",
    ({ dtype, optimizer, arguments: args, weights, mask, step, losses, stored }) => {
      using gru = GRU.fromConfig({ ...args, dtype });
      gru.build([null, null, weights[0]?.shape[0] ?? 0]);
      gru.setWeights(weights);
      const made = optimizers.get(optimizer);
      for (const [index, loss] of losses.entries()) {
        const { inputs, upstream } = step(index + 1);
        using pass = gru.forward(inputs, { mask, training: true });
        const output = [...pass.output.data];
        const own = output.reduce((sum, value, i) => sum + value * (upstream.data[i] as number), 0);
        const total = pass.losses.reduce((sum, one) => sum + one, own);
        expect(Math.abs(total - loss)).toBeLessThanOrEqual(TOLERANCE[dtype] * Math.max(1, Math.abs(loss)));
        made.apply(pass.backward({ output: upstream }).weights, gru.trainable_weights);
      }
      const [state] = stored;
      expect(made.iterations).toBe(state?.iterations);
      expect(made.variables.map(({ name }) => name)).toEqual(
        state?.slots.map((name) => name.replace(/^gru_/, `${gru.name}_`)),
      );
      const found = [...gru.trainable_weights, ...made.variables].flatMap((variable) => [...variable.value.data]);
      const error = relativeError(found, state?.values.data ?? []);
      expect(error).toBeLessThanOrEqual(TOLERANCE[dtype]);
      worst.set(dtype, Math.max(worst.get(dtype) ?? 0, error));
    },
  );
});
