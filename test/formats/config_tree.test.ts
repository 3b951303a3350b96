// The walk over config.json: which layers there are and where Keras files their weights.
import { describe, expect, it } from "vitest";
import { layerPath, listLayers } from "../../dist/formats/keras_files/config_tree.js";

type Entry = Record<string, unknown>;

const gru = (name: string, extra: Entry = {}): Entry => ({
  module: "keras.layers",
  class_name: "GRU",
  config: { name, units: 2 },
  registered_name: null,
  ...extra,
});

const layer = (class_name: string, config: Entry, module = "keras.layers"): Entry => ({ module, class_name, config });

const model = (...layers: unknown[]): Entry => layer("Functional", { name: "model", layers }, "keras");

const places = (root: unknown) => listLayers(root).map(({ segments, group }) => `${layerPath(segments)} ${group}`);

describe("weights groups", () => {
  it("number the layers of one class in order, whatever their names", () => {
    const root = model(gru("gru_1"), layer("Dense", { name: "gru" }), gru("a"), gru("b"));
    expect(places(root)).toEqual(["gru_1 layers/gru", "gru layers/dense", "a layers/gru_1", "b layers/gru_2"]);
  });

  it("turn class names into snake case as Keras does", () => {
    const names = ["InputLayer", "Conv1D", "LSTM", "GlobalAveragePooling1D", "MyGRU", "Custom>Thing", "ÉtéLayer"];
    const groups = listLayers(model(...names.map((name) => layer(name, { name })))).map(({ group }) => group);
    expect(groups).toEqual([
      "layers/input_layer",
      "layers/conv1d",
      "layers/lstm",
      "layers/global_average_pooling1d",
      "layers/my_gru",
      "layers/custom_thing",
      "layers/été_layer",
    ]);
  });

  it("lie under the attribute in wrappers and under layers in nested models", () => {
    const inner = layer("Sequential", { name: "inner", layers: [layer("InputLayer", { name: "in" }), gru("deep")] });
    const root = model(layer("TimeDistributed", { name: "td", layer: inner }));
    expect(places(root)).toEqual([
      "td layers/time_distributed",
      "td/inner layers/time_distributed/layer",
      "td/inner/deep layers/time_distributed/layer/layers/gru",
    ]);
  });
});

describe("Bidirectional", () => {
  it("saved without its backward layer has one that runs the other way", () => {
    const root = model(layer("Bidirectional", { name: "bi", layer: gru("forward_g") }));
    expect(places(root).slice(1)).toEqual([
      "bi/forward_layer layers/bidirectional/forward_layer",
      "bi/backward_layer layers/bidirectional/backward_layer",
    ]);
    const backward = listLayers(root)[2]!;
    expect(backward.name).toBe("backward_g");
    expect(backward.config).toEqual({ name: "backward_g", units: 2, go_backwards: true });
  });
});

describe("shared layers", () => {
  it("are one layer, saved where the model first mentions them", () => {
    const nested = layer("Functional", { name: "nest", layers: [gru("shared")] }, "keras.src.models.functional");
    const [, shared, ...rest] = listLayers(model(nested, gru("shared", { shared_object_id: 5 })));
    expect(shared?.group).toBe("layers/functional/layers/gru");
    expect(shared?.sharedAt.map(layerPath)).toEqual(["shared"]);
    expect(rest).toEqual([]);
  });

  it("are not those that merely look alike", () => {
    const nested = layer("Functional", { name: "nest", layers: [gru("same")] }, "keras");
    expect(places(model(nested, gru("same")))).toHaveLength(3);
  });
});

describe("what counts as a GRU", () => {
  const isGru = (entry: Entry) => listLayers(model(entry)).some((found) => found.isGru);

  it.each(["keras.layers", "keras", "keras.src.layers.rnn.gru"])("Keras's own, from %s", (module) => {
    expect(isGru({ ...gru("g"), module })).toBe(true);
  });

  it("not a user's class of that name", () => {
    expect(isGru({ ...gru("g"), module: null, registered_name: "Custom>GRU" })).toBe(false);
    expect(isGru({ ...gru("g"), module: "my_package" })).toBe(false);
    expect(isGru({ ...gru("g"), module: "kerasity" })).toBe(false);
  });
});

describe("hostile configs", () => {
  const refusal = (root: unknown) => {
    try {
      return listLayers(root);
    } catch (error) {
      return error;
    }
  };

  it.each([
    ["null", null],
    ["a list", [1]],
    ["a text", "GRU"],
    ["no class", { config: {} }],
  ])("%s is no model", (_, root) => {
    expect(refusal(root)).toMatchObject({ code: "ERR_FILE_FORMAT" });
  });

  it("ignores members that are no layers", () => {
    expect(places(model(null, 3, "GRU", [], { class_name: 4 }, gru("g")))).toEqual(["g layers/gru"]);
    expect(places(layer("Functional", { layers: {} }))).toEqual([]);
    expect(places({ class_name: "Functional", config: null })).toEqual([]);
  });

  it("refuses layers nested too deeply", () => {
    let root = gru("g");
    for (let depth = 0; depth < 100; depth += 1) root = layer("TimeDistributed", { name: "td", layer: root });
    expect(refusal(root)).toMatchObject({ code: "ERR_FILE_FORMAT", message: expect.stringContaining("64 deep") });
  });

  it("refuses too many layers", () => {
    const root = model(...new Array(20_001).fill(layer("Dense", { name: "d" })));
    expect(refusal(root)).toMatchObject({ code: "ERR_FILE_FORMAT", message: expect.stringContaining("20000 layers") });
  });
});
