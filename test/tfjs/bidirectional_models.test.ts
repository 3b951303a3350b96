// Bidirectional in models: functional ones, models of Keras 3, training, copies, models in models.
import * as tf from "@tensorflow/tfjs";
import { GRU as CoreGRU, memoryUsage, type Tensor } from "cudnn-gru";
import { Bidirectional, bidirectional, GRU } from "cudnn-gru/tfjs";
import { describe, expect, it } from "vitest";
import { relativeError } from "../golden/reader.js";
import { fixture, type Model, type Plain, same, tensor } from "./bidirectional_fixture.js";
import { artifactsOf, kerasGruConfig, type NamedWeight, saved, sequentialLayer, values } from "./layers_model.js";
import { quiet } from "./support.js";

quiet();

const inputs = tensor(fixture.inputs);
const states = fixture.states.map(tensor) as [tf.Tensor, tf.Tensor];
const golden = fixture.calls.find(({ name }) => name === "concat, all, masked, from states");
const { weights, outputs } = golden as NonNullable<typeof golden>;
const mask = tf.tensor2d(fixture.mask, undefined, "bool");

/** Passes its first input on, with the mask that is its second. */
class WithMask extends tf.layers.Layer {
  static className = "WithMask";
  constructor(args: object = {}) {
    super(args as never);
    this.supportsMasking = true;
  }
  override computeOutputShape(shapes: tf.Shape | tf.Shape[]): tf.Shape {
    return shapes[0] as tf.Shape;
  }
  override call(given: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.clone((given as [tf.Tensor])[0]);
  }
  override computeMask(given: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.clone((given as [tf.Tensor, tf.Tensor])[1]);
  }
}
tf.serialization.registerClass(WithMask);

/** Inputs, mask, states. */
const symbolic = () =>
  [[5, 3], [5], [4], [4]].map((shape) => tf.input({ shape })) as [
    tf.SymbolicTensor,
    tf.SymbolicTensor,
    tf.SymbolicTensor,
    tf.SymbolicTensor,
  ];

/** A functional model with all inputs and outputs that a Bidirectional can have. */
function functional(make: (layer: GRU) => tf.layers.Layer, returnSequences = true): tf.LayersModel {
  const [source, masked, forward, backward] = symbolic();
  const layer = make(new GRU({ units: 4, returnSequences, returnState: true, name: "gru" }));
  const hidden = new WithMask().apply([source, masked]) as tf.SymbolicTensor;
  const results = layer.apply(hidden, { initialState: [forward, backward] }) as tf.SymbolicTensor[];
  return tf.model({ inputs: [source, masked, forward, backward], outputs: results });
}

const given = [inputs, tf.cast(mask, "float32"), ...states];
const ours = (layer: GRU) => bidirectional({ layer, name: "both" });

