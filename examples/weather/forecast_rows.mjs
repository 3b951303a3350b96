// Makes the data of the plot from forecasts and their errors.
import { score } from "./scores.mjs";

/**
 * Rows for `plot` of plot.mjs.
 *
 * @param times of every hour of the data
 * @param origins the last known hour (row) of each forecast
 * @param horizon hours of each forecast
 * @param actual, forecasts.gru temperatures, `horizon` of each origin
 * @param errors by method (gru, seasonal, persistence): forecast minus actual
 * @returns {{ hours: object[], days: object[], leads: object[] }}
 */
export function forecastRows(times, origins, horizon, actual, forecasts, errors) {
  // The forecasts made at midnight follow on from one another, a day each.
  const midnights = origins.flatMap((origin, window) =>
    times[origin + 1].getUTCHours() === 0 ? [{ origin, window }] : [],
  );
  const hours = midnights.flatMap(({ origin, window }) =>
    Array.from({ length: horizon }, (_, hour) => {
      const index = window * horizon + hour;
      return { time: times[origin + 1 + hour], actual: actual[index], gru: forecasts.gru[index] };
    }),
  );
  const days = midnights.map(({ origin, window }) => {
    const mae = (key) => score(errors[key].slice(window * horizon, (window + 1) * horizon)).mae;
    return { time: times[origin + 1 + horizon / 2], gru: mae("gru"), seasonal: mae("seasonal") };
  });
  const leads = Array.from({ length: horizon }, (_, hour) => {
    const mae = (key) => score(errors[key].filter((_error, index) => index % horizon === hour)).mae;
    return { hours: hour + 1, gru: mae("gru"), seasonal: mae("seasonal"), persistence: mae("persistence") };
  });
  return { hours, days, leads };
}
