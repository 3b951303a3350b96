import { type Tensor, type TensorDtype, tensor } from "cudnn-gru";
import type { Random } from "../random.js";

export type Numbers =
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>;

/** The content of a value, whatever it looks like to the package. */
export interface Content {
  data: Numbers;
  shape: number[];
  dtype: "float32" | "float64" | "float16" | "bfloat16" | "uint8" | "int32";
}

/** Memory that can be made smaller and larger, which Node.js 20 knows and the language level of this project does not. */
export interface Resizable extends ArrayBuffer {
  readonly resizable: boolean;
  resize(size: number): void;
}

export function resizableBuffer(size: number, most: number): Resizable {
  const Type = ArrayBuffer as unknown as new (size: number, options: { maxByteLength: number }) => Resizable;
  return new Type(size, { maxByteLength: Math.max(most, 1) });
}

export const CLASSES = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  uint8: Uint8Array,
  int32: Int32Array,
} as const;

const ODD = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e30, -1e300, 1e-40, 5e-324, 2 ** 53];

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Numbers of moderate size; odd ones among them now and then. */
export function content(random: Random, shape: number[], dtype: Content["dtype"]): Content {
  const odd = random.once(25);
  const one = (): number => (odd && random.once(4) ? random.one(ODD) : random.fraction() * 2 - 1);
  const data = new CLASSES[dtype](sizeOf(shape)) as Numbers;
  for (let at = 0; at < data.length; at++) {
    if (dtype === "float16") data[at] = (random.below(2) << 15) | ((10 + random.below(5)) << 10) | random.below(1024);
    else if (dtype === "bfloat16")
      data[at] = (random.below(2) << 15) | ((121 + random.below(6)) << 7) | random.below(128);
    else if (dtype === "uint8") data[at] = random.below(2);
    else data[at] = one();
  }
  return { data, shape, dtype };
}

/** The content in the most ordinary form there is, in memory of its own. */
export function plainOf({ data, shape, dtype }: Content): Tensor {
  return tensor(data.slice(), [...shape], dtype as TensorDtype);
}

/** Whether two arrays have the same elements; NaN equals NaN, and -0 is not 0. */
export function sameElements(one: ArrayLike<number>, other: ArrayLike<number>): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (!Object.is(one[at], other[at])) return false;
  return true;
}
