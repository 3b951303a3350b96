// How far forecasts are off.

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Forecast minus actual. */
export function errorsOf(forecast, actual) {
  return forecast.map((value, index) => value - actual[index]);
}

/** Mean absolute error and root mean square error. */
export function score(errors) {
  return { mae: mean(errors.map(Math.abs)), rmse: Math.sqrt(mean(errors.map((error) => error * error))) };
}

/** The largest absolute difference of two lists; NaN if either holds one. */
export function worstDifference(a, b) {
  let worst = 0;
  for (let index = 0; index < a.length; index += 1) {
    const difference = Math.abs(a[index] - b[index]);
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}
