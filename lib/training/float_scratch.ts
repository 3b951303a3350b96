import { lengthOf } from "../native/intrinsics.js";

/** The arrays of the last update, until the garbage collector takes them. */
let last: WeakRef<Float32Array[]> | null = null;

/**
 * Returns arrays of these lengths with any elements, to be used until the next call. They lie in the memory of the call
 * before where that is large enough: the system clears new memory page by page, which takes longer than an update.
 */
export function floatScratch(lengths: readonly number[]): Float32Array[] {
  const arrays = last?.deref() ?? [];
  for (const [index, length] of lengths.entries()) {
    const kept = arrays[index];
    if (kept === undefined || lengthOf(kept) < length) arrays[index] = new Float32Array(length);
  }
  last = new WeakRef(arrays);
  return lengths.map((length, index) => new Float32Array((arrays[index] as Float32Array).buffer, 0, length));
}
