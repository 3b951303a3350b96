// Forecasts four weeks of Seattle's hourly temperatures with a GRU that Keras trained, and checks it against Keras's own
// predictions: node examples/weather/forecast.mjs, or npm start.
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { backendInfo } from "cudnn-gru";
import { loadKerasModel } from "cudnn-gru/models";
import { here, readKerasPredictions, readMetadata, readWeather } from "./data.mjs";
import { forecastRows } from "./forecast_rows.mjs";
import { plot } from "./plot.mjs";
import { errorsOf, score, worstDifference } from "./scores.mjs";
import { makeInputs, perHour, testOrigins, toTemperature } from "./windows.mjs";

const DAY = 24;
const ALLOWED_DIFFERENCE = 1e-5;

const metadata = readMetadata();
const weather = readWeather();
const origins = testOrigins(metadata);
const inputs = makeInputs(weather, metadata, origins);

const model = await loadKerasModel(here("model.keras"));
const outputs = model.predict(inputs).data;

const { temperature, times } = weather;
const { horizon } = metadata.target;
const actual = perHour(metadata, origins, (origin, hour) => temperature[origin + hour]);
const forecasts = {
  gru: toTemperature(weather, metadata, origins, outputs),
  seasonal: perHour(metadata, origins, (origin, hour) => temperature[origin + hour - DAY]),
  persistence: perHour(metadata, origins, (origin) => temperature[origin]),
};
const errors = Object.fromEntries(Object.entries(forecasts).map(([name, values]) => [name, errorsOf(values, actual)]));

const layers = model.layers.map(({ name, class_name }) => `${class_name} ${name}`).join(", ");
say("model", `model.keras, trained by Keras ${metadata.keras_version}: ${layers}`);
say("task", `from ${metadata.timesteps} hours the temperature of the next ${horizon}`);
say("", `${origins.length} forecasts, from ${clock(origins[0])} to ${clock(origins.at(-1))}`);
sayPath();
sayErrors();
const difference = worstDifference(outputs, readKerasPredictions(metadata));
say(
  "Keras",
  `worst difference from Keras's own predictions ${difference.toExponential(1)} (allowed: ${ALLOWED_DIFFERENCE.toExponential()})`,
);
say(
  "speed",
  `${Math.round(sequencesPerSecond()).toLocaleString("en")} sequences of ${metadata.timesteps} steps a second`,
);
say("plot", relative(process.cwd(), await writePlot()));

model.dispose();
if (!(difference <= ALLOWED_DIFFERENCE)) {
  console.error("The outputs are not those of Keras.");
  process.exitCode = 1;
}

function say(label, text) {
  console.log(`${label.padEnd(8)}${text}`);
}

function clock(row) {
  return times[row].toISOString().slice(0, 16).replace("T", " ");
}

function sayPath() {
  const [{ path, requirements }] = model.explain().layers;
  const unmet = requirements.filter(({ met }) => !met);
  const { isa, threads } = backendInfo().cpu;
  say(
    "path",
    path === "cpu" ? `cpu (${isa}, ${threads} threads), because cuDNN's requirements are not all met:` : path,
  );
  for (const { id, detail } of unmet) say("", `${id}: ${detail}`);
  const met = requirements.filter((requirement) => requirement.met).map(({ id }) => id);
  say("", `met: ${met.join(", ")}`);
}

function sayErrors() {
  const names = { gru: "GRU", seasonal: "same hour yesterday", persistence: "last known hour" };
  say("error", `${"".padEnd(22)}MAE °C  RMSE °C`);
  for (const [key, name] of Object.entries(names)) {
    const { mae, rmse } = score(errors[key]);
    say("", `${name.padEnd(22)}${mae.toFixed(3).padStart(6)}${rmse.toFixed(3).padStart(9)}`);
  }
}

/** The time of the model, with all windows in one call: the median of the calls that fit into half a second. */
function sequencesPerSecond() {
  const seconds = [];
  const end = performance.now() + 500;
  while (performance.now() < end) {
    const start = performance.now();
    model.predict(inputs);
    seconds.push((performance.now() - start) / 1000);
  }
  seconds.sort((a, b) => a - b);
  return origins.length / seconds[Math.floor(seconds.length / 2)];
}

async function writePlot() {
  const svg = await plot(forecastRows(times, origins, horizon, actual, forecasts, errors), {
    title: "Seattle in December, forecast a day ahead by a Keras GRU in Node.js",
    subtitle: "NOAA hourly climate normals; at each midnight the last four days give the next 24 hours",
  });
  const path = here("forecast.svg");
  writeFileSync(path, svg);
  return path;
}
