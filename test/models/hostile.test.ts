// Model files that lie: every one is refused by a GRUError that names the layer, within the readers' limits.
import { GRUError, tensor } from "cudnn-gru";
import { unzipSync, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { expectRejection } from "../layers/support.js";
import { edited, golden, type Json, loadKerasModel } from "./edited.js";

const functional = golden("graphs/shared_layers");
const sequential = golden("causal/classifier");
const denoiser = golden("causal/denoiser");

const layerOf = ({ config }: Json, className: string) =>
  config.layers.find((layer: Json) => layer.class_name === className);

describe("graphs", () => {
  it.each<[string, (config: Json) => void, RegExp]>([
    [
      "a circle of two layers",
      (config) => {
        const [first, second] = config.config.layers.filter((layer: Json) => layer.class_name === "GRU");
        const given = (layer: Json) => layer.inbound_nodes[0].args[0].config;
        given(first).keras_history = [second.name, 0, 0];
      },
      /"gru.*circle/,
    ],
    [
      "a layer that takes its own output",
      (config) => {
        const dense = layerOf(config, "Dense");
        dense.inbound_nodes[0].args[0].config.keras_history = [dense.name, 0, 0];
      },
      /"dense.*circle/,
    ],
    [
      "an input from a layer that is not there",
      (config) => {
        layerOf(config, "Dense").inbound_nodes[0].args[0].config.keras_history = ["nobody", 0, 0];
      },
      /"dense.*"nobody"/,
    ],
    [
      "an input from a call that is not there",
      (config) => {
        layerOf(config, "Dense").inbound_nodes[0].args[0].config.keras_history[1] = 77;
      },
      /"dense.*call 77/,
    ],
    [
      "an output that is not there",
      (config) => {
        config.config.output_layers[0] = ["nobody", 0, 0];
      },
      /"nobody"/,
    ],
    [
      "two layers of one name",
      (config) => {
        const [, , third] = config.config.layers;
        third.name = config.config.layers[1].name;
        third.config.name = third.name;
      },
      /different names/,
    ],
    [
      "calls that are no list",
      (config) => {
        layerOf(config, "Dense").inbound_nodes = "none";
      },
      /"dense.*inbound_nodes/,
    ],
    [
      "a layer without a class",
      (config) => {
        delete layerOf(config, "Dense").class_name;
      },
      /serialised layer/,
    ],
    [
      "no layers",
      (config) => {
        config.config.layers = [];
      },
      /layer/,
    ],
  ])("with %s", async (_, change, message) => {
    await expectRejection(() => loadKerasModel(edited(denoiser, change)), "ERR_FILE_FORMAT", message);
  });
});

describe("arguments and weights", () => {
  it.each<[string, (config: Json) => void, RegExp]>([
    [
      "units that the weights do not have",
      (config) => {
        layerOf(config, "GRU").config.units = 7;
      },
      /"gru.*(kernel|shape|\[)/,
    ],
    [
      "2^40 units",
      (config) => {
        layerOf(config, "GRU").config.units = 2 ** 40;
      },
      /"gru/,
    ],
    [
      "negative units",
      (config) => {
        layerOf(config, "Dense").config.units = -3;
      },
      /"dense/,
    ],
    [
      "units that are no number",
      (config) => {
        layerOf(config, "Dense").config.units = "many";
      },
      /"dense.*units/,
    ],
    [
      "an activation that does not exist",
      (config) => {
        layerOf(config, "Dense").config.activation = "sotfmax";
      },
      /"dense.*activation/,
    ],
    [
      "a dtype that does not exist",
      (config) => {
        layerOf(config, "Dense").config.dtype = "float99";
      },
      /"dense.*dtype/,
    ],
    [
      "an input of another width than the weights",
      (config) => {
        layerOf(config, "InputLayer").config.batch_shape = [null, null, 5];
      },
      /"gru/,
    ],
    [
      "an input shape that is no list",
      (config) => {
        layerOf(config, "InputLayer").config.batch_shape = "wide";
      },
      /input/,
    ],
  ])("with %s", async (_, change, message) => {
    const error = await refusal(() => edited(sequential, change));
    expect(error.code).toMatch(/^ERR_(FILE_FORMAT|UNSUPPORTED|SHAPE|ARGUMENT)$/);
    expect(error.message).toMatch(message);
  });

  it("without the weights of a layer", async () => {
    const entries = unzipSync(sequential.bytes);
    const other = unzipSync(golden("dense/None").bytes);
    const file = zipSync({ ...entries, "model.weights.h5": other["model.weights.h5"] as Uint8Array });
    await expectRejection(() => loadKerasModel(file), "ERR_FILE_FORMAT", /"gru.*layers\/gru/s);
  });

  it("without any weights", async () => {
    const { "model.weights.h5": _, ...entries } = unzipSync(sequential.bytes);
    await expectRejection(() => loadKerasModel(zipSync(entries)), "ERR_FILE_FORMAT", /model\.weights\.h5/);
  });

  it("with a config that is no JSON", async () => {
    const entries = unzipSync(sequential.bytes);
    const file = zipSync({ ...entries, "config.json": Buffer.from("{") });
    await expectRejection(() => loadKerasModel(file), "ERR_FILE_FORMAT", /config\.json/);
  });

  it.each<[string, string, RegExp]>([
    ["LSTM", "ERR_UNSUPPORTED", /"gru" \(LSTM\)/],
    ["TextVectorization", "ERR_UNSUPPORTED", /"gru" \(TextVectorization\)/],
    ["constructor", "ERR_UNSUPPORTED", /constructor/],
    ["__proto__", "ERR_UNSUPPORTED", /__proto__/],
  ])("with a layer %s", async (className, code, message) => {
    const change = (config: Json) => {
      layerOf(config, "GRU").class_name = className;
    };
    const error = await refusal(() => edited(sequential, change));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });
});

describe("sizes", () => {
  it("100,001 layers are refused before they are made", async () => {
    const change = ({ config }: Json) => {
      config.layers = [
        config.layers[0],
        ...Array.from({ length: 100_001 }, () => ({ class_name: "ReLU", config: {} })),
      ];
    };
    const start = performance.now();
    await expectRejection(() => loadKerasModel(edited(sequential, change)), "ERR_FILE_FORMAT", /layers/);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  it("a model that calls a model twice, which calls a model twice, and so on 40 times, ends in time", async () => {
    const input = (name: string) => ({
      module: "keras.layers",
      class_name: "InputLayer",
      registered_name: null,
      config: { batch_shape: [null, 4], dtype: "float32", name },
      name,
      inbound_nodes: [],
    });
    const from = (history: unknown[]) => ({
      args: [
        { class_name: "__keras_tensor__", config: { shape: [null, 4], dtype: "float32", keras_history: history } },
      ],
      kwargs: {},
    });
    const twice = (name: string, layer: Json) => ({
      module: "keras.src.models.functional",
      class_name: "Functional",
      registered_name: "Functional",
      name,
      config: {
        name,
        trainable: true,
        layers: [
          input(`x_${name}`),
          {
            ...layer,
            inbound_nodes: [from([`x_${name}`, 0, 0]), from([layer.name, 0, 0])],
          },
        ],
        input_layers: [[`x_${name}`, 0, 0]],
        output_layers: [[layer.name, layer.class_name === "Functional" ? 2 : 1, 0]],
      },
    });
    let model: Json = {
      module: "keras.layers",
      class_name: "ReLU",
      registered_name: null,
      name: "relu",
      config: { name: "relu" },
    };
    for (let depth = 0; depth < 40; depth += 1) model = twice(`m${depth}`, model);
    const file = edited(sequential, (config) => Object.assign(config, model));
    const error = await refusal(() => file);
    expect(error.code).toBe("ERR_FILE_FORMAT");
    expect(error.message).toMatch(/calls/);
  });

  it("models nested 500 deep are refused", async () => {
    const change = (config: Json) => {
      let inner = config.config.layers;
      for (let depth = 0; depth < 500; depth += 1) {
        inner = [
          {
            module: "keras",
            class_name: "Sequential",
            registered_name: null,
            config: { name: `s${depth}`, layers: inner },
          },
        ];
      }
      config.config.layers = inner;
    };
    await expectRejection(() => loadKerasModel(edited(sequential, change)), "ERR_FILE_FORMAT", /nested/);
  });

  it.each<[string, string, Json, RegExp]>([
    ["RepeatVector", "n", 2 ** 31, /repeat/],
    ["ZeroPadding1D", "padding", 2 ** 40, /padding/],
    ["UpSampling1D", "size", 2 ** 45, /sampling/],
    ["Reshape", "target_shape", [2 ** 30, 2 ** 30], /reshape/],
  ])("a huge %s is an error of the call, and the process goes on", async (className, key, value, message) => {
    const change = ({ config }: Json) => {
      const name = message.source;
      config.layers = [
        {
          module: "keras.layers",
          class_name: "InputLayer",
          registered_name: null,
          config: { batch_shape: className === "RepeatVector" ? [null, 4] : [null, 3, 4], dtype: "float32", name: "x" },
        },
        {
          module: "keras.layers",
          class_name: className,
          registered_name: null,
          config: { name, trainable: true, dtype: "float32", [key]: value },
        },
      ];
    };
    const use = async () => {
      const model = await loadKerasModel(edited(sequential, change));
      const shape = className === "RepeatVector" ? [1, 4] : [1, 3, 4];
      model.predict(tensor(new Float32Array(shape.reduce((a, b) => a * b)), shape));
    };
    const error = await use().then(
      () => undefined,
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(GRUError);
    expect(error.code).toMatch(/^ERR_(FILE_FORMAT|SHAPE|OUT_OF_MEMORY|ARGUMENT)$/);
  });
});

async function refusal(file: () => Uint8Array): Promise<GRUError> {
  try {
    const model = await loadKerasModel(file());
    // What the file cannot say is found when the shapes are worked out.
    void model.outputs;
  } catch (error) {
    expect(error, String(error)).toBeInstanceOf(GRUError);
    return error as GRUError;
  }
  return expect.unreachable("it should have been refused");
}

it("the golden models that are changed here load unchanged", async () => {
  for (const { bytes } of [functional, sequential, denoiser]) (await loadKerasModel(bytes)).dispose();
});
