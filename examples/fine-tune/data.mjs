// The daily weather records of one place, as train_keras.py makes them into inputs and targets.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { read } from "vega";

const CSV = new URL("../data/weather.csv", import.meta.resolve("vega-datasets"));

/** The days of one input. */
export const DAYS = 14;

/** Temperatures are in tens of °C in the inputs and outputs. */
export const SCALE = 10;

/** The path of `name` in this folder. */
export function here(name) {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** NOAA's records of `location`, one row a day. */
export function readDays(location) {
  const parse = {
    date: "utc:'%Y-%m-%d'",
    temp_max: "number",
    temp_min: "number",
    precipitation: "number",
    wind: "number",
  };
  const rows = read(readFileSync(CSV, "utf8"), { type: "csv", parse });
  return rows.filter((row) => row.location === location).sort((one, other) => one.date - other.date);
}

/** The inputs of the windows that end at the rows `ends`: row-major (windows, days, features). */
export function inputsOf(days, ends) {
  const rows = ends.flatMap((end) => days.slice(end - DAYS + 1, end + 1));
  return Float32Array.from(
    rows.flatMap(({ temp_max, temp_min, precipitation, wind }) => [
      temp_max / SCALE,
      temp_min / SCALE,
      Math.log1p(precipitation),
      wind / 5,
    ]),
  );
}

/** By how much the day after each of the rows `ends` is warmer than that row's, in the model's unit. */
export function changesOf(days, ends) {
  return Float32Array.from(ends, (end) => (days[end + 1].temp_max - days[end].temp_max) / SCALE);
}
