// The cases that the benchmark measures: shapes, kinds of data, and arrays of numbers for them.
import { randomFillSync } from "node:crypto";
import { stackWeightSizes } from "./native_stack.mjs";

export const SHAPES = [
  "32x100x128-256",
  "64x50x512-512",
  "16x200x32-128",
  "1x100x64-64",
  "1x100x256-256",
  "1x50x1024-1024",
  "256x256x512-1024",
];

/**
 * By name, those first that a short run must have: the layer's dtype, whether rows have lengths of their own, whether
 * products may use TF32, how many layers and directions there are if not one, and how far results may be from PyTorch's,
 * relative to the largest.
 */
export const VARIANTS = {
  float32: { dtype: "float32", tolerance: 1e-4 },
  ragged: { dtype: "float32", ragged: true, tolerance: 1e-4 },
  bidirectional: { dtype: "float32", directions: 2, tolerance: 1e-4 },
  two_layers: { dtype: "float32", layers: 2, tolerance: 1e-4 },
  float16: { dtype: "float16", tolerance: 1e-2 },
  bfloat16: { dtype: "bfloat16", tolerance: 6e-2 },
  tf32: { dtype: "float32", tf32: true, tolerance: 1e-2 },
};

export function parseShape(text) {
  const sizes = /^(\d+)x(\d+)x(\d+)-(\d+)$/.exec(text);
  if (!sizes) throw new RangeError(`Expected a shape such as 32x100x128-256 but received ${text}`);
  const [batch, timesteps, features, units] = sizes.slice(1).map(Number);
  return { batch, timesteps, features, units };
}

/** Every variant of every shape in the order in which they are measured. One row alone cannot be ragged. */
export function* casesOf(shapes, variants) {
  for (const variant of variants) {
    if (!VARIANTS[variant]) {
      throw new RangeError(`Expected one of ${Object.keys(VARIANTS).join(", ")} but received ${variant}`);
    }
    for (const name of shapes) {
      const shape = parseShape(name);
      if (VARIANTS[variant].ragged && shape.batch === 1) continue;
      yield { name, shape, variant, layers: 1, directions: 1, ...VARIANTS[variant] };
    }
  }
}

const number = new Float32Array(1);
const bits = new Uint32Array(number.buffer);

/** The bits of a number that float16 holds exactly and that is not subnormal there, or 0. */
function float16Bits(value) {
  if (value === 0) return 0;
  number[0] = value;
  const exponent = ((bits[0] >>> 23) & 255) - 112;
  if (exponent < 1) return ((bits[0] >>> 16) & 0x8000) | Math.round(Math.abs(value) * 2 ** 24);
  return ((bits[0] >>> 16) & 0x8000) | (exponent << 10) | ((bits[0] >>> 13) & 1023);
}

function bfloat16Bits(value) {
  number[0] = value;
  return bits[0] >>> 16;
}

const STORED = {
  float32: [Float32Array, (value) => value],
  float16: [Uint16Array, float16Bits],
  bfloat16: [Uint16Array, bfloat16Bits],
};

/**
 * Numbers k / 128 of one random byte each, times the power of two below `scale`: exact in every dtype, so that each
 * computes with the same.
 */
function uniform(count, scale, dtype) {
  const [Stored, store] = STORED[dtype];
  const factor = 2 ** Math.floor(Math.log2(scale)) / 128;
  const table = Stored.from({ length: 256 }, (_, byte) => store((byte - 128) * factor));
  const bytes = randomFillSync(new Uint8Array(count));
  const values = new Stored(count);
  for (let i = 0; i < count; i++) values[i] = table[bytes[i]];
  return values;
}

/** The arrays of a case: data in its dtype, weights in float32; lengths where rows have their own, the first all steps. */
export function makeProblem({ shape, dtype, ragged, layers, directions }) {
  const { batch, timesteps, features, units } = shape;
  const scale = 1 / Math.sqrt(units);
  const random = randomFillSync(new Uint32Array(batch));
  return {
    inputs: uniform(batch * timesteps * features, 1, dtype),
    upstream: uniform(batch * timesteps * directions * units, 1 / batch, dtype),
    weights: stackWeightSizes({ features, units, layers, directions }).map((count) => uniform(count, scale, "float32")),
    lengths: ragged ? Array.from(random, (each, row) => (row === 0 ? timesteps : 1 + (each % timesteps))) : null,
  };
}

/** The numbers of a result, 16-bit ones widened. */
export function widened(data, dtype) {
  if (dtype === "float32") return data;
  const table = Float32Array.from({ length: 65536 }, (_, stored) => {
    if (dtype === "bfloat16") {
      bits[0] = stored << 16;
      return number[0];
    }
    const exponent = (stored >>> 10) & 31;
    const size = exponent === 0 ? (stored & 1023) / 2 ** 24 : (1 + (stored & 1023) / 1024) * 2 ** (exponent - 15);
    return (stored & 0x8000 ? -1 : 1) * (exponent === 31 ? Number.NaN : size);
  });
  return Float32Array.from(data, (stored) => table[stored]);
}