describe("functional models", () => {
  it("predict all outputs from symbolic states and masks, as often as they are asked", () => {
    const model = functional(ours);
    model.setWeights(weights.map(tensor));
    same(model.predict(given) as tf.Tensor[], outputs);
    const [whole] = model.predict([inputs, tf.ones([2, 5]), ...states]) as [tf.Tensor];
    expect(relativeError(whole.dataSync(), outputs[0]?.data as number[])).toBeGreaterThan(0.01);
    same(model.predict(given) as tf.Tensor[], outputs);
  });

  it("of tf.layers.bidirectional predict from symbolic states", () => {
    const [source, forward, backward] = [[5, 3], [4], [4]].map((shape) => tf.input({ shape })) as tf.SymbolicTensor[];
    const layer = tf.layers.bidirectional({ layer: new GRU({ units: 4 }) as never });
    const output = layer.apply(source as tf.SymbolicTensor, { initialState: [forward, backward] });
    const model = tf.model({ inputs: [source, forward, backward] as never, outputs: output as tf.SymbolicTensor });
    const call = fixture.calls.find(({ name }) => name === "from states");
    model.setWeights((call as NonNullable<typeof call>).weights.map(tensor));
    same(model.predict([inputs, ...states]) as tf.Tensor, (call as NonNullable<typeof call>).outputs);
  });

  it("are trained, in masked ones with states and several outputs too", async () => {
    // tfjs cannot add the losses of sequences and of states.
    const model = functional(ours, false);
    model.setWeights(weights.map(tensor));
    model.compile({ optimizer: tf.train.adam(0.05), loss: "meanSquaredError" });
    const targets = model.outputs.map(({ shape }) => tf.zeros([2, ...shape.slice(1)] as number[]));
    const { history } = await model.fit(given, targets, { epochs: 20, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 2);
    expect(memoryUsage().passes).toBe(0);
  });

  it("are copied by JSON, with the names of their weights", async () => {
    const model = functional(ours);
    model.setWeights(weights.map(tensor));
    const byJson = await tf.models.modelFromJSON(JSON.parse(model.toJSON() as string));
    byJson.setWeights(model.getWeights());
    same(byJson.predict(given) as tf.Tensor[], outputs);
    expect(byJson.toJSON()).toBe(model.toJSON());
    expect(byJson.getLayer("both")).toBeInstanceOf(Bidirectional);
    expect(byJson.weights.map(({ originalName }) => originalName)).toEqual(
      model.weights.map(({ originalName }) => originalName),
    );
  });

  it("of tf.layers.bidirectional that return states are trained with masks", async () => {
    const [source, masked] = symbolic();
    const hidden = new WithMask().apply([source, masked]) as tf.SymbolicTensor;
    const layer = tf.layers.bidirectional({ layer: new GRU({ units: 4, returnState: true }) as never });
    const model = tf.model({ inputs: [source, masked], outputs: layer.apply(hidden) as tf.SymbolicTensor[] });
    expect(model.outputs.map(({ shape }) => shape)).toEqual([
      [null, 8],
      [null, 4],
      [null, 4],
    ]);
    model.compile({ optimizer: tf.train.adam(0.05), loss: "meanSquaredError" });
    const targets = [8, 4, 4].map((size) => tf.zeros([2, size]));
    const { history } = await model.fit(given.slice(0, 2), targets, { epochs: 20, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 2);
  });

  it("in a model, and that twice, compute the same", () => {
    const inner = functional(ours);
    inner.setWeights(weights.map(tensor));
    const sources = symbolic();
    const outer = tf.model({ inputs: sources, outputs: inner.apply(sources) as tf.SymbolicTensor[] });
    same(outer.predict(given) as tf.Tensor[], outputs);
    same(outer.predict(given) as tf.Tensor[], outputs);
  });
});

describe("models of Keras 3", () => {
  /** A model as tensorflowjs_converter writes it. tfjs only reads `batch_input_shape`. */
  function converted({ json, weights: stored }: Model): tf.io.ModelArtifacts {
    const text = JSON.stringify(json).replaceAll('"batch_shape"', '"batch_input_shape"');
    return artifactsOf(
      JSON.parse(text),
      stored.map(({ name, shape, data }) => [name, shape, data] as const),
      "3.15.1",
    );
  }

  it.each(fixture.models.map((model) => [model.name, model] as const))("backward layer %s", async (_, golden) => {
    const model = await tf.loadLayersModel(tf.io.fromMemory(converted(golden)));
    same(model.predict(tensor(golden.inputs)) as tf.Tensor, golden.outputs);
    const artifacts = await saved(model);
    const again = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
    same(again.predict(tensor(golden.inputs)) as tf.Tensor, golden.outputs);
    // Only what tfjs would not make by itself is written.
    expect(JSON.stringify(artifacts.modelTopology).includes("backward_layer")).toBe(!golden.name.startsWith("derived"));
  });

  it("a backward layer that is no GRU is refused", async () => {
    const [golden] = fixture.models as [Model];
    const artifacts = converted(golden);
    const text = JSON.stringify(artifacts.modelTopology).replace(
      /("backward_layer":\{.*?"class_name":)"GRU"/,
      '$1"LSTM"',
    );
    const changed = { ...artifacts, modelTopology: JSON.parse(text) };
    await expect(tf.loadLayersModel(tf.io.fromMemory(changed))).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED",
      message: 'Expected a GRU for `backward_layer of both` but received "LSTM".',
    });
  });
});

describe("models of Keras 2", () => {
  it.each([
    ["gru", "other", ["forward_gru", "backward_other"]],
    ["forward_gru", "backward_gru", ["forward_forward_gru", "backward_backward_gru"]],
    ["gru", "gru", ["forward_gru", "backward_gru"]],
  ])("the layers %s and %s get their prefixes", async (forward, backward, names) => {
    const stored: NamedWeight[] = names.flatMap((name, half): NamedWeight[] => [
      [`both/${name}/gru_cell/kernel`, [3, 12], values([3, 12], 10 * half)],
      [`both/${name}/gru_cell/recurrent_kernel`, [4, 12], values([4, 12], 10 * half + 1)],
      [`both/${name}/gru_cell/bias`, [2, 12], values([2, 12], 10 * half + 2)],
    ]);
    const layer = sequentialLayer("GRU", kerasGruConfig({ name: forward, units: 4 }));
    const other = kerasGruConfig({ name: backward, units: 4, go_backwards: true, activation: "relu" });
    const config = { name: "both", merge_mode: "concat", layer, backward_layer: sequentialLayer("GRU", other) };
    const input = { batch_input_shape: [null, 5, 3], dtype: "float32", name: "in" };
    const layers = [sequentialLayer("InputLayer", input), sequentialLayer("Bidirectional", config)];
    const model = { class_name: "Sequential", config: { name: "model", layers } };
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(artifactsOf(model, stored)));
    const expected = [{}, { go_backwards: true, activation: "relu" }].flatMap((args, half) => {
      const core = new CoreGRU({ units: 4, ...args });
      core.build([null, null, 3]);
      const weights = stored.slice(3 * half, 3 * half + 3);
      core.setWeights(weights.map(([, shape, data]) => ({ shape, data: Float32Array.from(data) })));
      return [core.call({ data: inputs.dataSync() as Float32Array, shape: inputs.shape }) as Tensor];
    });
    const halves = tf.split(loaded.predict(inputs) as tf.Tensor, 2, 1);
    for (const [half, { data }] of expected.entries()) {
      expect(relativeError((halves[half] as tf.Tensor).dataSync(), data)).toBeLessThanOrEqual(1e-6);
    }
    const artifacts = await saved(loaded);
    const again = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
    expect((again.predict(inputs) as tf.Tensor).dataSync()).toEqual((loaded.predict(inputs) as tf.Tensor).dataSync());
  });
});

