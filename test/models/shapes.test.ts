// The shapes of layers and outputs in a model whose batch is fixed, as Keras needs it for stateful layers.
import { describe, expect, it } from "vitest";
import { edited, golden, type Json, loadKerasModel } from "./edited.js";

/** A golden model, saved with a fixed batch. */
async function fixed(name: string, batch: number) {
  const change = (config: Json) => {
    for (const { class_name, config: own } of config.config.layers)
      if (class_name === "InputLayer") own.batch_shape[0] = batch;
  };
  return loadKerasModel(edited(golden(name), change));
}

describe("a fixed batch", () => {
  it.each(["gru/plain", "bidirectional/concat", "graphs/nested_twice", "time_distributed/gru", "graphs/two_inputs"])(
    "is the first size of every shape that was open in %s",
    async (name) => {
      const open = await loadKerasModel(golden(name).bytes);
      const closed = await fixed(name, 2);
      const replaced = ({ shape }: { shape: readonly (number | null)[] }) => [2, ...shape.slice(1)];
      expect(open.outputs.map(({ shape }) => shape[0])).toEqual(open.outputs.map(() => null));
      expect(closed.inputs.map(({ shape }) => shape)).toEqual(open.inputs.map(replaced));
      expect(closed.outputs.map(({ shape }) => shape)).toEqual(open.outputs.map(replaced));
      const shapes = (model: typeof open) => model.layers.map(({ output_shapes }) => output_shapes);
      expect(shapes(closed)).toEqual(shapes(open).map((all) => all.map((shape) => replaced({ shape }))));
      for (const model of [open, closed]) model.dispose();
    },
  );
});
