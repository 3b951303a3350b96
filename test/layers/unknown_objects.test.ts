// Constraints, regularizers and initializers that a config names and nobody here knows: kept, and refused where training needs them.
import { GRU, initializers, optimizers } from "cudnn-gru";
import { beforeAll, describe, expect, it } from "vitest";
import { changedFile, modelFile, partsOf } from "../formats/keras_files.js";
import { expectError, expectRejection, random, stateOf } from "./support.js";

/** RNNoise's, as Keras 2 wrote it. */
const WEIGHT_CLIP = { class_name: "WeightClip", config: { name: "WeightClip", c: 0.499 } };
/** User classes as Keras 3 writes them, registered or not, functions, and functions as Keras 2 writes them. */
const FORMS = [
  WEIGHT_CLIP,
  {
    module: "rnn_train",
    class_name: "WeightClip",
    config: { c: 0.5, dtype: "float32" },
    registered_name: "WeightClip",
  },
  { module: null, class_name: "WeightClip", config: { c: [1, { d: 2 }] }, registered_name: "pkg>WeightClip" },
  { module: "builtins", class_name: "function", config: "pkg>weight_clip", registered_name: "function" },
  { module: "keras.constraints", class_name: "WeightClip", config: {}, registered_name: null },
  "weight_clip",
];
const KINDS = [
  "kernel_constraint",
  "recurrent_constraint",
  "bias_constraint",
  "kernel_regularizer",
  "recurrent_regularizer",
  "bias_regularizer",
  "activity_regularizer",
  "kernel_initializer",
  "recurrent_initializer",
  "bias_initializer",
];
const base = { ...new GRU(3).getConfig(), name: "g" };
const inputs = random([2, 4, 2]);

const weights = modelFile(Buffer.alloc(0), ".safetensors");
beforeAll(async () => {
  const gru = new GRU(3);
  gru.build([null, null, 2]);
  await gru.saveWeights(weights);
});

/** A layer with weights, without asking its initializers. */
async function built(changes: Record<string, unknown>, args: Record<string, unknown> = {}): Promise<GRU> {
  const gru = GRU.fromConfig({ ...base, ...changes }, args);
  await gru.loadWeights(weights);
  return gru;
}

describe.each(KINDS)("%s", (key) => {
  it.each(FORMS.map((form) => [JSON.stringify(form), form] as const))("is kept as it is: %s", async (_, form) => {
    const gru = GRU.fromConfig({ ...base, [key]: form });
    expect(gru.getConfig()[key]).toEqual(form);
    expect(GRU.fromConfig(JSON.parse(JSON.stringify(gru.getConfig()))).getConfig()).toEqual(gru.getConfig());
    await gru.loadWeights(weights);
    const plain = await built({});
    expect(gru.call(inputs)).toEqual(plain.call(inputs));
    expect(await gru.callAsync(inputs)).toEqual(plain.call(inputs));
    expect(gru.stream().push([[1, 2]]).shape).toEqual([1, 3]);
  });

  it("is a mistake in the constructor and among the arguments that override a config", () => {
    expectError(() => new GRU({ units: 3, [key]: "weight_clip" }), "ERR_ARGUMENT", new RegExp(`\`${key}\``));
    expectError(() => new GRU({ units: 3, [key]: FORMS[2] } as never), "ERR_ARGUMENT", new RegExp(`\`${key}\``));
    expectError(() => GRU.fromConfig(base, { [key]: WEIGHT_CLIP } as never), "ERR_ARGUMENT", new RegExp(`\`${key}\``));
  });

  it.each([3, true, [], { class_name: 3 }, { config: {} }, { class_name: "X", config: 3 }, { class_name: "X", y: 1 }])(
    "is no name and no serialized object: %j",
    (value) => {
      expectError(() => GRU.fromConfig({ ...base, [key]: value }), "ERR_ARGUMENT", new RegExp(`\`${key}`));
    },
  );

  it("is the layer's own copy", () => {
    const given = { class_name: "WeightClip", config: { c: [1] } };
    const gru = GRU.fromConfig({ ...base, [key]: given });
    given.config.c[0] = 2;
    (gru.getConfig()[key] as typeof given).config.c[0] = 3;
    expect(gru.getConfig()[key]).toEqual({ class_name: "WeightClip", config: { c: [1] } });
  });

  it("must be JSON", () => {
    const value = { class_name: "WeightClip", config: { c: () => 1 } };
    expectError(() => GRU.fromConfig({ ...base, [key]: value }), "ERR_ARGUMENT", new RegExp(`\`${key}\``));
    const looped: { class_name: string; config: Record<string, unknown> } = { class_name: "WeightClip", config: {} };
    looped.config.self = looped;
    expectError(() => GRU.fromConfig({ ...base, [key]: looped }), "ERR_ARGUMENT", new RegExp(`\`${key}\``));
  });
});

