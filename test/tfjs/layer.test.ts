// The layer in tfjs's ways of making and using models.
import * as tf from "@tensorflow/tfjs";
import { GRU as CoreGRU, constraints, regularizers, type Tensor } from "cudnn-gru";
import { GRU, type GRULayerArgs, gru } from "cudnn-gru/tfjs";
import { describe, expect, it } from "vitest";
import { relativeError } from "../golden/reader.js";
import { values } from "./layers_model.js";
import { quiet } from "./support.js";

quiet();

const inputs = tf.tensor3d(values([2, 5, 3], 1), [2, 5, 3]);
const state = tf.tensor2d(values([2, 4], 2), [2, 4]);
const data = (tensor: tf.Tensor) => ({ data: tensor.dataSync() as Float32Array, shape: tensor.shape });

/** The same layer, with the same weights, of this package. */
function core(layer: GRU, args: object = {}): CoreGRU {
  const made = new CoreGRU({ units: layer.units, ...args });
  made.build([null, null, 3]);
  made.setWeights(layer.getWeights().map(data));
  return made;
}

function same(actual: tf.Tensor, expected: Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(relativeError(actual.dataSync(), expected.data)).toBeLessThanOrEqual(1e-6);
}

describe("a call", () => {
  it("gives the output, or output and state", () => {
    const last = new GRU({ units: 4 });
    same(last.apply(inputs) as tf.Tensor, core(last).call(data(inputs)) as Tensor);
    const both = gru({ units: 4, returnSequences: true, returnState: true });
    const [whole, final] = both.apply(inputs) as [tf.Tensor, tf.Tensor];
    const [output, end] = core(both, { return_sequences: true, return_state: true }).call(data(inputs)) as Tensor[];
    same(whole, output as Tensor);
    same(final, end as Tensor);
  });

  it("takes an initial state as a second input or by name, and masks of any kind", () => {
    const layer = new GRU({ units: 4, returnSequences: true });
    layer.apply(inputs);
    const mask = [
      [true, true, false, true, false],
      [false, true, true, true, true],
    ];
    const expected = core(layer, { return_sequences: true }).call(data(inputs), { mask, initial_state: data(state) });
    for (const dtype of ["bool", "int32", "float32"] as const) {
      const given = tf.cast(tf.tensor2d(mask, undefined, "bool"), dtype);
      same(layer.apply(inputs, { mask: given, initialState: state }) as tf.Tensor, expected as Tensor);
      same(layer.apply(inputs, { mask: given, initialState: [state] }) as tf.Tensor, expected as Tensor);
      same(layer.apply([inputs, state], { mask: given }) as tf.Tensor, expected as Tensor);
    }
  });

  it("of integers computes in float32", () => {
    const layer = new GRU({ units: 4 });
    const counts = tf.tensor3d(
      Array.from({ length: 30 }, (_, index) => index % 3),
      [2, 5, 3],
      "int32",
    );
    same(layer.apply(counts) as tf.Tensor, core(layer).call({ ...data(tf.cast(counts, "float32")) }) as Tensor);
  });

  it("sees weights that were set, assigned or trained", () => {
    const layer = new GRU({ units: 4 });
    layer.apply(inputs);
    layer.setWeights(layer.getWeights().map((weight) => tf.mul(weight, 2)));
    same(layer.apply(inputs) as tf.Tensor, core(layer).call(data(inputs)) as Tensor);
    const kernel = layer.weights[0]?.read() as tf.Variable;
    kernel.assign(tf.mul(kernel, -1));
    same(layer.apply(inputs) as tf.Tensor, core(layer).call(data(inputs)) as Tensor);
    const before = (layer.apply(inputs) as tf.Tensor).dataSync();
    tf.train.sgd(0.5).minimize(() => tf.sum(layer.apply(inputs) as tf.Tensor).asScalar());
    expect(relativeError((layer.apply(inputs) as tf.Tensor).dataSync(), before)).toBeGreaterThan(1e-3);
    same(layer.apply(inputs) as tf.Tensor, core(layer).call(data(inputs)) as Tensor);
  });

  it("drops out in training alone, the same for the same seed", () => {
    const make = () => new GRU({ units: 4, dropout: 0.5, recurrentDropout: 0.5, seed: 3, kernelInitializer: "ones" });
    const [one, other] = [make(), make()];
    one.apply(inputs);
    other.apply(inputs);
    other.setWeights(one.getWeights());
    const plain = (one.apply(inputs) as tf.Tensor).dataSync();
    expect((one.apply(inputs, { training: false }) as tf.Tensor).dataSync()).toEqual(plain);
    const dropped = (one.apply(inputs, { training: true }) as tf.Tensor).dataSync();
    expect(dropped).not.toEqual(plain);
    expect((other.apply(inputs, { training: true }) as tf.Tensor).dataSync()).toEqual(dropped);
    expect((one.apply(inputs, { training: true }) as tf.Tensor).dataSync()).not.toEqual(dropped);
  });
});

