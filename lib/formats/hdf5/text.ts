import { fileError } from "../file_errors.js";
import { formatBytes, MAX_CONFIG_BYTES } from "../limits.js";
import type { H5Wasm } from "./library.js";

/**
 * Returns the texts in attribute `name` of the object at `path`, or `undefined` if it contains something else. `size`
 * is the file's length in bytes, which all texts together cannot exceed.
 *
 * Elements of variable length may all refer to one long text, so that a small file can stand for any amount of text.
 * The lengths are therefore added up before anything is decoded. (A string that does not fit in a thread's heap ends
 * the whole process.)
 *
 * @throws GRUError `ERR_FILE_FORMAT` if the texts are longer than the file or the limit.
 */
export function readTexts(h5: H5Wasm, file: bigint, path: string, name: string, size: number): string[] | undefined {
  const { Module } = h5;
  const metadata = Module.get_attribute_metadata(file, path, name);
  const count = metadata.total_size;
  // NumPy writes an empty list of names as a list of numbers.
  if (count === 0) return [];
  const bytes = count * metadata.size;
  if (metadata.type !== Module.H5T_class_t.H5T_STRING.value || bytes > size) return undefined;
  const pointer = Module._malloc(bytes);
  if (pointer === 0) throw fileError(`expected attribute ${name} of ${path} to fit in memory but it does not`);
  let filled = false;
  try {
    if (Module.get_attribute_data(file, path, name, BigInt(pointer)) < 0) {
      throw fileError(`expected attribute ${name} of ${path} whole but found it damaged`);
    }
    filled = metadata.vlen;
    const heap: Uint8Array = Module.HEAPU8;
    const starts = Array.from({ length: count }, (_, index) => pointer + index * metadata.size);
    const texts = metadata.vlen
      ? starts.map((start) => ended(heap, new DataView(heap.buffer).getUint32(start, true), heap.length))
      : starts.map((start) => ended(heap, start, start + metadata.size));
    const total = texts.reduce((sum, text) => sum + text.length, 0);
    const limit = Math.min(size, MAX_CONFIG_BYTES);
    if (total > limit) {
      const found = `${formatBytes(total)} of it`;
      throw fileError(`expected attribute ${name} of ${path} to have at most ${formatBytes(limit)} but found ${found}`);
    }
    const decoder = new TextDecoder();
    return texts.map((text) => decoder.decode(text));
  } finally {
    if (filled) Module.reclaim_vlen_memory(file, path, name, BigInt(pointer));
    Module._free(pointer);
  }
}

/** Returns the bytes from `start` up to the first zero before `end`, or no bytes for the null pointer. */
function ended(heap: Uint8Array, start: number, end: number): Uint8Array {
  if (start === 0) return heap.subarray(0, 0);
  const zero = heap.subarray(start, end).indexOf(0);
  return heap.subarray(start, zero === -1 ? end : start + zero);
}
