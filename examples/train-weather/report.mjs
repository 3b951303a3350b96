// How the trained model does in the weeks it has not seen.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { forecastRows } from "../weather/forecast_rows.mjs";
import { plot } from "../weather/plot.mjs";
import { errorsOf, score } from "../weather/scores.mjs";
import { perHour, toTemperature } from "../weather/windows.mjs";
import { plotLosses } from "./loss_plot.mjs";

const DAY = 24;
const NAMES = { gru: "GRU", seasonal: "same hour yesterday", persistence: "last known hour" };

/** Forecasts of the test weeks by the model and by two simple rules, in °C, and how far off each is. */
export async function judge(model, weather, { metadata, test }) {
  const { temperature } = weather;
  const { origins } = test;
  const actual = perHour(metadata, origins, (origin, hour) => temperature[origin + hour]);
  const forecasts = {
    gru: toTemperature(weather, metadata, origins, await model.predict(test.inputs)),
    seasonal: perHour(metadata, origins, (origin, hour) => temperature[origin + hour - DAY]),
    persistence: perHour(metadata, origins, (origin) => temperature[origin]),
  };
  const errors = Object.fromEntries(
    Object.entries(forecasts).map(([name, values]) => [name, errorsOf(values, actual)]),
  );
  return { actual, forecasts, errors };
}

/** The errors as a table, one line a method. */
export function errorTable(errors) {
  const rows = Object.entries(NAMES).map(([key, name]) => {
    const { mae, rmse } = score(errors[key]);
    return `${name.padEnd(22)}${mae.toFixed(3).padStart(6)}${rmse.toFixed(3).padStart(9)}`;
  });
  return [`${"".padEnd(22)}MAE °C  RMSE °C`, ...rows];
}

/** Draws the loss curves and the forecasts; returns the paths. */
export async function writePlots(folder, { history, best }, weather, { metadata, test }, judged) {
  const { actual, forecasts, errors } = judged;
  const { horizon } = metadata.target;
  const rows = forecastRows(weather.times, test.origins, horizon, actual, forecasts, errors);
  const texts = {
    title: "Seattle in December, forecast a day ahead by a GRU that Node.js trained",
    subtitle: "NOAA hourly climate normals; at each midnight the last four days give the next 24 hours",
  };
  const files = { "losses.svg": await plotLosses(history, best), "forecast.svg": await plot(rows, texts) };
  return Object.entries(files).map(([name, svg]) => {
    const path = join(folder, name);
    writeFileSync(path, svg);
    return path;
  });
}