describe("gradients", () => {
  it("reach inputs, initial state and what is before the layer", () => {
    const layer = new GRU({ units: 4, returnState: true });
    layer.apply(inputs);
    const both = core(layer, { return_state: true });
    const pass = both.forward(data(inputs), { initial_state: data(state) });
    const expected = pass.backward({ output: new Float32Array(8).fill(2), state: new Float32Array(8).fill(3) });
    const objective = (x: tf.Tensor, h: tf.Tensor) => {
      const [output, end] = layer.apply(tf.mul(x, 2), { initialState: h }) as [tf.Tensor, tf.Tensor];
      return tf.add(tf.mul(2, tf.sum(output)), tf.mul(3, tf.sum(end))).asScalar();
    };
    const [dx, dh] = tf.grads(objective as never)([tf.div(inputs, 2), state]) as [tf.Tensor, tf.Tensor];
    expect(relativeError(tf.div(dx, 2).dataSync(), expected.inputs.data)).toBeLessThanOrEqual(1e-5);
    expect(relativeError(dh.dataSync(), expected.initial_state.data)).toBeLessThanOrEqual(1e-5);
  });

  it("of an output that is not used, and of one used twice", () => {
    const layer = new GRU({ units: 4, returnSequences: true, returnState: true });
    layer.apply(inputs);
    const kernel = layer.weights[0]?.read() as tf.Variable;
    const gradient = (f: (results: tf.Tensor[]) => tf.Tensor) =>
      tf.variableGrads(() => f(layer.apply(inputs) as tf.Tensor[]).asScalar(), [kernel]).grads[
        kernel.name
      ] as tf.Tensor;
    const ofState = gradient(([, end]) => tf.sum(end as tf.Tensor));
    const lastStep = ([whole]: tf.Tensor[]) => tf.sum(tf.slice(whole as tf.Tensor, [0, 4, 0], [2, 1, 4]));
    expect(relativeError(ofState.dataSync(), gradient(lastStep).dataSync())).toBeLessThanOrEqual(1e-6);
    const twice = gradient(([, end]) => tf.add(tf.sum(end as tf.Tensor), tf.sum(end as tf.Tensor)));
    expect(relativeError(twice.dataSync(), tf.mul(2, ofState).dataSync())).toBeLessThanOrEqual(1e-6);
  });

  it("from above may have been integers", () => {
    const layer = new GRU({ units: 4 });
    layer.apply(inputs);
    const counts = tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [2, 4], "int32");
    const from = (upstream: tf.Tensor) =>
      tf
        .grad((x) => layer.apply(x) as tf.Tensor)(inputs, upstream)
        .dataSync();
    expect(from(tf.cast(counts, "float32"))).toEqual(from(tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [2, 4])));
  });

  it("of gradients are refused, with no wrong number", () => {
    const layer = new GRU({ units: 4 });
    layer.apply(inputs);
    const inner = tf.grad((x) => tf.sum(layer.apply(x) as tf.Tensor));
    expect(() => tf.grad((x) => tf.sum(inner(x)))(inputs)).toThrow(
      expect.objectContaining({
        code: "ERR_UNSUPPORTED",
        message: expect.stringContaining("a gradient of the first order"),
      }),
    );
  });

  it("of layers that are not trainable train nothing", async () => {
    const layer = new GRU({ units: 4, inputShape: [5, 3], trainable: false, kernelRegularizer: "l2" });
    const model = tf.sequential({ layers: [layer, tf.layers.dense({ units: 1 })] });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const before = layer.getWeights().map((weight) => weight.dataSync().slice());
    await model.fit(inputs, tf.zeros([2, 1]), { epochs: 2, verbose: 0 });
    expect(layer.getWeights().map((weight) => weight.dataSync())).toEqual(before);
    expect(layer.calculateLosses().map((loss) => loss.dataSync()[0])).toEqual([0]);
    layer.trainable = true;
    const [loss] = layer.calculateLosses();
    const expected = new regularizers.L2().loss(before[0] as Float32Array);
    expect(loss?.dataSync()[0]).toBeCloseTo(expected, 5);
  });
});

