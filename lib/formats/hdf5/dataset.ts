import type { Metadata } from "h5wasm";
import { fileError } from "../file_errors.js";
import { chunkLimit, expansionLimit, formatBytes, MAX_CHUNKS, READ_PIECE_BYTES } from "../limits.js";
import { type StoredDtype, storedDtype } from "./dtype.js";
import type { Hdf5File } from "./hdf5_file.js";
import { readDatasetHeader } from "./object_header.js";

/** The values of one dataset, row-major and little-endian. */
export interface StoredVariable {
  shape: number[];
  dtype: StoredDtype;
  data: ArrayBuffer;
}

/** The name of a dataset in messages, and the shape that it must have. `null` stands for any size. */
export interface VariableRequest {
  label: string;
  shape: (number | null)[];
}

/** A request for a dataset whose shape may be any. */
export type OpenRequest = VariableRequest | { label: string; shape: null };

/** A dataset that has been checked and can be read. */
interface CheckedDataset {
  /** The dataset's name and path, for messages. */
  where: string;
  /** The path by which the HDF5 library finds it. */
  real: string;
  shape: number[];
  dtype: StoredDtype;
  itemSize: number;
  bytes: number;
}

const FLOAT64_BYTES = 8;

/** The HDF5 filters that Keras users apply (deflate, shuffle, checksum). Others are refused. */
const FILTERS = new Set([1, 2, 3]);

/**
 * Reads the datasets at these absolute paths. Each must have the requested shape and a floating-point dtype. All of
 * them, and the memory that they need together, are checked before the first is read.
 *
 * @throws GRUError `ERR_FILE_FORMAT` for a dataset that is missing, damaged, of another shape or dtype, or outside the
 * file.
 */
export function readDatasets(file: Hdf5File, requests: readonly (OpenRequest & { path: string })[]): StoredVariable[] {
  const checked = requests.map((request) => checkDataset(file, request));
  // The layer may be a float64 layer, whatever the dtype in the file.
  const total = checked.reduce((sum, { bytes, itemSize }) => sum + (bytes / itemSize) * FLOAT64_BYTES, 0);
  const limit = expansionLimit(file.stored);
  if (total > limit) {
    const found = `${formatBytes(total)} (as float64)`;
    throw fileError(`expected its weights to have at most ${formatBytes(limit)} but found ${found}`);
  }
  return checked.map((dataset) => ({
    shape: dataset.shape,
    dtype: dataset.dtype,
    data: readData(file, dataset),
  }));
}

function checkDataset(file: Hdf5File, request: OpenRequest & { path: string }): CheckedDataset {
  const { path, label, shape: wanted } = request;
  const where = `${label} (${path})`;
  if (file.dataset(path.slice(1)) === undefined) throw fileError(`expected ${where} but found none`);
  const real = file.real(path)!;
  const metadata = file.call(path, (module, id) => module.get_dataset_metadata(id, real));
  const shape = metadata.shape ?? [];
  if (wanted !== null && !isShape(shape, wanted)) {
    throw fileError(`expected ${where} of shape ${shapeText(wanted)} but found ${shapeText(shape)}`);
  }
  const header = readDatasetHeader(file.bytes, file.address(real));
  if (metadata.virtual_sources) {
    throw fileError(`expected ${where} in the file itself but found a virtual dataset`);
  }
  if (header.isExternal) throw fileError(`expected ${where} in the file itself but found it in other files`);
  const dtype = storedDtype(header, file.text(path, "dtype"), where);
  const bytes = shape.reduce((product, length) => product * length, metadata.size);
  checkSize(file, where, real, { ...metadata, shape }, bytes);
  return { where, real, shape, dtype, itemSize: metadata.size, bytes };
}

function isShape(shape: readonly number[], wanted: readonly (number | null)[]): boolean {
  return shape.length === wanted.length && shape.every((size, axis) => (wanted[axis] ?? size) === size);
}

/** Throws when a dataset declares more bytes than the file can contain, or would take the HDF5 library much memory. */
function checkSize(
  file: Hdf5File,
  where: string,
  real: string,
  { shape, size, chunks }: Metadata & { shape: number[] },
  bytes: number,
): void {
  const filters = file.call(where, (module, id) => module.get_dataset_filters(id, real));
  const unknown = filters.find(({ id }) => !FILTERS.has(id));
  if (unknown) {
    throw fileError(`expected ${where} without filters or deflated but found filter ${unknown.id} (${unknown.name})`);
  }
  const bound = filters.length === 0 ? file.bytes.length : expansionLimit(file.stored);
  if (bytes > bound || !Number.isSafeInteger(bytes)) {
    throw fileError(`expected ${where} to have at most ${formatBytes(bound)} but found ${formatBytes(bytes)}`);
  }
  if (chunks === null) return;
  const largest = chunkLimit(file.stored);
  const chunk = chunks.reduce((product, length) => product * length, size);
  if (chunk > largest) {
    throw fileError(`expected ${where} in chunks of at most ${formatBytes(largest)} but found ${formatBytes(chunk)}`);
  }
  const count = shape.reduce((product, length, axis) => product * Math.ceil(length / chunks[axis]!), 1);
  if (count > MAX_CHUNKS) throw fileError(`expected ${where} in at most ${MAX_CHUNKS} chunks but found ${count}`);
}

/** Copies the dataset out in pieces of whole rows, so that it takes little WebAssembly memory. */
function readData(file: Hdf5File, { where, real, shape, bytes }: CheckedDataset): ArrayBuffer {
  const [rows = 1, ...inner] = shape;
  const data = new Uint8Array(bytes);
  if (bytes === 0) return data.buffer;
  const rowBytes = bytes / rows;
  const rowsPerPiece = Math.max(1, Math.floor(READ_PIECE_BYTES / rowBytes));
  return file.call(where, (module, id) => {
    const pointer = module._malloc(Math.min(rowsPerPiece, rows) * rowBytes);
    if (pointer === 0) throw fileError(`expected ${where} to fit in memory but it does not`);
    try {
      for (let row = 0; row < rows; row += rowsPerPiece) {
        const count = Math.min(rowsPerPiece, rows - row);
        const offsets = [BigInt(row), ...inner.map(() => 0n)];
        const counts = [BigInt(count), ...inner.map(BigInt)];
        const steps = shape.map(() => 1n);
        // A single number has no axes to select from.
        const [c, o, s] = shape.length === 0 ? [null, null, null] : [counts, offsets, steps];
        const status = module.get_dataset_data(id, real, c, o, s, BigInt(pointer));
        // A negative status is the only sign of a chunk that could not be decoded.
        if (status < 0) throw fileError(`expected ${where} whole but found it damaged`);
        data.set(module.HEAPU8.subarray(pointer, pointer + count * rowBytes), row * rowBytes);
      }
    } finally {
      module._free(pointer);
    }
    return data.buffer;
  });
}

/** Returns a shape as Python writes it, with `any` for `null`. */
export function shapeText(shape: readonly (number | null)[]): string {
  return `(${shape.map((size) => size ?? "any").join(", ")}${shape.length === 1 ? "," : ""})`;
}