it.each(["3.15.1", "2.13.1"])("in a file of Keras %s", async (keras_version) => {
  const { config } = await partsOf("sequential.keras");
  const layer = config.config.layers.find((one: { class_name: string }) => one.class_name === "GRU");
  const written = Object.fromEntries(KINDS.map((key, at) => [key, FORMS[at % FORMS.length]]));
  Object.assign(layer.config, written);
  const gru = await GRU.fromKeras(await changedFile("sequential.keras", { config, metadata: { keras_version } }));
  expect(gru.getConfig()).toMatchObject(written);
  expect(gru.call(inputs)).toHaveProperty("shape", [2, 3]);
  const path = modelFile(Buffer.alloc(0), ".safetensors");
  await gru.saveWeights(path);
  const again = await GRU.fromKeras(path);
  expect(again.getConfig()).toEqual(gru.getConfig());
  expect(again.call(inputs)).toEqual(gru.call(inputs));
});

describe("a constraint", () => {
  const REFUSAL = /Expected a constraint .* for `kernel_constraint` but received "WeightClip".*`custom_objects`/;

  it("lets a pass compute, and is refused when an optimizer is built or applies gradients", async () => {
    const gru = await built({ kernel_constraint: WEIGHT_CLIP });
    const pass = gru.forward(inputs, { training: true });
    const { weights: gradients } = pass.backward({ output: pass.output });
    const before = stateOf(gru);
    const adam = new optimizers.Adam();
    expectError(() => adam.apply(gradients, gru.trainable_weights), "ERR_UNSUPPORTED", REFUSAL);
    expectError(() => adam.build(gru.trainable_weights), "ERR_UNSUPPORTED", REFUSAL);
    const scaled = new optimizers.LossScaleOptimizer({ inner_optimizer: new optimizers.SGD() });
    expectError(() => scaled.apply(gradients, gru.trainable_weights), "ERR_UNSUPPORTED", REFUSAL);
    expect([adam.built, adam.iterations]).toEqual([false, 0]);
    expect(stateOf(gru)).toEqual(before);
  });

  it("does not keep other weights from being trained", async () => {
    const gru = await built({ kernel_constraint: WEIGHT_CLIP });
    const pass = gru.forward(inputs, { training: true });
    const { weights: gradients } = pass.backward({ output: pass.output });
    new optimizers.SGD().apply(gradients.slice(1), gru.trainable_weights.slice(1));
  });

  it("is refused where it is called by hand", async () => {
    const { constraint } = (await built({ kernel_constraint: WEIGHT_CLIP })).kernel;
    expectError(() => constraint?.apply(new Float32Array(18), [2, 9]), "ERR_UNSUPPORTED", REFUSAL);
  });

  it("that is like a known one is said to be", async () => {
    const gru = await built({ kernel_constraint: "max_nrom" });
    expectError(
      () => new optimizers.SGD().build(gru.weights),
      "ERR_UNSUPPORTED",
      /"max_nrom".*Did you mean "max_norm"\?/,
    );
  });
});

