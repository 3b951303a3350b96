/**
 * Size limits of the model readers. They are checked on declared sizes, before anything is allocated or inflated, so
 * that a hostile file cannot take much more memory than a genuine one of its length could need. A file below 1 MB takes
 * at most 300 MB, and at most a second of the event loop.
 */

const MIB = 2 ** 20;

/** The largest `metadata.json`, in bytes (Keras writes about 100). */
export const MAX_METADATA_BYTES = MIB;

/** The largest `config.json`, in bytes. It contains the vocabularies of text layers. */
export const MAX_CONFIG_BYTES = 8 * MIB;

/** The largest `model.weights.h5`, in bytes. */
export const MAX_WEIGHTS_BYTES = 2048 * MIB;

/** The deepest nesting of either JSON text. One nested model takes four levels. */
export const MAX_JSON_DEPTH = 512;

/**
 * The most objects, lists and keys in a JSON text. In memory each takes many times the two bytes that it may take in
 * the text. (Configs that Keras writes have one for every 17 bytes.)
 */
export const MAX_JSON_NODES = 500_000;

/** The most entries of a zip archive. Each asset of a model is one entry. */
export const MAX_ZIP_ENTRIES = 100_000;

/** The most layers, and the deepest nesting of layers, that `config.json` may describe. */
export const MAX_LAYERS = 20_000;
export const MAX_LAYER_DEPTH = 64;

/**
 * The most characters in the paths of all layers together. Paths of nested layers repeat those of the layers around
 * them.
 */
export const MAX_PATH_CHARACTERS = 16 * MIB;

/** The most groups, layers and arrays of an HDF5 file. */
export const MAX_HDF5_OBJECTS = 100_000;

/** The longest path of a layer, and of an object in an HDF5 file, in characters. */
export const MAX_PATH_LENGTH = 2048;

/** Data that declares more bytes than this must not be larger than {@link MAX_EXPANSION} times its stored bytes. */
const EXPANSION_FLOOR_BYTES = 64 * MIB;
export const MAX_EXPANSION = 64;

/** The largest HDF5 chunk, in bytes, whatever the file's length. */
const MAX_CHUNK_BYTES = 256 * MIB;

/**
 * The most chunks of a dataset. The HDF5 library lists the chunks that it reads and takes some hundred bytes for each.
 */
export const MAX_CHUNKS = 65_536;

/** Datasets are read in pieces of at most about this many bytes. */
export const READ_PIECE_BYTES = 16 * MIB;

/**
 * The time that reading one model's HDF5 weights may take, in milliseconds. Damaged structures can make the library
 * loop.
 */
export const HDF5_DEADLINE_MS = 30_000;

/** The most threads that read HDF5 files at once. Each takes about 12 MB, and more of them are not faster. */
export const MAX_HDF5_THREADS = 8;

/** A thread that has read a file is kept for so many milliseconds, because starting one takes longer than reading. */
export const KEPT_THREAD_MS = 10_000;

/**
 * A thread that holds more bytes than this after it has read a file is not kept. The HDF5 library takes 18.4 MiB for a small
 * file.
 */
export const MAX_KEPT_BYTES = 32 * MIB;

/** Returns the most bytes to which `stored` bytes of an honest file may expand. */
export function expansionLimit(stored: number): number {
  return Math.max(EXPANSION_FLOOR_BYTES, MAX_EXPANSION * stored);
}

/**
 * Returns the largest chunk, in bytes, of an HDF5 file of `stored` bytes. The library holds several copies of a chunk.
 */
export function chunkLimit(stored: number): number {
  return Math.min(MAX_CHUNK_BYTES, Math.max(16 * MIB, 16 * stored));
}

/** Returns the most bytes of WebAssembly memory that the HDF5 library may take for a file of `stored` bytes. */
export function hdf5MemoryLimit(stored: number): number {
  return 64 * MIB + 5 * chunkLimit(stored);
}

/** Returns a byte count for messages, such as `"3.2 MiB"`. */
export function formatBytes(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
