// The layer in tfjs's other wrappers and in copies of models, and the calls that it refuses.
import * as tf from "@tensorflow/tfjs";
import { GRU as CoreGRU, memoryUsage, type Tensor } from "cudnn-gru";
import { Bidirectional, bidirectional, GRU } from "cudnn-gru/tfjs";
import { describe, expect, it } from "vitest";
import { relativeError } from "../golden/reader.js";
import { values } from "./layers_model.js";
import { quiet } from "./support.js";

quiet();

const inputs = tf.tensor(values([2, 6, 5, 3], 1), [2, 6, 5, 3]);
const sequence = tf.tensor(values([2, 5, 3], 2), [2, 5, 3]);
const state = tf.tensor(values([2, 4], 3), [2, 4]);

describe("TimeDistributed", () => {
  it("computes every step as the layer would, with the weights it was given", () => {
    const weights = [
      [3, 12],
      [4, 12],
      [2, 12],
    ].map((shape, index) => tf.tensor(values(shape, index), shape));
    const layer = tf.layers.timeDistributed({ layer: new GRU({ units: 4, weights }) });
    const output = layer.apply(inputs) as tf.Tensor;
    expect(output.shape).toEqual([2, 6, 4]);
    const core = new CoreGRU({ units: 4 });
    core.build([null, null, 3]);
    core.setWeights(weights.map((weight) => ({ data: weight.dataSync() as Float32Array, shape: weight.shape })));
    for (let step = 0; step < 6; step += 1) {
      const slice = tf.slice(inputs, [0, step, 0, 0], [2, 1, 5, 3]);
      const expected = core.call({ data: slice.dataSync() as Float32Array, shape: [2, 5, 3] }) as Tensor;
      const actual = tf.slice(output, [0, step, 0], [2, 1, 4]).dataSync();
      expect(relativeError(actual, expected.data)).toBeLessThanOrEqual(1e-6);
    }
    // The next test counts native memory, which a collection of these would change.
    core.dispose();
    layer.dispose();
  });

  it("trains, is copied by JSON and by config, and frees the native memory when disposed", async () => {
    const before = memoryUsage().weights;
    const inner = new GRU({ units: 4, inputShape: [6, 5, 3], resetAfter: false });
    const model = tf.sequential({
      layers: [tf.layers.timeDistributed({ layer: inner, inputShape: [6, 5, 3] }), new GRU({ units: 2 })],
    });
    model.compile({ optimizer: tf.train.adam(0.05), loss: "meanSquaredError" });
    const { history } = await model.fit(inputs, tf.ones([2, 2]), { epochs: 20, verbose: 0 });
    expect((history.loss as number[]).at(-1)).toBeLessThan((history.loss as number[])[0] as number);
    const byJson = await tf.models.modelFromJSON(JSON.parse(model.toJSON() as string));
    const byConfig = tf.Sequential.fromConfig(tf.Sequential as never, model.getConfig() as never) as tf.Sequential;
    for (const copy of [byJson, byConfig]) {
      expect((copy.layers[0] as unknown as { layer: GRU }).layer).toBeInstanceOf(GRU);
      copy.setWeights(model.getWeights());
      const [actual, expected] = [copy, model].map((one) => (one.predict(inputs) as tf.Tensor).dataSync());
      expect(actual).toEqual(expected);
      copy.dispose();
    }
    model.dispose();
    expect(memoryUsage().weights).toBe(before);
  });

  it("gives no layer its step's mask: one of three dimensions is refused", () => {
    const layer = tf.layers.timeDistributed({ layer: new GRU({ units: 4 }) });
    expect(() => layer.apply(inputs, { mask: tf.ones([2, 6, 5]) })).toThrow(
      expect.objectContaining({ name: "GRUError", message: expect.stringContaining("`mask`") }),
    );
  });
});

