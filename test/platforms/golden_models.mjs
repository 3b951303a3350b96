// The golden models in plain JavaScript: reads the models that Keras saved, runs their calls, and says how far the outputs are
// from Keras's. The format, and the reader of the other tests, are in test/golden/models.
import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { loadKerasModel } from "cudnn-gru/models";
import { relativeError, TOLERANCE } from "../gpu/golden.mjs";
import { valuesOf } from "../gpu/support.mjs";

const folder = new URL("../golden/models/data/", import.meta.url);
const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  int32: Int32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
};

/** Every model, each with the bytes of its file and a `read` that makes a tensor of an entry. */
export function* goldenModels() {
  const { groups } = JSON.parse(readFileSync(new URL("index.json", folder), "utf8"));
  for (const { blob, cases } of Object.values(groups)) {
    const bytes = readFileSync(new URL(blob.file, folder));
    const read = ({ dtype, shape, offset }) => {
      const data = new ARRAYS[dtype](shape.reduce((product, size) => product * size, 1));
      new Uint8Array(data.buffer).set(bytes.subarray(offset, offset + data.byteLength));
      return { dtype, shape, data };
    };
    for (const { file, ...one } of cases) {
      const stored = bytes.subarray(file.offset, file.offset + file.bytes);
      yield { ...one, read, bytes: file.format === "h5" ? inflateSync(stored) : new Uint8Array(stored) };
    }
  }
}

/** Replaces every tensor, or entry of one, in lists and objects. */
function mapNested(nested, map) {
  if (Array.isArray(nested)) return nested.map((item) => mapNested(item, map));
  if (typeof nested.dtype === "string") return map(nested);
  return Object.fromEntries(Object.entries(nested).map(([key, value]) => [key, mapNested(value, map)]));
}

/** The tensors in lists and objects, each with its place. */
function placesIn(nested, place = "") {
  if (typeof nested.dtype === "string") return [[place, nested]];
  return Object.entries(nested).flatMap(([key, value]) => placesIn(value, `${place}.${key}`));
}

function outputError(found, wanted) {
  const places = new Map(placesIn(found));
  const pairs = placesIn(wanted).map(([place, tensor]) => [places.get(place), tensor]);
  const same = ([own, { dtype, shape }]) => own?.dtype === dtype && own.shape.join() === shape.join();
  if (pairs.length !== places.size || !pairs.every(same)) return Number.POSITIVE_INFINITY;
  return Math.max(0, ...pairs.map(([own, tensor]) => relativeError(valuesOf(own), valuesOf(tensor))));
}

/** Runs every call of a model. Returns what `use` makes of the outputs and of Keras's. */
async function mapCalls({ bytes, calls, read }, use) {
  const model = await loadKerasModel(bytes);
  const results = calls.map(({ inputs, outputs, reset_before }) => {
    if (reset_before) model.resetState();
    return use(model.predict(mapNested(inputs, read)), mapNested(outputs, read));
  });
  model.dispose();
  return results;
}

/** Runs every call of a model, and returns the worst error of the outputs. */
export async function modelError(golden) {
  return Math.max(...(await mapCalls(golden, outputError)));
}

/** Runs every call of a model, and returns the tensors of all outputs. */
export async function modelOutputs(golden) {
  return (await mapCalls(golden, (found) => placesIn(found).map(([, tensor]) => tensor))).flat();
}

/** The largest error that a model may have. */
export function modelTolerance({ dtype }) {
  return TOLERANCE[dtype];
}
