// Whole models on a machine where cuDNN works, as the double of the addon says.
import { loadKerasModel } from "cudnn-gru/models";
import { expect, it } from "vitest";
import { golden } from "../models/edited.js";
import { double } from "./double.js";

double.verdicts = { "0 float32": { met: true, detail: "It works", final: true } };

it.each<[string, string, Record<string, string>]>([
  ["gru/plain", "cudnn", { gru: "cudnn" }],
  ["bidirectional/concat", "cudnn", { "bidirectional/forward_gru": "cudnn", "bidirectional/backward_gru": "cudnn" }],
  ["masks/gru", "cpu", { gru: "cpu" }],
  [
    "masks/bidirectional_states_ignore_mask",
    "mixed",
    { "bidirectional/forward_gru": "cudnn", "bidirectional/backward_gru": "cudnn", gru_1: "cpu" },
  ],
  ["rnn/two_plain", "cpu", { "rnn/gru_cell": "cpu", "rnn/gru_cell_1": "cpu" }],
])("explain: the GRUs of %s take the path %s", async (name, path, layers) => {
  const model = await loadKerasModel(golden(name).bytes);
  const explained = model.explain();
  expect(explained.path).toBe(path);
  expect(Object.fromEntries(explained.layers.map((layer) => [layer.name, layer.path]))).toEqual(layers);
  model.dispose();
});

it("explain: a GRU that is computed together with another one says what keeps that one from cuDNN", async () => {
  const model = await loadKerasModel(golden("rnn/two_plain").bytes);
  const [first] = model.explain().layers;
  const failed = first?.requirements.filter(({ met }) => !met);
  expect(failed?.map(({ id }) => id)).toEqual(["activation", "reset_after"]);
  expect(failed?.[0]?.detail).toContain("together with rnn/gru_cell_1");
  model.dispose();
});
