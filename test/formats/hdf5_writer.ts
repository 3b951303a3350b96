// Writes HDF5 files for tests with h5wasm.
import type { File, Group } from "h5wasm";

/** Returns the bytes of an HDF5 file that `fill` has filled. */
export async function writeHdf5(fill: (file: File) => void): Promise<Uint8Array<ArrayBuffer>> {
  const h5 = await import("h5wasm");
  await h5.ready;
  const name = "/written.h5";
  const file = new h5.File(name, "w");
  fill(file);
  file.close();
  const bytes = new Uint8Array(h5.FS!.readFile(name));
  h5.FS!.unlink(name);
  return bytes;
}

/** Makes the groups along `path` and returns the last. */
export function makeGroups(file: File, path: string): Group {
  let group: Group = file;
  for (const part of path.split("/")) {
    group = group.keys().includes(part) ? (group.get(part) as Group) : group.create_group(part);
  }
  return group;
}

/** Values 1, 2, 3, ... of `shape`. */
export function counting(shape: readonly number[]): Float32Array {
  return Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, index) => index + 1);
}
