// Reads the golden data in plain JavaScript: the tests here run where nothing but Node.js is. The format, and the reader of
// the other tests, are in test/golden.
import { readFileSync } from "node:fs";
import { tensor } from "cudnn-gru";

const folder = new URL("../golden/data/", import.meta.url);
const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  uint8: Uint8Array,
  int32: Int32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
};

/** Element i of a computed tensor, as test/golden/README.md defines it. */
function uniform(out, { seed, scale }) {
  const start = Math.imul(seed, 0x9e3779b9);
  for (let i = 0; i < out.length; i++) {
    let h = (i + start) | 0;
    h ^= h >>> 16;
    h = Math.imul(h, 0x85ebca6b);
    h ^= h >>> 13;
    h = Math.imul(h, 0xc2b2ae35);
    h ^= h >>> 16;
    out[i] = ((h >>> 0) / 2 ** 31 - 1) * scale;
  }
}

export function readTensor({ dtype, shape, offset, uniform: computed }, blob) {
  const count = shape.reduce((product, size) => product * size, 1);
  if (computed) {
    // Values of 16 bits are rounded once, by way of float32: computed ones have few enough digits for that.
    const data = new (ARRAYS[dtype] === Uint16Array ? Float32Array : ARRAYS[dtype])(count);
    uniform(data, computed);
    return tensor(data, shape);
  }
  const data = new ARRAYS[dtype](count);
  new Uint8Array(data.buffer).set(blob.subarray(offset, offset + data.byteLength));
  if (dtype === "uint8") return tensor(data, shape, "bool");
  return tensor(data, shape, data instanceof Uint16Array ? dtype : undefined);
}

/** Every case of these groups, each with a `read` that makes a tensor of an entry. */
export function* goldenCases(wanted = () => true) {
  const { groups } = JSON.parse(readFileSync(new URL("index.json", folder), "utf8"));
  for (const [group, { blob: entry, cases }] of Object.entries(groups)) {
    if (!wanted(group)) continue;
    const blob = readFileSync(new URL(entry.file, folder));
    const read = (one) => readTensor(one, blob);
    for (const one of cases) yield { ...one, group, read };
  }
}

/** max|actual - expected| / max(1, max|expected|); infinite where lengths or non-finite elements differ. */
export function relativeError(actual, expected) {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let scale = 1;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    if (Number.isFinite(actual[i]) && Number.isFinite(expected[i])) {
      scale = Math.max(scale, Math.abs(expected[i]));
      worst = Math.max(worst, Math.abs(actual[i] - expected[i]));
    } else if (!Object.is(actual[i], expected[i])) return Number.POSITIVE_INFINITY;
  }
  return worst / scale;
}

/** Largest `relativeError` allowed, by dtype. */
export const TOLERANCE = {
  float32: 1e-5,
  float64: 1e-12,
  float16: 4e-3,
  bfloat16: 3e-2,
  mixed_float16: 4e-3,
  mixed_bfloat16: 3e-2,
};

/** The same for gradients: those of the CPU path's golden tests. */
export const GRADIENT_TOLERANCE = { ...TOLERANCE, float32: 1e-4, float64: 1e-10 };
