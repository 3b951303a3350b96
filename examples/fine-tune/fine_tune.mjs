// Fine-tunes in Node.js a model that Keras trained, and saves it for Keras: node examples/fine-tune/fine_tune.mjs, or
// npm run example:fine-tune. The model forecasts tomorrow's highest temperature. Keras trained it on Seattle's weather, and
// here it learns New York's.
import { relative } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { kerasFile } from "cudnn-gru/tfjs";
import { changesOf, DAYS, here, inputsOf, readDays, SCALE } from "./data.mjs";

const EPOCHS = 8;
const BATCH = 64;
const LEARNING_RATE = 2e-3;
const OUTPUT = here("new_york.keras");

tf.enableProdMode();
const days = readDays("New York");
const isLearned = ({ date }) => date.getUTCFullYear() < 2015;
const ends = days.map((_, row) => row).slice(DAYS - 1, -1);
const training = ends.filter((end) => isLearned(days[end + 1]));
const test = ends.filter((end) => !isLearned(days[end + 1]));

const model = await tf.loadLayersModel(kerasFile(here("seattle.keras")));
say("model", model.layers.map((layer) => layer.getClassName()).join(", "));
say("", `trained by Keras on Seattle; ${model.countParams().toLocaleString("en")} parameters`);
say("task", `from ${DAYS} days the highest temperature of the next, in New York`);
say("", `${training.length} days to learn, ${test.length} others (2015) to be tested on`);

const before = meanError(predict(model, test));
model.compile({ optimizer: tf.train.adam(LEARNING_RATE), loss: "meanAbsoluteError" });
const started = performance.now();
const inputs = tensorOf(training);
const targets = tf.tensor2d(changesOf(days, training), [training.length, 1]);
const { history } = await model.fit(inputs, targets, {
  epochs: EPOCHS,
  batchSize: BATCH,
  verbose: 0,
  yieldEvery: "never",
});
const seconds = (performance.now() - started) / 1000;
const predictions = predict(model, test);
say(
  "fit",
  `${EPOCHS} epochs in ${seconds.toFixed(1)} s, loss ${history.loss[0].toFixed(3)} to ${history.loss.at(-1).toFixed(3)}`,
);

say("error", "mean absolute error in 2015");
say("", `as warm as today      ${meanError(test.map(() => 0)).toFixed(2)} °C`);
say("", `Seattle's model       ${before.toFixed(2)} °C`);
say("", `fine-tuned            ${meanError(predictions).toFixed(2)} °C`);

await model.save(kerasFile(OUTPUT));
const again = predict(await tf.loadLayersModel(kerasFile(OUTPUT)), test);
say("saved", `${relative(process.cwd(), OUTPUT)}, a model of Keras 3`);
if (!again.every((value, index) => value === predictions[index])) {
  console.error("The saved model predicts other numbers.");
  process.exitCode = 1;
}
if (process.argv.includes("--predictions")) console.log(JSON.stringify(Array.from(again)));

function tensorOf(rows) {
  return tf.tensor3d(inputsOf(days, rows), [rows.length, DAYS, 4]);
}

/** Returns the changes that the model forecasts after each of the rows. */
function predict(one, rows) {
  return tf.tidy(() => one.predict(tensorOf(rows)).dataSync());
}

/** The mean absolute error of forecast changes, in °C. */
function meanError(changes) {
  const actual = changesOf(days, test);
  return (SCALE * actual.reduce((sum, value, index) => sum + Math.abs(value - changes[index]), 0)) / actual.length;
}

function say(label, text) {
  console.log(`${label.padEnd(8)}${text}`);
}