describe("models", () => {
  it("Embedding gives the mask, in predict and in fit", async () => {
    const layer = new GRU({ units: 4, returnSequences: true });
    const embedding = tf.layers.embedding({ inputDim: 9, outputDim: 3, maskZero: true, inputLength: 5 });
    const model = tf.sequential({ layers: [embedding, layer] });
    const words = tf.tensor2d(
      [
        [3, 1, 4, 0, 0],
        [2, 7, 1, 8, 0],
      ],
      undefined,
      "int32",
    );
    const output = model.predict(words) as tf.Tensor;
    const embedded = embedding.apply(words) as tf.Tensor;
    same(output, core(layer, { return_sequences: true }).call(data(embedded), { lengths: [3, 4] }) as Tensor);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const target = tf.zeros([2, 5, 4]);
    const { history } = await model.fit(words, target, { epochs: 1, verbose: 0 });
    const expected = tf.mean(tf.square(output)).dataSync()[0] as number;
    expect(history.loss?.[0]).toBeCloseTo(expected, 5);
  });

  it("a functional one with both outputs, and an initial state", () => {
    const sequence = tf.input({ shape: [5, 3] });
    const start = tf.input({ shape: [4] });
    const layer = new GRU({ units: 4, returnSequences: true, returnState: true });
    const outputs = layer.apply(sequence, { initialState: start }) as tf.SymbolicTensor[];
    expect(outputs.map(({ shape }) => shape)).toEqual([
      [null, 5, 4],
      [null, 4],
    ]);
    const model = tf.model({ inputs: [sequence, start], outputs });
    const [whole, end] = model.predict([inputs, state]) as tf.Tensor[];
    const args = { return_sequences: true, return_state: true };
    const [output, final] = core(layer, args).call(data(inputs), { initial_state: data(state) }) as Tensor[];
    same(whole as tf.Tensor, output as Tensor);
    same(end as tf.Tensor, final as Tensor);
    const again = layer.apply([sequence, start]) as tf.SymbolicTensor[];
    expect(again).toHaveLength(2);
  });

  it("regularizers count in the loss of fit, and its gradients", async () => {
    const model = tf.sequential({
      layers: [
        new GRU({
          units: 4,
          inputShape: [5, 3],
          kernelRegularizer: tf.regularizers.l2({ l2: 0.5 }),
          biasRegularizer: { className: "L1", config: { l1: 0.5 } },
        }),
      ],
    });
    model.compile({ optimizer: tf.train.sgd(0), loss: "meanSquaredError" });
    const weights = model.getWeights().map((weight) => weight.dataSync());
    const output = model.predict(inputs) as tf.Tensor;
    const { history } = await model.fit(inputs, tf.zeros([2, 4]), { epochs: 1, verbose: 0 });
    const penalty = 0.5 * (weights[0] as Float32Array).reduce((sum, value) => sum + value ** 2, 0);
    expect(history.loss?.[0]).toBeCloseTo((tf.mean(tf.square(output)).dataSync()[0] as number) + penalty, 4);
  });

  it("constraints are applied when they are asked to be", () => {
    const layer = new GRU({
      units: 4,
      kernelConstraint: "nonNeg",
      recurrentConstraint: new constraints.UnitNorm({ axis: 0 }),
    });
    layer.apply(inputs);
    expect(Math.min(...(layer.getWeights()[0] as tf.Tensor).dataSync())).toBeLessThan(0);
    layer.applyConstraints();
    const [kernel, recurrent] = layer.getWeights() as tf.Tensor[];
    expect(Math.min(...(kernel as tf.Tensor).dataSync())).toBe(0);
    const norms = tf.norm(recurrent as tf.Tensor, 2, 0).dataSync();
    for (const norm of norms) expect(norm).toBeCloseTo(1, 5);
    same(layer.apply(inputs) as tf.Tensor, core(layer).call(data(inputs)) as Tensor);
  });

  it("stateful ones begin where they ended, until they are reset", () => {
    const layer = new GRU({ units: 4, stateful: true, batchInputShape: [2, 5, 3] });
    const model = tf.sequential({ layers: [layer] });
    const first = (model.predict(inputs) as tf.Tensor).dataSync();
    const second = model.predict(inputs) as tf.Tensor;
    const expected = core(layer).call(data(inputs), { initial_state: { data: first as Float32Array, shape: [2, 4] } });
    same(second, expected as Tensor);
    expect(layer.getStates()?.[0].dataSync()).toEqual(second.dataSync());
    model.resetStates();
    expect((model.predict(inputs) as tf.Tensor).dataSync()).toEqual(first);
    layer.resetStates(state);
    expect(layer.getStates()?.[0].dataSync()).toEqual(state.dataSync());
    const stateless = new GRU({ units: 4 });
    expect(stateless.getStates()).toBeNull();
    expect(() => stateless.resetStates()).toThrow(expect.objectContaining({ code: "ERR_STATE" }));
  });
});

