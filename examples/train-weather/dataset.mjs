// Windows of the weather: to train on, to stop early by, to test with.
import { makeInputs } from "../weather/windows.mjs";

const DAY = 24;
const TIMESTEPS = 96;
const HORIZON = 24;
const TEST_DAYS = 28;
const VALIDATION_DAYS = 35;

/**
 * Divides the weather in time: training, then five weeks to stop early by, then the four weeks of the test. Inputs and
 * targets are changes against the same hour one day before, normalised by the training part's mean and deviation.
 *
 * @param weather what readWeather of examples/weather/data.mjs gives
 * @param stride hours from one training window to the next
 * @returns `metadata` as makeInputs and toTemperature of examples/weather/windows.mjs take it, and the three parts
 */
export function makeDataset(weather, stride) {
  const rows = weather.temperature.length;
  const testFirst = rows - TEST_DAYS * DAY;
  const validationFirst = testFirst - VALIDATION_DAYS * DAY;
  const change = (row) => weather.temperature[row] - weather.temperature[row - DAY];
  const known = Array.from({ length: validationFirst - DAY }, (_, index) => change(index + DAY));
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const std = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length);
  const metadata = {
    features: ["temperature_change_24h", "hour_sin", "hour_cos"],
    timesteps: TIMESTEPS,
    mean: [mean, 0, 0],
    std: [std, 1, 1],
    target: { mean, std, horizon: HORIZON },
  };
  const part = (first, end, step) => {
    const origins = originsOf(first, end, step);
    const targets = origins.flatMap((origin) =>
      Array.from({ length: HORIZON }, (_, hour) => (change(origin + 1 + hour) - mean) / std),
    );
    return { origins, inputs: makeInputs(weather, metadata, origins), targets: Float32Array.from(targets) };
  };
  return {
    metadata,
    training: part(0, validationFirst, stride),
    validation: part(validationFirst, testFirst, 1),
    test: part(testFirst, rows, 1),
  };
}

/** The last known hours (rows) of the windows whose targets lie in the rows from `first` to before `end`. */
function originsOf(first, end, stride) {
  const origins = [];
  for (let origin = Math.max(first, TIMESTEPS + DAY) - 1; origin < end - HORIZON; origin += stride)
    origins.push(origin);
  return origins;
}

/** The windows numbered `picked` of a part. */
export function batchOf({ inputs, targets }, picked) {
  const [, timesteps, features] = inputs.shape;
  const size = timesteps * features;
  const data = new Float32Array(picked.length * size);
  const wanted = new Float32Array(picked.length * HORIZON);
  for (const [at, window] of picked.entries()) {
    data.set(inputs.data.subarray(window * size, (window + 1) * size), at * size);
    wanted.set(targets.subarray(window * HORIZON, (window + 1) * HORIZON), at * HORIZON);
  }
  return { inputs: { data, shape: [picked.length, timesteps, features] }, targets: wanted };
}

/** The numbers 0 to `count` - 1 in an order that depends on `seed` and `epoch` alone (Fisher and Yates; mulberry32). */
export function shuffled(count, seed, epoch) {
  const order = Array.from({ length: count }, (_, index) => index);
  let state = (Math.imul(seed, 0x9e3779b9) + Math.imul(epoch + 1, 0x85ebca6b)) | 0;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let last = count - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}
