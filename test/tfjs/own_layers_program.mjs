// A program that uses tfjs's own layers alone, and prints all that it sees of them. With the argument "with" it imports
// cudnn-gru/tfjs first, which must make no difference.
import * as tf from "@tensorflow/tfjs";

tf.env().set("IS_TEST", true);
if (process.argv[2] === "with") await import("cudnn-gru/tfjs");

const lines = [];
const ids = new Map();
// Classes are compared by identity, not by their name alone.
const classOf = (layer) => {
  const own = [tf.layers.gru({ units: 1 }), tf.layers.bidirectional({ layer: tf.layers.gru({ units: 1 }) })];
  return own.some((one) => one.constructor === layer.constructor);
};
const values = (tensor) => (tensor === null ? null : [tensor.shape, tensor.dtype, Array.from(tensor.dataSync())]);
async function see(name, compute) {
  try {
    lines.push([name, await compute()]);
  } catch (error) {
    lines.push([name, String(error).replace(/\d+/g, (id) => ids.get(id) ?? id)]);
  }
}

const inputs = tf.randomUniform([2, 5, 3], -1, 1, "float32", 1);
const states = [2, 3].map((seed) => tf.randomUniform([2, 4], -1, 1, "float32", seed));
const mask = tf.tensor2d([1, 1, 0, 1, 0, 0, 1, 1, 1, 1], [2, 5], "bool");
const seeded = (seed) => tf.initializers.randomUniform({ minval: -1, maxval: 1, seed });
const gru = (args = {}) =>
  tf.layers.gru({ units: 4, kernelInitializer: seeded(4), recurrentInitializer: seeded(5), ...args });

for (const mergeMode of ["concat", "sum", "mul", "ave", null]) {
  for (const args of [{}, { returnState: true }, { returnSequences: true, returnState: true, implementation: 1 }]) {
    const make = (more) => tf.layers.bidirectional({ layer: gru({ ...args, ...more }), mergeMode });
    await see("a Bidirectional", () => [make().apply(inputs, { mask })].flat().map(values));
    await see("its halves", () => [make().forwardLayer, make().backwardLayer].map(classOf));
    await see("from states", () => [make().apply(inputs, { initialState: [...states] })].flat().map(values));
    await see("its config", () => make({ kernelRegularizer: "l1l2", name: "one" }).getConfig());
    await see("its losses", () => {
      const layer = make({ kernelRegularizer: "l1l2" });
      layer.apply(inputs);
      return layer.calculateLosses().map(values);
    });
  }
}
await see("constants", () => gru().apply(inputs, { constants: [inputs] }));
await see("an unknown class", () => tf.layers.bidirectional({ layer: tf.layers.dense({ units: 2 }) }));
await see("cells", () =>
  values(
    tf.layers
      .rnn({
        cell: [tf.layers.gruCell({ units: 2, ...{ kernelInitializer: seeded(6), recurrentInitializer: seeded(7) } })],
      })
      .apply(inputs),
  ),
);
await see("TimeDistributed", () => values(tf.layers.timeDistributed({ layer: gru() }).apply(tf.ones([2, 3, 5, 3]))));

function model(implementation) {
  return tf.sequential({
    name: "model",
    layers: [
      tf.layers.masking({ maskValue: 0, inputShape: [5, 3], name: "masking" }),
      tf.layers.bidirectional({ layer: gru({ returnSequences: true, name: "a", implementation }), name: "both" }),
      tf.layers.bidirectional({
        layer: tf.layers.lstm({
          units: 2,
          kernelInitializer: seeded(8),
          recurrentInitializer: seeded(9),
          returnSequences: true,
          name: "l",
        }),
        name: "lstms",
      }),
      gru({ name: "b", implementation, kernelRegularizer: tf.regularizers.l2({ l2: 0.1 }) }),
    ],
  });
}
for (const implementation of [undefined, 1, 2]) {
  await see("fit", async () => {
    const made = model(implementation);
    made.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const { history } = await made.fit(inputs, states[0], { epochs: 2, shuffle: false, verbose: 0 });
    return [history, made.getWeights().map(values)];
  });
  await see("JSON", () => model(implementation).toJSON(null, false));
  await see("a copy by JSON", async () => {
    const copy = await tf.models.modelFromJSON(JSON.parse(model(implementation).toJSON()));
    return [classOf(copy.layers[1]), classOf(copy.layers[1].forwardLayer), classOf(copy.layers[3]), copy.toJSON()];
  });
  await see("saved and loaded", async () => {
    const made = model(implementation);
    let saved;
    await made.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
      }),
    );
    saved.modelTopology = JSON.parse(JSON.stringify(saved.modelTopology));
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved));
    return [
      classOf(loaded.layers[1]),
      classOf(loaded.layers[3]),
      values(loaded.predict(inputs)),
      values(made.predict(inputs)),
    ];
  });
  await see("a copy by config", () => {
    const made = model(implementation);
    const copy = tf.Sequential.fromConfig(tf.Sequential, made.getConfig());
    return [classOf(copy.layers[1].backwardLayer), values(copy.predict(inputs))];
  });
}
const registry = tf.serialization.SerializationMap.getMap().classNameMap;
await see("the registry", () => Object.entries(registry).map(([name, [cls]]) => [name, cls.name, cls.className]));
await see("registered names", () =>
  [gru(), tf.layers.bidirectional({ layer: gru() })].map((one) => tf.serialization.getRegisteredName(one.constructor)),
);
process.stdout.write(lines.map((line) => JSON.stringify(line)).join("\n"));
