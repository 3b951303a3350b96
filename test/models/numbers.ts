import type { ModelTensor } from "../golden/models/models.js";
import { numberOf } from "../golden/sixteen_bit.js";

function numbers({ dtype, data }: ModelTensor): number[] {
  if (dtype === "float16" || dtype === "bfloat16") return Array.from(data, (bits) => numberOf(bits, dtype));
  return Array.from(data);
}

/** Returns max |a - b| / max(1, max |wanted|), infinite when a value that is not finite differs. */
export function errorOf(found: ModelTensor, wanted: ModelTensor): number {
  const a = numbers(found);
  const b = numbers(wanted);
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const scale = Math.max(1, ...b.filter(Number.isFinite).map(Math.abs));
  let difference = 0;
  for (const [index, value] of b.entries()) {
    if (Object.is(a[index], value)) continue;
    difference = Math.max(difference, Math.abs((a[index] as number) - value));
  }
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference / scale;
}
