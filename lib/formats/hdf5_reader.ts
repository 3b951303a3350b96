import type { Metadata } from "h5wasm";
import {
  EXPANSION_FLOOR_BYTES,
  formatBytes,
  isBomb,
  MAX_CHUNK_BYTES,
  MAX_EXPANSION,
  READ_PIECE_BYTES,
} from "./limits.js";
import { fileProblem, quotedList } from "./problem.js";

/** The in-memory build of h5wasm, loaded and ready. */
export type H5Wasm = typeof import("h5wasm");

/** What one dataset is called in messages, and the shape it must have (`null`: any size). */
export interface VariableRequest {
  label: string;
  shape: (number | null)[];
}

/** A Keras layer's variables: `group` holds them as `<group>/vars/0`, `/1`, ... */
export interface GroupRequest {
  group: string;
  /** Where Keras notes the layer's name, `<named group>/vars`, and that name; checked if the note is there. */
  named: { group: string; name: string };
  variables: VariableRequest[];
}

/** One dataset's values, row-major and little-endian. */
export interface StoredVariable {
  shape: number[];
  dtype: "float16" | "bfloat16" | "float32" | "float64";
  data: ArrayBuffer;
}

/** HDF5 filters that Keras users apply (deflate, shuffle, checksum); others are refused. */
const FILTERS = new Set([1, 2, 3]);

const FILE_NAME = "/model.weights.h5";

/**
 * Reads the variables of one layer from the HDF5 file `bytes`, which `h5` takes over without a copy.
 *
 * A damaged file can leave `h5` unusable or make it loop: callers run this where both can be thrown away.
 *
 * @throws GRUError `ERR_FILE_FORMAT` if the file is damaged, lacks a variable, has one of another shape or dtype, or
 *   keeps any of it behind soft links, external links or virtual datasets.
 */
export function readVariables(h5: H5Wasm, bytes: Uint8Array, request: GroupRequest): StoredVariable[] {
  const files = h5.FS!;
  closeOff(files);
  h5.Module.activate_throwing_error_handler();
  files.writeFile(FILE_NAME, bytes, { canOwn: true } as object);
  try {
    const file = openFile(h5);
    try {
      return new Hdf5File(h5, file, bytes.length).readGroup(request);
    } finally {
      h5.Module.close_file(file);
    }
  } finally {
    files.unlink(FILE_NAME);
    h5.Module.deactivate_throwing_error_handler();
  }
}

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

/** The last, most specific line of an HDF5 error stack. */
function innermost(error: unknown): string {
  const text = (error as Error).message;
  return [...text.matchAll(/ in \w+\(\): (.+)/g)].at(-1)?.[1] ?? text;
}

class Hdf5File {
  readonly #h5: H5Wasm;
  readonly #file: bigint;
  readonly #size: number;

  constructor(h5: H5Wasm, file: bigint, size: number) {
    this.#h5 = h5;
    this.#file = file;
    this.#size = size;
  }

  readGroup({ group, named, variables }: GroupRequest): StoredVariable[] {
    this.#checkName(named);
    const path = this.#resolve(`${group}/vars`, this.#h5.Module.H5G_GROUP);
    if (path === undefined) throw fileProblem(`expected the layer's weights in ${group}/vars but found no such group`);
    const names = this.#names(path);
    const expected = variables.map((_, index) => String(index));
    if (names.length !== expected.length || !expected.every((name) => names.includes(name))) {
      const labels = variables.map(({ label }) => label).join(", ");
      throw fileProblem(
        `expected ${expected.length} variables (${labels}) in ${group}/vars but found ${names.length} (${quotedList(names)})`,
      );
    }
    return variables.map((variable, index) => this.#readDataset(`${path}/${index}`, variable));
  }

  /** Two layers of equal shape could be mistaken for each other; newer versions of Keras note the name. */
  #checkName({ group, name }: GroupRequest["named"]): void {
    const path = this.#resolve(`${group}/vars`, this.#h5.Module.H5G_GROUP);
    const found = path === undefined ? undefined : this.#textAttribute(path, "name");
    if (found !== undefined && found !== name) {
      const names = `${JSON.stringify(name)} in ${group} but found ${JSON.stringify(found)}`;
      throw fileProblem(`expected the weights of layer ${names}: config.json and weights disagree`);
    }
  }

  /** The absolute path of `relative` if every part of it is a plain member of its group and it is a `kind`. */
  #resolve(relative: string, kind: number): string | undefined {
    const { Module } = this.#h5;
    let path = "";
    const parts = relative.split("/");
    for (const [index, part] of parts.entries()) {
      const wanted = index === parts.length - 1 ? kind : Module.H5G_GROUP;
      if (!this.#names(path === "" ? "/" : path).includes(part)) return undefined;
      path = `${path}/${part}`;
      if (this.#call(path, () => Module.get_symbolic_link(this.#file, path)) !== null) {
        throw fileProblem(`expected ${path} in the file itself but found a soft link`);
      }
      if (this.#call(path, () => Module.get_external_link(this.#file, path)).filename !== undefined) {
        throw fileProblem(`expected ${path} in the file itself but found an external link`);
      }
      if (this.#call(path, () => Module.get_type(this.#file, path)) !== wanted) {
        throw fileProblem(`expected a ${wanted === Module.H5G_GROUP ? "group" : "dataset"} at ${path} but found none`);
      }
    }
    return path;
  }

  #names(path: string): string[] {
    return this.#call(path, () => this.#h5.Module.get_names(this.#file, path, false));
  }

  #textAttribute(path: string, name: string): string | undefined {
    return this.#call(path, () => {
      const { Module, Group } = this.#h5;
      if (!Module.get_attribute_names(this.#file, path).includes(name)) return undefined;
      const { type, total_size, size } = Module.get_attribute_metadata(this.#file, path, name);
      if (type !== Module.H5T_class_t.H5T_STRING.value || total_size !== 1 || size > this.#size) return undefined;
      const text = new Group(this.#file, path).get_attribute(name, true);
      return typeof text === "string" ? text : undefined;
    });
  }

  #readDataset(path: string, { label, shape: wanted }: VariableRequest): StoredVariable {
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
    if (size === 2 && this.#textAttribute(path, "dtype") === "bfloat16") {
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
      throw fileProblem(`expected ${where} whole but found it damaged: ${innermost(cause)}`);
    }
  }
}

function shapeText(shape: readonly (number | null)[]): string {
  return `(${shape.map((size) => size ?? "any").join(", ")}${shape.length === 1 ? "," : ""})`;
}
