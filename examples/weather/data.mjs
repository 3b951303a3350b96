// The data and the model's metadata, read from files.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { read } from "vega";

const CSV = new URL("../data/seattle-weather-hourly-normals.csv", import.meta.resolve("vega-datasets"));

/** The path of `name` in this folder. */
export function here(name) {
  return fileURLToPath(new URL(name, import.meta.url));
}

/**
 * NOAA's hourly climate normals for Seattle, one row an hour without gaps. The times are Seattle's own clock in a nominal
 * 2010; they are read as UTC, so that no daylight saving time gets between them.
 *
 * @returns {{ times: Date[], temperature: Float64Array }} temperature in °C
 */
export function readWeather() {
  const parse = { date: "utc:'%Y-%m-%dT%H:%M:%S'", temperature: "number" };
  const rows = read(readFileSync(CSV, "utf8"), { type: "csv", parse });
  return { times: rows.map(({ date }) => date), temperature: Float64Array.from(rows, (row) => row.temperature) };
}

/** The metadata that train_keras.py writes beside the model. That file describes them. */
export function readMetadata() {
  return JSON.parse(readFileSync(here("model.json"), "utf8"));
}

/**
 * Keras's own predictions of every test window, which are the outputs of its dense head: row-major (count, horizon).
 */
export function readKerasPredictions({ predictions: { file, shape } }) {
  const bytes = readFileSync(here(file));
  const [count, horizon] = shape;
  return Float32Array.from({ length: count * horizon }, (_, index) => bytes.readFloatLE(4 * index));
}