describe("backwardLayer", () => {
  const layer = () => new GRU({ units: 4, returnSequences: true });
  const backward = (args: object = {}) => new GRU({ units: 4, returnSequences: true, goBackwards: true, ...args });
  const used = (one: GRU) => {
    one.apply(inputs);
    return one;
  };
  it.each<[string, () => unknown, string, string]>([
    ["another layer", () => tf.layers.gru({ units: 4 }), "ERR_ARGUMENT", "a GRU of cudnn-gru/tfjs for `backwardLayer`"],
    ["the same direction", () => backward({ goBackwards: false }), "ERR_ARGUMENT", "goBackwards true"],
    ["other outputs", () => backward({ returnState: true }), "ERR_ARGUMENT", "a layer with returnState false"],
    ["one in use", () => used(backward()), "ERR_STATE", "that is not built"],
  ])("%s is refused", (_, make, code, message) => {
    const construct = () => bidirectional({ layer: layer(), backwardLayer: make() as GRU });
    expect(construct).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
  });

  it.each<[string, unknown, string]>([
    ["no arguments", undefined, "an object { layer, ... } for `args`"],
    [
      "the layer itself",
      layer(),
      "an object { layer, ... } for `args` but received a layer. Name it: bidirectional({ layer }).",
    ],
    ["no layer", {}, "a GRU of cudnn-gru/tfjs for `layer`"],
    ["a layer of tfjs's", { layer: tf.layers.gru({ units: 4 }) }, "a GRU of cudnn-gru/tfjs for `layer`"],
    [
      "another merge mode",
      { layer: layer(), mergeMode: "max" },
      '"concat", "sum", "mul", "ave" or null for `mergeMode`',
    ],
    ["a misspelled name", { layer: layer(), backward_layer: backward() }, "backward_layer"],
  ])("%s: refused", (_, args, message) => {
    expect(() => bidirectional(args as never)).toThrow(
      expect.objectContaining({ name: "GRUError", code: "ERR_ARGUMENT", message: expect.stringContaining(message) }),
    );
  });
});

describe("regularizers", () => {
  const { training } = fixture;
  const args = {
    units: 4,
    returnSequences: true,
    kernelRegularizer: tf.regularizers.l2({ l2: 0.125 }),
    recurrentRegularizer: { className: "L1", config: { l1: 0.0625 } },
    biasRegularizer: tf.regularizers.l1l2({ l1: 0.03125, l2: 0.25 }),
  };

  it.each<[string, (layer: GRU) => tf.layers.Layer]>([
    ["tf.layers.bidirectional", (layer) => tf.layers.bidirectional({ layer: layer as never })],
    ["bidirectional", (layer) => bidirectional({ layer })],
  ])("%s: a step of training is that of Keras", async (_, wrap) => {
    const model = tf.sequential({
      layers: [tf.layers.masking({ maskValue: 0, inputShape: [5, 3] }), wrap(new GRU(args)), new GRU({ units: 4 })],
    });
    model.setWeights(training.before.map(tensor));
    model.compile({ optimizer: tf.train.sgd(0.5), loss: "meanSquaredError" });
    const loss = (await model.trainOnBatch(tensor(training.inputs), tensor(training.targets))) as number;
    expect(loss).toBeCloseTo(training.loss, 4);
    same(model.getWeights(), training.after as Plain[]);
    const wrapper = model.layers[1] as tf.layers.Layer;
    wrapper.trainable = false;
    expect(wrapper.calculateLosses().map((one) => one.dataSync()[0])).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("count in TimeDistributed", () => {
    const inner = new GRU({ units: 4, kernelRegularizer: "l2" });
    const layer = tf.layers.timeDistributed({ layer: inner });
    layer.apply(tf.ones([2, 6, 5, 3]));
    expect(layer.calculateLosses().map((loss) => loss.dataSync()[0])).toEqual(
      inner.calculateLosses().map((loss) => loss.dataSync()[0]),
    );
    expect(layer.calculateLosses()).toHaveLength(1);
  });

  it("of one layer in two of tf.layers.bidirectional are refused, not mixed up; bidirectional knows them", () => {
    const shared = new GRU(args);
    const two = [0, 1].map(() => tf.layers.bidirectional({ layer: shared as never }));
    for (const one of two) one.apply(inputs);
    expect(() => two[0]?.calculateLosses()).toThrow(
      expect.objectContaining({ code: "ERR_UNSUPPORTED", message: expect.stringContaining("a layer of its own") }),
    );
    const other = new GRU(args);
    const known = [0, 1].map(() => bidirectional({ layer: other }));
    for (const one of known) one.apply(inputs);
    expect(known.map((one) => one.calculateLosses().length)).toEqual([6, 6]);
  });
});