describe("Bidirectional", () => {
  const wrappers: [string, (layer: GRU, args?: object) => tf.layers.Layer][] = [
    ["tf.layers.bidirectional", (layer, args) => tf.layers.bidirectional({ layer: layer as never, ...args })],
    ["bidirectional", (layer, args) => bidirectional({ layer, ...args })],
  ];

  it.each(wrappers)("%s: stateful halves go on, and are reset", (_, wrap) => {
    const layer = wrap(new GRU({ units: 4, stateful: true }), { batchInputShape: [2, 5, 3] });
    const model = tf.sequential({ layers: [layer] });
    const first = (model.predict(sequence) as tf.Tensor).dataSync();
    const second = (model.predict(sequence) as tf.Tensor).dataSync();
    expect(relativeError(second, first)).toBeGreaterThan(1e-3);
    model.resetStates();
    expect((model.predict(sequence) as tf.Tensor).dataSync()).toEqual(first);
  });

  it.each(wrappers)("%s: what is not trainable stays, also when it was made so before", async (_, wrap) => {
    const make = [
      () => wrap(new GRU({ units: 4, trainable: false }), { inputShape: [5, 3] }),
      () => Object.assign(wrap(new GRU({ units: 4 }), { inputShape: [5, 3] }), { trainable: false }),
    ];
    for (const one of make) {
      const layer = one();
      const model = tf.sequential({ layers: [layer, tf.layers.dense({ units: 1 })] });
      model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      const before = layer.getWeights().map((weight) => weight.dataSync().slice());
      expect(layer.trainableWeights).toHaveLength(0);
      await model.fit(sequence, tf.zeros([2, 1]), { epochs: 2, verbose: 0 });
      expect(layer.getWeights().map((weight) => weight.dataSync())).toEqual(before);
    }
  });

  it("bidirectional: one that is made not trainable is so, with all its layers and copies", async () => {
    const backwardLayer = new GRU({ units: 4, goBackwards: true, activation: "relu" });
    for (const args of [{}, { backwardLayer }]) {
      const layer = bidirectional({ layer: new GRU({ units: 4 }), trainable: false, inputShape: [5, 3], ...args });
      const model = tf.sequential({ layers: [layer] });
      const copy = await tf.models.modelFromJSON(JSON.parse(model.toJSON() as string));
      for (const one of [model, copy]) {
        expect(one.trainableWeights).toHaveLength(0);
        expect(one.layers.at(-1)?.weights).toHaveLength(6);
      }
    }
  });

  it.each<[string, unknown]>([
    ["one tensor", state],
    ["a list of one", [state]],
    ["a list of four", [state, state, state, state]],
    ["what is no tensor", [state, null]],
  ])("bidirectional: %s for the initial state is refused", (_, initialState) => {
    const layer = bidirectional({ layer: new GRU({ units: 4 }) });
    expect(() => layer.apply(sequence, { initialState })).toThrow(
      expect.objectContaining({ code: "ERR_ARGUMENT", message: expect.stringContaining("a list of two tensors") }),
    );
  });

  it.each(wrappers)("%s: seeds, dropout and its path are those of the layer", (_, wrap) => {
    const make = () => wrap(new GRU({ units: 4, dropout: 0.5, seed: 3, useCudnn: false }));
    const [one, other] = [make(), make()];
    for (const layer of [one, other]) layer.apply(sequence);
    other.setWeights(one.getWeights());
    const dropped = [one, other].map((layer) => (layer.apply(sequence, { training: true }) as tf.Tensor).dataSync());
    expect(dropped[0]).toEqual(dropped[1]);
    expect((one.apply(sequence) as tf.Tensor).dataSync()).not.toEqual(dropped[0]);
    const { backwardLayer } = one as unknown as { backwardLayer: GRU };
    expect(backwardLayer.getConfig()).toMatchObject({ dropout: 0.5, seed: 3, goBackwards: true });
  });

  it.each(wrappers)("%s: constraints of both halves are applied", (_, wrap) => {
    const inner = new GRU({ units: 4, kernelConstraint: tf.constraints.maxNorm({ maxValue: 0.5, axis: 0 }) });
    const layer = wrap(inner);
    layer.apply(sequence);
    layer.setWeights(layer.getWeights().map((weight) => tf.fill(weight.shape, 2)));
    (layer instanceof Bidirectional ? layer : inner).applyConstraints();
    for (const kernel of layer.getWeights().filter((_, index) => index % 3 === 0)) {
      for (const norm of tf.norm(kernel, "euclidean", 0).dataSync()) expect(norm).toBeCloseTo(0.5, 5);
    }
  });

  it.each(wrappers)("%s: steps of training leave no tensors and no passes", async (_, wrap) => {
    const layer = wrap(new GRU({ units: 4, returnSequences: true, kernelRegularizer: "l1l2", dropout: 0.25 }));
    const masking = tf.layers.masking({ maskValue: 9, inputShape: [5, 3] });
    const model = tf.sequential({ layers: [masking, layer, new GRU({ units: 2 })] });
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    const target = tf.zeros([2, 2]);
    for (let step = 0; step < 3; step += 1) await model.trainOnBatch(sequence, target);
    const before = tf.memory().numTensors;
    for (let step = 0; step < 20; step += 1) await model.trainOnBatch(sequence, target);
    expect(tf.memory().numTensors).toBe(before);
    expect(memoryUsage().passes).toBe(0);
  });

  it("of Bidirectionals: a model of several, saved with their names", async () => {
    const model = tf.sequential({
      layers: [
        bidirectional({ layer: new GRU({ units: 4, returnSequences: true }), inputShape: [5, 3], mergeMode: "ave" }),
        tf.layers.bidirectional({ layer: new GRU({ units: 2, resetAfter: false }) as never }),
      ],
    });
    const copy = await tf.models.modelFromJSON(JSON.parse(model.toJSON() as string));
    copy.setWeights(model.getWeights());
    const [actual, expected] = [copy, model].map((one) => (one.predict(sequence) as tf.Tensor).dataSync());
    expect(actual).toEqual(expected);
  });
});

