/** Conversions of 16-bit floats in plain TypeScript: the tests' own, so that they do not judge the addon by itself. */

const word = new DataView(new ArrayBuffer(4));

/** float32 → bfloat16 bits, to nearest even. */
function bfloat16Bits(value: number): number {
  word.setFloat32(0, value);
  const bits = word.getUint32(0);
  if (Number.isNaN(value)) return 0x7fc0;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

/** float32 → float16 bits, to nearest even. */
function float16Bits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  if (Number.isNaN(value)) return 0x7e00;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude)));
  // In units of the last place; a whole number after rounding.
  const scaled = magnitude * 2 ** (10 - exponent);
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const rounded = rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
  // A carry into the next power of two is a carry into the exponent's bits.
  return sign | (rounded + (exponent + 14) * 1024);
}

/** The bits of the number of `dtype` nearest to `value`, which is rounded to float32 first. */
export function bitsOf(value: number, dtype: "float16" | "bfloat16"): number {
  const float = Math.fround(value);
  return dtype === "float16" ? float16Bits(float) : bfloat16Bits(float);
}

/** The number that `bits` stand for. */
export function numberOf(bits: number, dtype: "float16" | "bfloat16"): number {
  if (dtype === "bfloat16") {
    word.setUint32(0, bits << 16);
    return word.getFloat32(0);
  }
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}
