// The configs of Bidirectionals are those of Keras, and travel both ways.
import { readFileSync } from "node:fs";
import {
  Bidirectional,
  type BidirectionalConfig,
  GRU,
  type GRUArgumentsWithUnits,
  GRUStack,
  initializers,
} from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectError } from "../layers/support.js";

type Arguments = Record<string, unknown>;
type Layer = { config: Arguments; build_config?: { input_shape: (number | null)[] } };

interface Case {
  layer: Arguments;
  backward_layer: Arguments | null;
  wrapper: Arguments;
  /** The number of features that the layer was built for. */
  built?: number;
  config: Arguments & { layer: Layer; backward_layer: Layer };
}

const { configs } = JSON.parse(
  readFileSync(new URL("../fixtures/wrappers/expected.json", import.meta.url), "utf8"),
) as { configs: Case[] };

function make({ layer, backward_layer, wrapper, built }: Case): Bidirectional {
  const gru = (args: Arguments) => new GRU(args as unknown as GRUArgumentsWithUnits);
  const backward = backward_layer === null ? null : gru(backward_layer);
  const both = new Bidirectional(gru(layer), { name: "bidirectional", ...wrapper, backward_layer: backward } as object);
  if (built !== undefined) both.build([2, null, built]);
  return both as Bidirectional;
}

/** Keras's config without the batch size, which only a stateful layer remembers here. */
function withoutBatch({ config }: Case): unknown {
  const copy = structuredClone(config);
  for (const { config: own, build_config } of [copy.layer, copy.backward_layer]) {
    if (build_config !== undefined && own.stateful === false) build_config.input_shape[0] = null;
  }
  return copy;
}

describe.each(configs.map((one, index) => [index, one] as const))("config %i", (_, one) => {
  it("equals Keras's, key for key", () => {
    expect(JSON.stringify(make(one).getConfig())).toBe(JSON.stringify(withoutBatch(one)));
  });

  it("comes back from Keras's config", () => {
    const both = Bidirectional.fromConfig(one.config as BidirectionalConfig);
    expect(JSON.stringify(both.getConfig())).toBe(JSON.stringify(withoutBatch(one)));
    expect(both.built).toBe(one.built !== undefined);
    const wrapped = { module: "keras.layers", class_name: "Bidirectional", config: one.config, registered_name: null };
    const other = Bidirectional.fromConfig(wrapped as BidirectionalConfig);
    expect(other.getConfig()).toEqual(both.getConfig());
  });
});

it("overrides a config", () => {
  const config = new Bidirectional(new GRU(3, { return_sequences: true })).getConfig();
  const extra = { merge_mode: null, return_state: true, dtype: "float64", name: "mine", use_cudnn: false } as const;
  const both = Bidirectional.fromConfig(config, extra);
  expect([both.name, both.merge_mode, both.compute_dtype]).toEqual(["mine", null, "float64"]);
  expect(both.computeOutputShape([2, 5, 4])).toEqual([
    [2, 5, 3],
    [2, 5, 3],
    [2, 3],
    [2, 3],
  ]);
  expectError(() => Bidirectional.fromConfig(config, { merge_mod: "sum" } as object), "ERR_ARGUMENT", /merge_mode/);
});

it("reads configs of Keras 2, whose backward half is only implied", () => {
  const layer = { class_name: "GRU", config: { name: "gru", units: 3, return_sequences: true, time_major: false } };
  const config = { name: "both", trainable: true, dtype: "float32", layer, merge_mode: "concat" };
  const both = Bidirectional.fromConfig(config as never);
  expect([both.forward_layer.name, both.backward_layer.name]).toEqual(["forward_gru", "backward_gru"]);
  expect(both.forward_layer.getConfig().reset_after).toBe(false);
  const turned = { ...config, layer: { ...layer, config: { ...layer.config, go_backwards: true } } };
  const other = Bidirectional.fromConfig(turned as never);
  expect([other.forward_layer, other.backward_layer].map((one) => one.getConfig().go_backwards)).toEqual([true, false]);
  expect(other.backward_layer.name).toBe("backward_gru");
});

