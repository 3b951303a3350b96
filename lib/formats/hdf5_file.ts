import type { Metadata } from "h5wasm";
import { GRUError } from "../errors.js";
import { readTexts } from "./hdf5_text.js";
import {
  EXPANSION_FLOOR_BYTES,
  formatBytes,
  isBomb,
  MAX_CHUNK_BYTES,
  MAX_EXPANSION,
  MAX_LAYERS,
  READ_PIECE_BYTES,
} from "./limits.js";
import { fileProblem } from "./problem.js";

/** The in-memory build of h5wasm, loaded and ready. */
export type H5Wasm = typeof import("h5wasm");

/** One dataset's values, row-major and little-endian. */
export interface StoredVariable {
  shape: number[];
  dtype: "float16" | "bfloat16" | "float32" | "float64";
  data: ArrayBuffer;
}

/** What one dataset is called in messages, and the shape it must have (`null`: any size). */
export interface VariableRequest {
  label: string;
  shape: (number | null)[];
}

/** HDF5 filters that Keras users apply (deflate, shuffle, checksum); others are refused. */
const FILTERS = new Set([1, 2, 3]);

const FILE_NAME = "/model.weights.h5";

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
 * Opens the HDF5 file `bytes`, which `h5` takes over without a copy. A damaged file can leave `h5` unusable or make it
 * loop: callers run this, and all reading, where both can be thrown away.
 *
 * @throws GRUError `ERR_FILE_FORMAT` if it is no whole HDF5 file.
 */
export function openHdf5(h5: H5Wasm, bytes: Uint8Array): Hdf5File {
  const files = h5.FS!;
  const size = bytes.length;
  closeOff(files);
  h5.Module.activate_throwing_error_handler();
  files.writeFile(FILE_NAME, bytes, { canOwn: true } as object);
  return new Hdf5File(h5, openFile(h5), size);
}

/** The last, most specific line of an HDF5 error stack. */
function innermost(error: unknown): string {
  const text = (error as Error).message;
  return [...text.matchAll(/ in \w+\(\): (.+)/g)].at(-1)?.[1] ?? text;
}

/** An open HDF5 file. What it gives lies in the file itself: every kind of link and of outside storage is refused. */
export class Hdf5File {
  readonly #h5: H5Wasm;
  readonly #file: bigint;
  readonly #size: number;
  /** The names in each group that was looked into, and what members that were looked at are. */
  readonly #members = new Map<string, Set<string>>();
  readonly #kinds = new Map<string, number>();

  constructor(h5: H5Wasm, file: bigint, size: number) {
    this.#h5 = h5;
    this.#file = file;
    this.#size = size;
  }

  /** The absolute path of the group at `relative` (`""`: the root), or `undefined` if there is none. */
  group(relative: string): string | undefined {
    return relative === "" ? "/" : this.#resolve(relative, this.#h5.Module.H5G_GROUP);
  }

  /** The names in the group at the absolute `path`. */
  names(path: string): ReadonlySet<string> {
    let names = this.#members.get(path);
    if (names === undefined) {
      names = new Set(this.#call(path, () => this.#h5.Module.get_names(this.#file, path, false)));
      this.#members.set(path, names);
    }
    return names;
  }

  /** Whether `name` in the group at the absolute `path` is a group itself; a link is refused. */
  isGroup(path: string, name: string): boolean {
    return this.#kind(path === "/" ? `/${name}` : `${path}/${name}`) === this.#h5.Module.H5G_GROUP;
  }

  /** The absolute path of `relative` if every part of it is a plain member of its group and it is a `kind`. */
  #resolve(relative: string, kind: number): string | undefined {
    const { Module } = this.#h5;
    let path = "";
    const parts = relative.split("/");
    for (const [index, part] of parts.entries()) {
      const wanted = index === parts.length - 1 ? kind : Module.H5G_GROUP;
      if (!this.names(path === "" ? "/" : path).has(part)) return undefined;
      path = `${path}/${part}`;
      if (this.#kind(path) !== wanted) {
        throw fileProblem(`expected a ${wanted === Module.H5G_GROUP ? "group" : "dataset"} at ${path} but found none`);
      }
    }
    return path;
  }

