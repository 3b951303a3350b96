// Tells from which part of the King James Bible verses come, with a model that Keras trained, and checks the model against
// Keras's own predictions: node examples/verses/classify.mjs ["a text of your own" ...], or npm run example:verses.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { tensor } from "cudnn-gru";
import { loadKerasModel } from "cudnn-gru/models";

const ALLOWED_DIFFERENCE = 1e-5;

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const { alphabet, timesteps, parts, accuracy, verses } = JSON.parse(readFileSync(here("verses.json"), "utf8"));

/** Returns the inputs of the model, as train_keras.py makes them: zeros fill up short texts, and the model masks them. */
function encode(texts) {
  const ids = new Int32Array(texts.length * timesteps);
  texts.forEach((text, row) => {
    const known = [...text.toLowerCase()].map((letter) => alphabet.indexOf(letter) + 1).filter((id) => id > 0);
    ids.set(known.slice(0, timesteps), row * timesteps);
  });
  return tensor(ids, [texts.length, timesteps]);
}

/** Returns the part with the highest probability in each row, and that probability. */
function judge({ data, shape: [rows, width] }) {
  return Array.from({ length: rows }, (_, row) => {
    const probabilities = data.subarray(row * width, (row + 1) * width);
    const probability = Math.max(...probabilities);
    return { part: probabilities.indexOf(probability), probability };
  });
}

const model = await loadKerasModel(here("model.keras"));
const outputs = model.predict(encode(verses.map(({ text }) => text)));
const judged = judge(outputs);

console.log(model.summary());
for (const [index, { text, part }] of verses.slice(0, 5).entries()) {
  const { part: found, probability } = judged[index];
  const verdict = found === part ? "right" : `it is ${parts[part]}`;
  console.log(`\n${text}\n  ${parts[found]} (${(100 * probability).toFixed(0)} %), ${verdict}`);
}

const texts = process.argv.slice(2);
if (texts.length > 0) {
  for (const [index, { part, probability }] of judge(model.predict(encode(texts))).entries()) {
    console.log(`\n${texts[index]}\n  ${parts[part]} (${(100 * probability).toFixed(0)} %)`);
  }
}

const right = judged.filter(({ part }, index) => part === verses[index].part).length;
const percent = (share) => `${(100 * share).toFixed(1)} %`;
console.log(
  `\nright   ${percent(right / verses.length)} of ${verses.length} verses, of which the model has seen no chapter`,
);
console.log(`        (Keras: ${percent(accuracy.keras)} of ${accuracy.verses} such verses)`);

const bytes = readFileSync(here("predictions.f32"));
const difference = outputs.data.reduce(
  (worst, value, index) => Math.max(worst, Math.abs(value - bytes.readFloatLE(4 * index))),
  0,
);
console.log(`Keras   worst difference from Keras's own predictions ${difference.toExponential(1)} (allowed: 1e-5)`);
console.log(`speed   ${Math.round(versesPerSecond()).toLocaleString("en")} verses a second`);
model.dispose();
if (!(difference <= ALLOWED_DIFFERENCE)) {
  console.error("The outputs are not those of Keras.");
  process.exitCode = 1;
}

/** Predicts all verses again and again for a second. */
function versesPerSecond() {
  const inputs = encode(verses.map(({ text }) => text));
  const start = performance.now();
  let calls = 0;
  do {
    model.predict(inputs);
    calls++;
  } while (performance.now() - start < 1000);
  return (calls * verses.length * 1000) / (performance.now() - start);
}
