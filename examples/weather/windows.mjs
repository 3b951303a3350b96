// Converts temperatures to the model's inputs, and its outputs back to temperatures, as train_keras.py does.

const DAY = 24;

/** The inputs that metadata may name, each from the weather and a row (an hour). */
const FEATURES = {
  temperature_change_24h: ({ temperature }, row) => temperature[row] - temperature[row - DAY],
  hour_sin: ({ times }, row) => Math.sin(times[row].getUTCHours() * ((2 * Math.PI) / DAY)),
  hour_cos: ({ times }, row) => Math.cos(times[row].getUTCHours() * ((2 * Math.PI) / DAY)),
};

/** The last known hour (row) of every test window. */
export function testOrigins({ test: { first_origin_row, count } }) {
  return Array.from({ length: count }, (_, index) => first_origin_row + index);
}

/** The inputs of the windows that end at `origins`: (windows, timesteps, features), normalised. */
export function makeInputs(weather, { features, timesteps, mean, std }, origins) {
  const data = new Float32Array(origins.length * timesteps * features.length);
  let next = 0;
  for (const origin of origins) {
    for (let row = origin - timesteps + 1; row <= origin; row += 1) {
      for (const [index, name] of features.entries()) {
        data[next] = (FEATURES[name](weather, row) - mean[index]) / std[index];
        next += 1;
      }
    }
  }
  return { data, shape: [origins.length, timesteps, features.length] };
}

/**
 * Converts the head's outputs to temperatures in °C. An output is the normalised change against the same hour one day
 * before.
 */
export function toTemperature({ temperature }, { target: { mean, std, horizon } }, origins, outputs) {
  return origins.flatMap((origin, window) =>
    Array.from({ length: horizon }, (_, hour) => {
      const change = outputs[window * horizon + hour] * std + mean;
      return temperature[origin + 1 + hour - DAY] + change;
    }),
  );
}

/** For each forecast hour the temperature that `pick(origin, hour)` finds; `hour` counts from 1. */
export function perHour({ target: { horizon } }, origins, pick) {
  return origins.flatMap((origin) => Array.from({ length: horizon }, (_, index) => pick(origin, index + 1)));
}