describe("a copy", () => {
  it("of a config is not taken for half of a Bidirectional", () => {
    const config = new GRU({ units: 4, returnSequences: true }).getConfig();
    const copies = [false, true].map((goBackwards) => GRU.fromConfig(GRU as never, { ...config, goBackwards }) as GRU);
    for (const copy of copies) expect(copy.getConfig()).not.toHaveProperty("zeroOutputForMask");
  });
});

describe("calls", () => {
  it("with constants are refused, as of Keras's GRU: it has none", () => {
    const constants = [state];
    const layers: tf.layers.Layer[] = [
      new GRU({ units: 4 }),
      tf.layers.timeDistributed({ layer: new GRU({ units: 4 }) }),
    ];
    for (const [index, layer] of layers.entries()) {
      expect(() => layer.apply(index === 0 ? sequence : inputs, { constants })).toThrow(
        expect.objectContaining({ code: "ERR_ARGUMENT", message: expect.stringContaining("for `constants`") }),
      );
    }
    const symbolic = tf.input({ shape: [5, 3] });
    expect(() => new GRU({ units: 4 }).apply(symbolic, { constants })).toThrow("for `constants`");
    expect(() => bidirectional({ layer: new GRU({ units: 4 }) }).apply(sequence, { constants })).toThrow(
      expect.objectContaining({ code: "ERR_ARGUMENT" }),
    );
    (layers[0] as tf.layers.Layer).apply(sequence, { constants: null });
  });

  it("leave the caller's arguments as they were", () => {
    const mask = tf.tensor2d([1, 1, 0, 0, 0, 1, 1, 1, 1, 0], [2, 5]);
    for (const layer of [new GRU({ units: 4 }), bidirectional({ layer: new GRU({ units: 4 }) })]) {
      const states = layer instanceof GRU ? [state] : [state, state];
      const kwargs = { mask, training: false };
      const [first, second] = [0, 1].map(() => (layer.apply([sequence, ...states], kwargs) as tf.Tensor).dataSync());
      expect(kwargs).toEqual({ mask, training: false });
      expect(second).toEqual(first);
      const given = { mask, initialState: states };
      expect((layer.apply(sequence, given) as tf.Tensor).dataSync()).toEqual(first);
      expect(given.initialState).toBe(states);
    }
  });

  it("take a list of one initial state when they are made without apply", () => {
    const layer = new GRU({ units: 4 });
    const expected = (layer.apply(sequence, { initialState: state }) as tf.Tensor).dataSync();
    expect((layer.call(sequence, { initialState: [state] }) as tf.Tensor).dataSync()).toEqual(expected);
    expect((layer.call([sequence, state]) as tf.Tensor).dataSync()).toEqual(expected);
    expect(() => layer.call([sequence, state, state])).toThrow("one state, [batch, units] for `initialState`");
  });
});

describe("l1l2", () => {
  it.each<[string, string | object, { l1: number; l2: number }]>([
    ["by name", "l1l2", { l1: 0.01, l2: 0.01 }],
    ["by the name of its class", "L1L2", { l1: 0.01, l2: 0.01 }],
    ["in tfjs's spelling", { className: "L1L2", config: { l1: 0.5 } }, { l1: 0.5, l2: 0.01 }],
    ["in Keras's spelling", { class_name: "L1L2", config: { l1: 0.5 } }, { l1: 0.5, l2: 0 }],
    ["of tfjs", tf.regularizers.l1l2({ l2: 0.25 }), { l1: 0.01, l2: 0.25 }],
  ])("%s has the defaults of its vocabulary", (_, kernelRegularizer, expected) => {
    const layer = new GRU({ units: 4, kernelRegularizer });
    expect(layer.getConfig().kernelRegularizer).toMatchObject({ className: "L1L2", config: expected });
    layer.apply(sequence);
    const kernel = layer.getWeights()[0]?.dataSync() as Float32Array;
    const loss = kernel.reduce((sum, value) => sum + expected.l1 * Math.abs(value) + expected.l2 * value ** 2, 0);
    expect(layer.calculateLosses()[0]?.dataSync()[0]).toBeCloseTo(loss, 5);
  });
});
