import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, it } from "node:test";
import { GRU, tensor } from "cudnn-gru";

/** Why nothing can run on the GPU in this dtype; `false` when it can. For the `skip` of a test. */
export function skipReason(dtype = "float32") {
  try {
    const { met, detail } = new GRU(1, { dtype }).explain().requirements.find(({ id }) => id === "runtime");
    return met ? false : `no cuDNN in ${dtype} here: ${detail}`;
  } catch (error) {
    // A layer that cannot be made has no path at all.
    return `no ${dtype} layers here: ${error.message}`;
  }
}

/** A suite of tests that need a GPU: one skipped test where there is `reason` to skip it. */
export function onGpu(name, reason, body) {
  if (reason) it(name, { skip: reason }, () => {});
  else describe(name, body);
}

/** Reproducible numbers in [-1, 1). */
export function numbers(count, seed = 1) {
  let state = seed >>> 0;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** A reproducible tensor. */
export function random(shape, dtype = "float32", seed = 1) {
  const values = numbers(size(shape), seed);
  return tensor(dtype === "float64" ? values : new Float32Array(values), shape);
}

export function size(shape) {
  return shape.reduce((product, each) => product * each, 1);
}

/** A built layer with reproducible weights, small enough that long sequences stay tame. */
export function layer(units, features, args = {}, seed = 7) {
  const gru = new GRU(units, args);
  gru.build([null, null, features]);
  const scale = 1 / Math.sqrt(units);
  gru.setWeights(
    gru.weights.map(({ shape }, index) => new Float32Array(numbers(size(shape), seed + index).map((x) => x * scale))),
  );
  return gru;
}

/** The same layer on both paths. */
export function onBoth(units, features, args = {}) {
  return [layer(units, features, { ...args, use_cudnn: true }), layer(units, features, { ...args, use_cudnn: false })];
}

/** A call's results in a list. */
export function listed(result) {
  return Array.isArray(result) ? result : [result];
}

/** Numbers of a tensor, 16-bit ones widened. */
export function valuesOf({ data, dtype }) {
  if (dtype === "float16") return Float32Array.from(data, (bits) => half(bits, 5));
  if (dtype === "bfloat16") return Float32Array.from(data, (bits) => half(bits, 8));
  return data;
}

function half(bits, exponentBits) {
  const fractionBits = 15 - exponentBits;
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> fractionBits) & (2 ** exponentBits - 1);
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}

/** True when two tensors have the same bits. */
export function sameBits(a, b) {
  const bytes = ({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return bytes(a).equals(bytes(b));
}

const answers = {};

/**
 * Writes down what a GPU run found, under a name; the folder CUDNN_GRU_GPU_RECORD gets a file for each test file. Without
 * it, on standard output alone.
 */
export function record(name, value) {
  answers[name] = value;
  console.log(`${name}: ${JSON.stringify(value)}`);
  const folder = process.env.CUDNN_GRU_GPU_RECORD;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  const file = `${basename(process.argv[1], ".test.mjs")}.json`;
  // In one step: another process reads it meanwhile.
  writeFileSync(join(folder, `${file}.part`), `${JSON.stringify(answers, null, 2)}\n`);
  renameSync(join(folder, `${file}.part`), join(folder, file));
}
