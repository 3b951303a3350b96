// Trains a GRU on Seattle's hourly temperatures from nothing, and tests it: npm run example:train, or node
// examples/train-weather/train.mjs once the package is built. --help lists the arguments.
import { mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { backendInfo } from "cudnn-gru";
import { readWeather } from "../weather/data.mjs";
import { removeCheckpoint } from "./checkpoint.mjs";
import { makeDataset } from "./dataset.mjs";
import { Forecaster } from "./model.mjs";
import { readOptions, usage } from "./options.mjs";
import { errorTable, judge, writePlots } from "./report.mjs";
import { train } from "./training.mjs";

/** Exit status of a run that Ctrl-C ended. */
const INTERRUPTED = 130;

try {
  const options = readOptions(process.argv.slice(2), fileURLToPath(new URL("run/", import.meta.url)));
  if (options.help) console.log(usage());
  else await main(options);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function main(options) {
  const stop = stopOnInterrupt();
  mkdirSync(options.out, { recursive: true });
  if (options.fresh) removeCheckpoint(options.out);
  const weather = readWeather();
  const dataset = makeDataset(weather, options.stride);
  const { metadata, training, validation, test } = dataset;
  const { features, timesteps, target } = metadata;
  const model = new Forecaster({ ...options, features: features.length, horizon: target.horizon });
  const { isa, threads } = backendInfo().cpu;
  const { path } = model.gru.explain({ training: true });
  say(
    "data",
    `${training.origins.length} training, ${validation.origins.length} validation, ${test.origins.length} test windows`,
  );
  say("task", `from ${timesteps} hours the temperature of the next ${target.horizon}`);
  say("model", `GRU(${options.units}) and a dense head, ${countOf(model.variables)} weights`);
  say("path", path === "cpu" ? `cpu (${isa}, ${threads} threads)` : path);
  const run = await train(model, dataset, options, stop);
  const seconds = `${run.seconds.toFixed(1)} s, ${(run.step / run.seconds).toFixed(1)} steps a second`;
  if (run.stopped) {
    say("stopped", `after ${run.step} of ${run.total} steps (${seconds}). The same command goes on from there.`);
    process.exitCode = INTERRUPTED;
    return;
  }
  say("trained", `${run.history.length} epochs, ${run.step} steps in ${seconds}; the best was epoch ${run.best.epoch}`);
  const judged = await judge(model, weather, dataset);
  const [head, ...rows] = errorTable(judged.errors);
  say("error", head);
  for (const row of rows) say("", row);
  const weights = join(options.out, "forecaster.weights.h5");
  await model.save(weights);
  say(
    "weights",
    `${relative(process.cwd(), weights)} (for Keras: Sequential of GRU(${options.units}) and Dense(${target.horizon}))`,
  );
  const plots = await writePlots(options.out, run, weather, dataset, judged);
  say("plots", plots.map((plot) => relative(process.cwd(), plot)).join(", "));
}

/** `requested` becomes true at the first Ctrl-C; the second ends the process at once. */
function stopOnInterrupt() {
  const stop = { requested: false };
  process.once("SIGINT", () => {
    stop.requested = true;
  });
  return stop;
}

function countOf(variables) {
  return variables.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

function say(label, text) {
  console.log(`${label.padEnd(8)}${text}`);
}
