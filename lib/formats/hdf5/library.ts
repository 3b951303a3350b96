import { incompleteError } from "../../errors/messages.js";
import { fileError } from "../file_errors.js";
import { hdf5MemoryLimit } from "../limits.js";
import { type WasmMemory, WebAssembly } from "./web_assembly.js";

/** An instance of the HDF5 library: the in-memory build of h5wasm, ready for use. */
export type H5Wasm = Pick<typeof import("h5wasm"), "Module" | "FS">;

/** The path of the file in the file system in memory. */
const FILE_NAME = "/model.weights.h5";

/** The first bytes of an HDF5 file. The library would also look for them further on. */
const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * Removes the devices of the in-memory file system, since a dataset may name any path in it as its external storage.
 */
function closeOff(files: NonNullable<H5Wasm["FS"]>): void {
  for (const name of files.readdir("/dev") as string[]) {
    const path = `/dev/${name}`;
    if (!files.isDir(files.lstat(path).mode)) files.unlink(path);
  }
  for (const folder of ["/proc/self/fd", "/proc/self"]) {
    if (files.analyzePath(folder).exists) files.rmdir(folder);
  }
}

const memory = WebAssembly?.Memory.prototype;
const grow = memory?.grow;

/** Limits the size of each WebAssembly memory of this thread. Beyond it the HDF5 library reports a lack of memory. */
function boundMemory(limit: number): void {
  memory!.grow = function (this: WasmMemory, pages: number): number {
    if (this.buffer.byteLength + pages * 65_536 > limit) throw new RangeError("memory limit reached");
    return grow!.call(this, pages);
  };
}

/** Separates the library from the machine and limits its memory. Throws `ERR_UNSUPPORTED` if the runtime refuses. */
function confine({ FS }: H5Wasm, stored: number): void {
  try {
    closeOff(FS!);
    boundMemory(hdf5MemoryLimit(stored));
  } catch (cause) {
    const reason = (cause as Error).message;
    throw incompleteError("ERR_UNSUPPORTED", `its HDF5 weights cannot be read safely in this runtime: ${reason}`, {
      cause,
    });
  }
}

function openFile({ Module }: H5Wasm): bigint {
  let file = -1n;
  try {
    file = Module.open(FILE_NAME, Module.H5F_ACC_RDONLY, false, -1, -1);
  } catch (cause) {
    throw fileError(`expected an HDF5 file but found a damaged one: ${innermost(cause)}`);
  }
  if (file < 0n) throw fileError("expected an HDF5 file but found a damaged one");
  return file;
}

/**
 * Opens the HDF5 file `bytes` in the library, which takes them over without a copy, and returns its handle. First it
 * separates the library from the machine and limits its memory.
 *
 * @param stored the number of bytes that the stored file takes, which is smaller than its length when it is compressed.
 * @throws GRUError `ERR_FILE_FORMAT` if it is not a complete HDF5 file, `ERR_UNSUPPORTED` if the runtime does not let the
 * library be confined.
 */
export function openInLibrary(h5: H5Wasm, bytes: Uint8Array, stored: number): bigint {
  if (!SIGNATURE.every((byte, index) => bytes[index] === byte)) {
    throw fileError("expected an HDF5 file but found a damaged one: its first bytes are not those of one");
  }
  confine(h5, stored);
  h5.Module.activate_throwing_error_handler();
  h5.FS!.writeFile(FILE_NAME, bytes, { canOwn: true } as object);
  return openFile(h5);
}

/** Returns the last and most specific line of an HDF5 error stack. */
export function innermost(error: unknown): string {
  const text = (error as Error).message;
  return [...text.matchAll(/ in \w+\(\): (.+)/g)].at(-1)?.[1] ?? text;
}
