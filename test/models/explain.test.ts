// model.explain(): the path of each GRU on a machine without a GPU, and why.
import { describe, expect, it } from "vitest";
import { golden, loadKerasModel } from "./edited.js";

async function unmet(name: string): Promise<Record<string, string[]>> {
  const model = await loadKerasModel(golden(name).bytes);
  const { path, layers } = model.explain();
  expect(path).toBe("cpu");
  model.dispose();
  return Object.fromEntries(
    layers.map((layer) => {
      expect(layer.path).toBe("cpu");
      const failed = layer.requirements.filter(({ met, id }) => !met && id !== "runtime");
      return [layer.name, failed.map(({ id }) => id)];
    }),
  );
}

describe("explain", () => {
  it.each<[string, Record<string, string[]>]>([
    ["gru/plain", { gru: [] }],
    ["gru/activation=relu_recurrent_activation=hard_sigmoid", { gru: ["activation", "recurrent_activation"] }],
    ["bidirectional/concat", { "bidirectional/forward_gru": [], "bidirectional/backward_gru": [] }],
    ["rnn/two_plain", { "rnn/gru_cell": [], "rnn/gru_cell_1": ["activation", "reset_after"] }],
    ["time_distributed/gru", { "time_distributed/gru": [] }],
    ["graphs/nested_twice", { "middle/deep/gru": [], gru_1: [] }],
    ["masks/gru", { gru: ["mask"] }],
    [
      "masks/bidirectional_states_ignore_mask",
      { "bidirectional/forward_gru": [], "bidirectional/backward_gru": [], gru_1: ["mask"] },
    ],
    ["dense/None", {}],
  ])("names what keeps the GRUs of %s from cuDNN", async (name, wanted) => {
    expect(await unmet(name)).toEqual(wanted);
  });

  it("says why in a sentence", async () => {
    const model = await loadKerasModel(golden("masks/gru").bytes);
    const mask = model.explain().layers[0]?.requirements.find(({ id }) => id === "mask");
    expect(mask?.detail).toContain("The model computes this one as it runs");
    model.dispose();
  });
});
