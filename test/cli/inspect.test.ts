// `cudnn-gru inspect` says of a model's GRUs what the model itself says of them.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadKerasModel } from "cudnn-gru/models";
import { describe, expect, it } from "vitest";
import { edited, golden } from "../models/edited.js";
import { emptyFolder, goldenFile, run } from "./run.js";

const folder = emptyFolder();

interface Gru {
  path: string;
  kernel: [number | null, number];
  computed_by: string;
  why: string[];
}

function inspected(path: string): { grus: Gru[]; layers: { path: string }[]; supported: boolean } {
  return JSON.parse(run(["inspect", path, "--json"]).stdout);
}

describe("the GRUs that inspect lists", () => {
  it.each([
    "bidirectional/concat",
    "bidirectional/backward_layer",
    "masks/bidirectional_concat",
    "masks/bidirectional_states_ignore_mask",
    "rnn/two_plain",
    "masks/rnn_two",
    "time_distributed/gru",
    "graphs/nested_twice",
    "masks/nested_functional",
  ])("of %s are those of model.explain(), with their names, paths and reasons", async (name) => {
    const path = goldenFile(folder, name);
    const model = await loadKerasModel(path);
    const { layers } = model.explain();
    model.dispose();
    expect(layers.length).toBeGreaterThan(0);
    expect(inspected(path).grus.map(({ path: own, computed_by, why }) => ({ own, computed_by, why }))).toEqual(
      layers.map(({ name: own, path: computed_by, requirements }) => ({
        own,
        computed_by,
        why: requirements.filter(({ met }) => !met).map(({ id, detail }) => `${id}: ${detail}`),
      })),
    );
  });

  it("have the names that the table of the layers has, also in a model that is not supported", () => {
    const loaded = inspected(goldenFile(folder, "bidirectional/concat"));
    const path = join(folder, "unsupported.keras");
    const change = (config: { config: { layers: { class_name: string; config: Record<string, unknown> }[] } }) => {
      for (const layer of config.config.layers)
        if (layer.class_name === "Bidirectional") layer.config.merge_mode = "no";
    };
    writeFileSync(path, edited(golden("bidirectional/concat"), change));
    const unsupported = inspected(path);
    expect([loaded.supported, unsupported.supported]).toEqual([true, false]);
    const names = ["bidirectional/forward_gru", "bidirectional/backward_gru"];
    for (const { grus, layers } of [loaded, unsupported]) {
      expect(grus.map(({ path: own }) => own)).toEqual(names);
      expect(layers.map(({ path: own }) => own)).toEqual(expect.arrayContaining(names));
    }
  });

  it.each([
    ["graphs/nested_functional", "graphs/nested_functional_h5"],
    ["graphs/shared_layers", "graphs/shared_layers_h5"],
  ])("have the same kernels in %s and in its .h5 file", (keras, h5) => {
    const [one, other] = [keras, h5].map((name) => inspected(goldenFile(folder, name)).grus);
    expect(one?.length).toBeGreaterThan(0);
    expect(other).toEqual(one);
    for (const { kernel } of one ?? []) expect(kernel[0]).toBeGreaterThan(0);
  });
});

describe("the shapes that inspect prints", () => {
  it("are Keras's, also of one number for each sample, and those of model.summary()", async () => {
    const bytes = edited(golden("further/rescaling"), ({ config }) => {
      for (const layer of config.layers) {
        if (layer.class_name === "InputLayer") layer.config.batch_shape = [null];
        layer.build_config = { input_shape: [null] };
      }
    });
    const path = join(folder, "numbers.keras");
    writeFileSync(path, bytes);
    const model = await loadKerasModel(path);
    const summary = model.summary();
    model.dispose();
    const { stdout } = run(["inspect", path]);
    const shapesIn = (text: string) => [...new Set(text.match(/\(None.*?\)/g))];
    expect([summary, stdout].map(shapesIn)).toEqual([["(None,)"], ["(None,)"]]);
  });
});

describe("a file that is no model", () => {
  it("is named", () => {
    const path = join(folder, "make.py");
    writeFileSync(path, "import keras\n".repeat(10));
    const { status, stderr } = run(["inspect", path]);
    expect(status).toBe(1);
    expect(stderr).toContain(`for \`MODEL\` but received ${JSON.stringify(path)}: expected a zip archive`);
  });
});
