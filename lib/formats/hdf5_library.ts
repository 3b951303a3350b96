import { hdf5MemoryLimit } from "./limits.js";
import { fileProblem } from "./problem.js";

/** The in-memory build of h5wasm, loaded and ready. */
export type H5Wasm = typeof import("h5wasm");

/** Where the file lies in the file system in memory. */
const FILE_NAME = "/model.weights.h5";

/** An HDF5 file begins so; the library would also look for it further on. */
const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Removes the devices of the in-memory file system: a dataset may name any path in it as its external storage. */
function closeOff(files: NonNullable<H5Wasm["FS"]>): void {
  for (const name of files.readdir("/dev") as string[]) {
    const path = `/dev/${name}`;
    if (!files.isDir(files.lstat(path).mode)) files.unlink(path);
  }
  for (const folder of ["/proc/self/fd", "/proc/self"]) {
    if (files.analyzePath(folder).exists) files.rmdir(folder);
  }
}

/** What is used of `WebAssembly.Memory`, which the types of Node.js lack. */
interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** Bounds what all WebAssembly memories of this thread may grow to; beyond it the HDF5 library reports a lack of memory. */
function boundMemory(limit: number): void {
  const { prototype } = (globalThis as unknown as { WebAssembly: { Memory: { prototype: WasmMemory } } }).WebAssembly
    .Memory;
  const { grow } = prototype;
  prototype.grow = function (this: WasmMemory, pages: number): number {
    if (this.buffer.byteLength + pages * 65_536 > limit) throw new RangeError("memory limit reached");
    return grow.call(this, pages);
  };
}

function openFile({ Module }: H5Wasm): bigint {
  let file = -1n;
  try {
    file = Module.open(FILE_NAME, Module.H5F_ACC_RDONLY, false, -1, -1);
  } catch (cause) {
    throw fileProblem(`expected an HDF5 file but found a damaged one: ${innermost(cause)}`);
  }
  if (file < 0n) throw fileProblem("expected an HDF5 file but found a damaged one");
  return file;
}

/**
 * Opens the HDF5 file `bytes` in the library, which takes them over without a copy, and gives its handle. Before, closes
 * the library off from the machine and bounds its memory.
 *
 * @param stored the bytes that the file has where it is stored, which are fewer where it is compressed.
 * @throws GRUError `ERR_FILE_FORMAT` if it is no whole HDF5 file.
 */
export function openInLibrary(h5: H5Wasm, bytes: Uint8Array, stored: number): bigint {
  if (!SIGNATURE.every((byte, index) => bytes[index] === byte)) {
    throw fileProblem("expected an HDF5 file but found a damaged one: its first bytes are not those of one");
  }
  const files = h5.FS!;
  closeOff(files);
  boundMemory(hdf5MemoryLimit(stored));
  h5.Module.activate_throwing_error_handler();
  files.writeFile(FILE_NAME, bytes, { canOwn: true } as object);
  return openFile(h5);
}

/** The last, most specific line of an HDF5 error stack. */
export function innermost(error: unknown): string {
  const text = (error as Error).message;
  return [...text.matchAll(/ in \w+\(\): (.+)/g)].at(-1)?.[1] ?? text;
}
