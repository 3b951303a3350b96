// Trains a GRU to count the syllables of English words from their letters, in tfjs: node examples/syllables/train.mjs, or
// npm run example:syllables. Words have different lengths: a Masking layer hides what is after their ends.
import * as tf from "@tensorflow/tfjs";
import { backendInfo, memoryUsage } from "cudnn-gru";
import { GRU } from "cudnn-gru/tfjs";
import { countVowelGroups, encode, LETTERS, LONGEST, MOST_SYLLABLES, readWords } from "./words.mjs";

const EPOCHS = 6;
const TRAINING_WORDS = 24_000;
const TEST_WORDS = 4_000;
const BATCH = 64;
const UNITS = 48;

tf.enableProdMode();
const words = readWords();
const test = words.slice(0, TEST_WORDS);
const training = words.slice(TEST_WORDS, TEST_WORDS + TRAINING_WORDS);

const model = tf.sequential({
  layers: [
    tf.layers.masking({ maskValue: 0, inputShape: [LONGEST, LETTERS.length] }),
    new GRU({
      units: UNITS,
      kernelInitializer: seeded("GlorotUniform", 1),
      recurrentInitializer: seeded("Orthogonal", 2),
    }),
    tf.layers.dense({
      units: MOST_SYLLABLES,
      activation: "softmax",
      kernelInitializer: tf.initializers.glorotUniform({ seed: 3 }),
    }),
  ],
});
model.compile({ optimizer: tf.train.adam(0.01), loss: "sparseCategoricalCrossentropy" });

const { cpu, cudnn } = backendInfo();
say("task", `syllables (1 to ${MOST_SYLLABLES}) of words of 1 to ${LONGEST} letters`);
say("words", `${count(training.length)} to learn, ${count(test.length)} others to be tested on`);
say("model", `Masking, GRU(${UNITS}), Dense(${MOST_SYLLABLES}); ${count(model.countParams())} parameters`);
say("path", cudnn.available ? "cuDNN" : `CPU (${cpu.isa}, ${cpu.threads} threads)`);

const inputs = tensorOf(training);
const labels = tf.tensor1d(
  training.map(({ syllables }) => syllables - 1),
  "float32",
);
const started = performance.now();
/** tfjs's tensors at the end of each epoch. */
const tensors = [];
await model.fit(inputs, labels, {
  epochs: EPOCHS,
  batchSize: BATCH,
  shuffle: false,
  verbose: 0,
  yieldEvery: "epoch",
  callbacks: {
    onEpochEnd: (epoch, { loss }) => {
      tensors.push(tf.memory().numTensors);
      const seconds = (performance.now() - started) / 1000;
      say(`epoch ${epoch + 1}`, `loss ${loss.toFixed(3)}, ${seconds.toFixed(1)} s`);
    },
  },
});

const predicted = predict(test);
const rule = test.map(({ word }) => countVowelGroups(word));
const most = Math.round(test.reduce((sum, { syllables }) => sum + syllables, 0) / test.length);
say(
  "right",
  `GRU ${percent(predicted)}; counting groups of vowels ${percent(rule)}; always ${most} ${percent(test.map(() => most))}`,
);
const examples = ["rhythm", "banana", "squeezed", "create", "fire", "area", "onomatopoeia"].map((word) => ({ word }));
say(
  "words",
  predict(examples)
    .map((syllables, index) => `${examples[index].word} ${syllables}`)
    .join(", "),
);
const flat = tensors.every((number) => number === tensors[0]) && memoryUsage().passes === 0;
say("memory", `${tensors[0]} tensors after the first epoch, ${tensors.at(-1)} after the last`);
if (!flat) {
  console.error("Training has left tensors or passes behind.");
  process.exitCode = 1;
}

function seeded(className, seed) {
  return { className, config: { seed } };
}

function tensorOf(some) {
  return tf.tensor3d(encode(some), [some.length, LONGEST, LETTERS.length]);
}

function predict(some) {
  return tf.tidy(() =>
    [...tf.argMax(model.predict(tensorOf(some), { batchSize: 500 }), 1).dataSync()].map((best) => best + 1),
  );
}

function percent(numbers) {
  const right = numbers.filter((number, index) => number === test[index].syllables).length;
  return `${((100 * right) / test.length).toFixed(1)} %`;
}

function count(number) {
  return number.toLocaleString("en");
}

function say(label, text) {
  console.log(`${label.padEnd(8)}${text}`);
}