it("refuses configs of other layers", () => {
  const { getConfig } = Bidirectional.prototype;
  const config = getConfig.call(new Bidirectional(new GRU(3)));
  expectError(() => Bidirectional.fromConfig({ ...config, layer: undefined }), "ERR_ARGUMENT", /config\.layer/);
  const lstm = { ...(config.layer as Arguments), class_name: "LSTM" };
  expectError(() => Bidirectional.fromConfig({ ...config, layer: lstm } as never), "ERR_UNSUPPORTED", /LSTM/);
  expectError(() => Bidirectional.fromConfig({ class_name: "GRU", config } as never), "ERR_ARGUMENT", /Bidirectional/);
  expectError(() => Bidirectional.fromConfig(3 as never), "ERR_ARGUMENT");
  expectError(() => Bidirectional.fromConfig({ ...config, merge_mode: "cat" } as never), "ERR_ARGUMENT", /"concat"/);
});

it("copies the layer by its config: initializers draw anew, and a seed is the same for both", () => {
  const layer = new GRU(3, { seed: 7, implementation: 1 });
  layer.build([null, null, 4]);
  const both = new Bidirectional(layer);
  both.build([null, null, 4]);
  const [kernel, , , other] = both.getWeights();
  expect(kernel).not.toEqual(layer.getWeights()[0]);
  expect(kernel).not.toEqual(other);
  expect([both.forward_layer, both.backward_layer].map((one) => one.getConfig().seed)).toEqual([7, 7]);
  const seeded = new GRU(3, { kernel_initializer: new initializers.GlorotUniform({ seed: 5 }) });
  const same = new Bidirectional(seeded);
  same.build([null, null, 4]);
  expect(same.getWeights()[0]).toEqual(same.getWeights()[3]);
});

it("keeps objects that a config only names", () => {
  class Own extends initializers.Initializer {
    fill(out: Float32Array | Float64Array): void {
      out.fill(0.5);
    }
    getConfig() {
      return {};
    }
  }
  const activation = {
    name: "cube",
    forward(x: ArrayLike<number>, out: { [index: number]: number }) {
      for (let i = 0; i < x.length; i++) out[i] = (x[i] as number) ** 3;
    },
    backward() {},
  };
  const both = new Bidirectional(new GRU(2, { kernel_initializer: new Own(), activation }));
  both.build([null, null, 3]);
  expect(both.getWeights().map(({ data }) => data[0])).toEqual([
    0.5,
    expect.any(Number),
    0,
    0.5,
    expect.any(Number),
    0,
  ]);
  expect(both.call([[[1, 2, 3]]]).shape).toEqual([1, 4]);
});

it("a stack's config comes back", () => {
  const stack = new GRUStack(
    [new Bidirectional(new GRU(3, { return_sequences: true })), new GRU(2, { stateful: true })],
    { return_state: true, name: "mine" },
  );
  stack.build([4, null, 5]);
  stack.trainable = false;
  const again = GRUStack.fromConfig(JSON.parse(JSON.stringify(stack.getConfig())));
  expect(again.getConfig()).toEqual(stack.getConfig());
  expect([again.built, again.name, again.trainable_weights]).toEqual([true, "mine", []]);
  const other = GRUStack.fromConfig(stack.getConfig(), { return_state: false, use_cudnn: false });
  expect(other.computeOutputShape([1, 2, 5])).toEqual([1, 2]);
  expectError(() => GRUStack.fromConfig({ layers: [{ class_name: "LSTM" }] } as never), "ERR_ARGUMENT", /layers\[0\]/);
  const endless = { layers: new Array(2 ** 32 - 1) };
  expectError(() => GRUStack.fromConfig(endless as never), "ERR_ARGUMENT", /layers\[0\]/);
});