describe.each(["kernel_regularizer", "recurrent_regularizer", "bias_regularizer"])("a %s", (key) => {
  const refusal = new RegExp(`Expected a regularizer .* for \`${key}\` but received "WeightClip".*\`custom_objects\``);

  it("is refused where its loss is asked for, and nothing changes", async () => {
    const gru = await built({ [key]: WEIGHT_CLIP, stateful: true, dropout: 0.5, seed: 1 });
    gru.call(inputs);
    const state = gru.states?.[0].toArray();
    expectError(() => gru.losses, "ERR_UNSUPPORTED", refusal);
    expectError(() => gru.forward(inputs, { training: true }), "ERR_UNSUPPORTED", refusal);
    await expectRejection(() => gru.forwardAsync(inputs, { training: true }), "ERR_UNSUPPORTED", refusal);
    expect(gru.states?.[0].toArray()).toEqual(state);
    const same = await built({ stateful: true, dropout: 0.5, seed: 1 });
    same.call(inputs);
    expect(gru.call(inputs, { training: true })).toEqual(same.call(inputs, { training: true }));
  });

  it("costs nothing where the weights are not trainable", async () => {
    const gru = await built({ [key]: WEIGHT_CLIP, trainable: false });
    expect(gru.losses).toEqual([]);
    expect(gru.forward(inputs).losses).toEqual([]);
    gru.trainable = true;
    expectError(() => gru.forward(inputs), "ERR_UNSUPPORTED", refusal);
  });

  it("does not build a layer that it then refuses", () => {
    const gru = GRU.fromConfig({ ...base, [key]: WEIGHT_CLIP });
    expectError(() => gru.forward(inputs), "ERR_UNSUPPORTED", refusal);
    expect(gru.built).toBe(false);
  });
});

it("a bias_regularizer without a bias is never needed", () => {
  const gru = GRU.fromConfig({ ...base, use_bias: false, bias_regularizer: WEIGHT_CLIP, bias_constraint: WEIGHT_CLIP });
  expect(gru.forward(inputs).losses).toEqual([]);
  expect(gru.losses).toEqual([]);
  new optimizers.SGD().build(gru.weights);
});

describe("an activity_regularizer", () => {
  const REFUSAL = /Expected a regularizer .* for `activity_regularizer` but received "WeightClip".*`custom_objects`/;

  it("is refused where its loss is asked for, and nothing changes", async () => {
    const gru = await built({ activity_regularizer: WEIGHT_CLIP, stateful: true });
    gru.call(inputs, { training: true });
    const state = gru.states?.[0].toArray();
    expectError(() => gru.losses, "ERR_UNSUPPORTED", REFUSAL);
    expectError(() => gru.forward(inputs), "ERR_UNSUPPORTED", REFUSAL);
    await expectRejection(() => gru.forwardAsync(inputs), "ERR_UNSUPPORTED", REFUSAL);
    expect(gru.states?.[0].toArray()).toEqual(state);
    // As in Keras, the activity regularizer has a loss even in a layer that is not trainable.
    gru.trainable = false;
    expectError(() => gru.losses, "ERR_UNSUPPORTED", REFUSAL);
  });
});

describe("an initializer", () => {
  const REFUSAL = /Expected an initializer .* for `kernel_initializer` but received "WeightClip".*`custom_objects`/;

  it("is refused where fresh weights are made, and the layer stays as it was", async () => {
    const gru = GRU.fromConfig({ ...base, kernel_initializer: WEIGHT_CLIP });
    expectError(() => gru.build([null, null, 2]), "ERR_UNSUPPORTED", REFUSAL);
    expectError(() => gru.call(inputs), "ERR_UNSUPPORTED", REFUSAL);
    await expectRejection(() => gru.callAsync(inputs), "ERR_UNSUPPORTED", /loadWeights/);
    expectError(() => gru.forward(inputs), "ERR_UNSUPPORTED", REFUSAL);
    expect(gru.built).toBe(false);
    await gru.loadWeights(weights);
    gru.build([null, null, 2]);
    expect(gru.forward(inputs).losses).toEqual([]);
  });

  it("may be replaced", () => {
    const gru = GRU.fromConfig({ ...base, kernel_initializer: WEIGHT_CLIP }, { kernel_initializer: "zeros" });
    gru.build([null, null, 2]);
    expect(gru.kernel.value.data.every((value) => value === 0)).toBe(true);
  });
});

it("weights from a file ask no initializer, known or not", async () => {
  const asked: string[] = [];
  class Recording extends initializers.Zeros {
    override fill(...args: Parameters<initializers.Zeros["fill"]>): void {
      asked.push("fill");
      super.fill(...args);
    }
  }
  const given = { kernel_initializer: new Recording(), recurrent_initializer: new Recording() };
  await GRU.fromKeras(weights, given);
  const gru = new GRU(3, given);
  await gru.loadWeights(weights);
  expect(asked).toEqual([]);
  new GRU(3, given).build([null, null, 2]);
  expect(asked).toEqual(["fill", "fill"]);
});