describe("arguments and configs", () => {
  it("defaults are Keras's; tfjs's and Keras's spellings are the same", () => {
    const config = new GRU({ units: 4 }).getConfig();
    expect(config).toMatchObject({
      activation: "tanh",
      recurrentActivation: "sigmoid",
      resetAfter: true,
      kernelInitializer: { className: "GlorotUniform" },
    });
    const one = new GRU({ units: 4, returnSequences: true, recurrentActivation: "hardSigmoid", name: "one" });
    const other = new GRU({
      units: 4,
      return_sequences: true,
      recurrent_activation: "hard_sigmoid",
      name: "one",
    } as GRULayerArgs);
    expect(other.getConfig()).toEqual(one.getConfig());
  });

  it.each<[string, Partial<GRULayerArgs>]>([
    [
      "flags",
      { returnSequences: true, returnState: true, goBackwards: true, unroll: true, resetAfter: false, useBias: false },
    ],
    ["rates and seeds", { dropout: 0.25, recurrentDropout: 0.5, seed: 7, implementation: 1 }],
    ["zeroOutputForMask", { zeroOutputForMask: true, recurrentActivation: "hardSigmoid" }],
    [
      "tfjs's objects",
      {
        kernelInitializer: tf.initializers.varianceScaling({
          scale: 2,
          mode: "fanAvg",
          distribution: "truncatedNormal",
        }),
        recurrentInitializer: tf.initializers.orthogonal({ seed: 3 }),
        biasInitializer: "leCunNormal",
        kernelRegularizer: tf.regularizers.l1l2({ l1: 0.125, l2: 0.25 }),
        kernelConstraint: tf.constraints.minMaxNorm({ minValue: 0.5, maxValue: 2, rate: 0.5, axis: 1 }),
      },
    ],
    [
      "activation layers",
      { activation: { className: "LeakyReLU", config: { negativeSlope: 0.125 } }, recurrentActivation: "logSigmoid" },
    ],
  ])("%s: the config makes the same layer again, and tfjs's JSON does", (_, args) => {
    const layer = new GRU({ units: 4, name: "same", ...args });
    const config = layer.getConfig();
    const again = GRU.fromConfig(GRU as never, { ...config }) as GRU;
    expect(again.getConfig()).toEqual(config);
    const sequence = tf.input({ shape: [5, 3] });
    const model = tf.model({ inputs: sequence, outputs: layer.apply(sequence) as tf.SymbolicTensor });
    const json = model.toJSON() as string;
    expect(json).toContain('"class_name":"GRU"');
    expect(json).toContain('"recurrent_regularizer":null');
  });

  it("computes shapes and masks", () => {
    const last = new GRU({ units: 4 });
    expect(last.computeOutputShape([null, 5, 3])).toEqual([null, 4]);
    expect(last.computeMask(inputs, tf.ones([2, 5]))).toBeNull();
    const all = new GRU({ units: 4, returnSequences: true, returnState: true });
    expect(
      all.computeOutputShape([
        [7, null, 3],
        [7, 4],
      ]),
    ).toEqual([
      [7, null, 4],
      [7, 4],
    ]);
    const mask = tf.ones([2, 5]);
    expect(all.computeMask(inputs, mask)).toEqual([mask, null]);
  });
});