  /** What the member at the absolute `path` is; a link is refused. */
  #kind(path: string): number {
    let kind = this.#kinds.get(path);
    if (kind !== undefined) return kind;
    const { Module } = this.#h5;
    if (this.#call(path, () => Module.get_symbolic_link(this.#file, path)) !== null) {
      throw fileProblem(`expected ${path} in the file itself but found a soft link`);
    }
    if (this.#call(path, () => Module.get_external_link(this.#file, path)).filename !== undefined) {
      throw fileProblem(`expected ${path} in the file itself but found an external link`);
    }
    kind = this.#call(path, () => Module.get_type(this.#file, path));
    this.#kinds.set(path, kind);
    return kind;
  }

  /** The text in attribute `name` of the group or dataset at the absolute `path`, if it has one. */
  text(path: string, name: string): string | undefined {
    const texts = this.#texts(path, name);
    return texts?.length === 1 ? texts[0] : undefined;
  }

  /**
   * The texts in attribute `name` of the group at the absolute `path`, or in `<name>0`, `<name>1`, ..., into which Keras
   * splits an attribute that is too large for an HDF5 header.
   */
  texts(path: string, name: string): string[] | undefined {
    const whole = this.#texts(path, name);
    if (whole !== undefined) return whole;
    let all: string[] | undefined;
    for (let part = 0; part < MAX_LAYERS; part += 1) {
      const more = this.#texts(path, `${name}${part}`);
      if (more === undefined) break;
      all = [...(all ?? []), ...more];
    }
    return all;
  }

  #texts(path: string, name: string): string[] | undefined {
    return this.#call(path, () => {
      if (!this.#h5.Module.get_attribute_names(this.#file, path).includes(name)) return undefined;
      return readTexts(this.#h5, this.#file, path, name, this.#size);
    });
  }

  /** The shape of the dataset at `relative`, or `undefined` if there is none. */
  shape(relative: string): number[] | undefined {
    const path = this.#resolve(relative, this.#h5.Module.H5G_DATASET);
    if (path === undefined) return undefined;
    return this.#call(path, () => this.#h5.Module.get_dataset_metadata(this.#file, path)).shape ?? [];
  }

  /** The values of the dataset at the absolute `path`, which must have the wanted shape and a floating-point dtype. */
  read(path: string, { label, shape: wanted }: VariableRequest): StoredVariable {
    const { Module } = this.#h5;
    const where = `${label} (${path})`;
    if (this.#resolve(path.slice(1), Module.H5G_DATASET) === undefined) {
      throw fileProblem(`expected ${where} but found none`);
    }
    const metadata = this.#call(path, () => Module.get_dataset_metadata(this.#file, path));
    const shape = metadata.shape ?? [];
    if (
      shape.length !== wanted.length ||
      !shape.every((size, axis) => wanted[axis] === null || wanted[axis] === size)
    ) {
      throw fileProblem(`expected ${where} of shape ${shapeText(wanted)} but found ${shapeText(shape)}`);
    }
    const dtype = this.#dtype(path, where, metadata);
    this.#checkStorage(path, where, metadata);
    return { shape, dtype, data: this.#readData(path, where, shape, metadata.size) };
  }

  #dtype(path: string, where: string, { type, size }: Metadata): StoredVariable["dtype"] {
    const { H5T_FLOAT, H5T_OPAQUE } = this.#h5.Module.H5T_class_t;
    if (size === 2 && this.text(path, "dtype") === "bfloat16") {
      if (type === H5T_OPAQUE.value || type === H5T_FLOAT.value) return "bfloat16";
    }
    const name = type === H5T_FLOAT.value ? ({ 2: "float16", 4: "float32", 8: "float64" } as const)[size] : undefined;
    if (name === undefined) {
      const found = `HDF5 type class ${type} of ${size} bytes`;
      throw fileProblem(`expected ${where} of dtype float16, bfloat16, float32 or float64 but found ${found}`);
    }
    return name;
  }

  /** Refuses what declares more than it can hold, and what lies outside the file, before anything is allocated. */
  #checkStorage(path: string, where: string, { shape, size, chunks, virtual_sources }: Metadata): void {
    if (virtual_sources) throw fileProblem(`expected ${where} in the file itself but found a virtual dataset`);
    const declared = shape!.reduce((product, length) => product * length, size);
    const filters = this.#call(path, () => this.#h5.Module.get_dataset_filters(this.#file, path));
    const unknown = filters.find(({ id }) => !FILTERS.has(id));
    if (unknown) {
      throw fileProblem(
        `expected ${where} without filters or deflated but found filter ${unknown.id} (${unknown.name})`,
      );
    }
    const tooLarge = filters.length === 0 ? declared > this.#size : isBomb(declared, this.#size);
    if (tooLarge || !Number.isSafeInteger(declared)) {
      const bound = filters.length === 0 ? this.#size : Math.max(EXPANSION_FLOOR_BYTES, MAX_EXPANSION * this.#size);
      throw fileProblem(`expected ${where} to have at most ${formatBytes(bound)} but found ${formatBytes(declared)}`);
    }
    const chunk = chunks?.reduce((product, length) => product * length, size) ?? 0;
    if (chunk > MAX_CHUNK_BYTES) {
      const found = formatBytes(chunk);
      throw fileProblem(`expected ${where} in chunks of at most ${formatBytes(MAX_CHUNK_BYTES)} but found ${found}`);
    }
  }

  /** Copies the dataset out in pieces of whole rows, so that little WebAssembly memory is needed. */
  #readData(path: string, where: string, shape: readonly number[], itemSize: number): ArrayBuffer {
    const { Module } = this.#h5;
    const [rows = 1, ...inner] = shape;
    const rowBytes = inner.reduce((product, length) => product * length, itemSize);
    const data = new Uint8Array(rows * rowBytes);
    if (data.length === 0) return data.buffer;
    const rowsPerPiece = Math.max(1, Math.floor(READ_PIECE_BYTES / rowBytes));
    const pointer = Module._malloc(Math.min(rowsPerPiece, rows) * rowBytes);
    if (pointer === 0) throw fileProblem(`expected ${where} to fit in memory but it does not`);
    try {
      for (let row = 0; row < rows; row += rowsPerPiece) {
        const count = Math.min(rowsPerPiece, rows - row);
        const offsets = [BigInt(row), ...inner.map(() => 0n)];
        const counts = [BigInt(count), ...inner.map(BigInt)];
        const steps = shape.map(() => 1n);
        // A negative status is the only sign of a chunk that could not be decoded.
        const status = this.#call(where, () =>
          Module.get_dataset_data(this.#file, path, counts, offsets, steps, BigInt(pointer)),
        );
        if (status < 0) throw fileProblem(`expected ${where} whole but found it damaged`);
        data.set(Module.HEAPU8.subarray(pointer, pointer + count * rowBytes), row * rowBytes);
      }
    } finally {
      Module._free(pointer);
    }
    return data.buffer;
  }

  /** Runs one call of the HDF5 library, which throws its error stack as text. */
  #call<T>(where: string, call: () => T): T {
    try {
      return call();
    } catch (cause) {
      if (cause instanceof GRUError) throw cause;
      throw fileProblem(`expected ${where} whole but found it damaged: ${innermost(cause)}`);
    }
  }
}

/** A shape as Python writes it, `any` for `null`. */
export function shapeText(shape: readonly (number | null)[]): string {
  return `(${shape.map((size) => size ?? "any").join(", ")}${shape.length === 1 ? "," : ""})`;
}
