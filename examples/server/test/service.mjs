import { fileURLToPath } from "node:url";
import { GRU } from "cudnn-gru";
import { buildApp } from "../app.mjs";
import { Model } from "../model.mjs";

export const weather = fileURLToPath(new URL("../../weather/model.keras", import.meta.url));

export const settings = {
  batching: true,
  maxBatch: 16,
  maxDelayMs: 0,
  maxQueue: 1000,
  maxElements: 2 ** 20,
  maxJson: 2 ** 21,
};

/** The service with one model, and a function that posts a request for predictions. */
export function serviceOf(name, model, options = {}) {
  const app = buildApp(new Map([[name, model]]), options);
  const infer = (payload, headers = {}) =>
    app.inject({
      method: "POST",
      url: `/v2/models/${name}/infer`,
      headers: { "content-type": "application/json", ...headers },
      payload: Buffer.isBuffer(payload) ? payload : JSON.stringify(payload),
    });
  return { app, infer };
}

/** The service with the weather model, and the same layer alone. */
export async function makeService(options = {}) {
  const model = await Model.load("weather", weather, { ...settings, ...options });
  const { app, infer } = serviceOf("weather", model, options);
  const gru = await GRU.fromKeras(weather);
  return { app, gru, infer, model };
}

/** Reproducible inputs of (rows, timesteps, 3). */
export function makeInputs(rows, timesteps, seed = 1) {
  const data = Float32Array.from({ length: rows * timesteps * 3 }, (_, i) => Math.fround(Math.sin(seed * 100 + i)));
  return { data, shape: [rows, timesteps, 3] };
}

/** A request in JSON. */
export function requestOf({ data, shape }, more = {}) {
  return { inputs: [{ name: "inputs", datatype: "FP32", shape, data: Array.from(data) }], ...more };
}
