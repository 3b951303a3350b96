/**
 * Size limits of the model readers. They are checked on declared sizes, before anything is allocated or inflated,
 * so that a hostile file cannot take more memory than a genuine one of its length could need.
 */

const MIB = 2 ** 20;

/** Largest `metadata.json`, in bytes (Keras writes about 100). */
export const MAX_METADATA_BYTES = MIB;

/** Largest `config.json`, in bytes (vocabularies of text layers lie in it). */
export const MAX_CONFIG_BYTES = 64 * MIB;

/** Largest `model.weights.h5`, in bytes. */
export const MAX_WEIGHTS_BYTES = 2048 * MIB;

/** Deepest nesting of either JSON text; one nested model takes four levels. */
export const MAX_JSON_DEPTH = 512;

/** Most entries a zip archive may have; assets of a model are one entry each. */
export const MAX_ZIP_ENTRIES = 100_000;

/** Most layers, and deepest nesting of layers, that `config.json` may describe. */
export const MAX_LAYERS = 100_000;
export const MAX_LAYER_DEPTH = 64;

/** Data that declares more bytes than this must not be larger than {@link MAX_EXPANSION} times its stored bytes. */
export const EXPANSION_FLOOR_BYTES = 64 * MIB;
export const MAX_EXPANSION = 100;

/** Largest HDF5 chunk, in bytes: the HDF5 library holds a whole one in memory. */
export const MAX_CHUNK_BYTES = 256 * MIB;

/** Datasets are read in pieces of at most about this many bytes. */
export const READ_PIECE_BYTES = 16 * MIB;

/** Time one model's HDF5 weights may take to read, in milliseconds: damaged structures can make the library loop. */
export const HDF5_DEADLINE_MS = 30_000;

/** True if `declared` bytes cannot come from `stored` bytes in an honest file. */
export function isBomb(declared: number, stored: number): boolean {
  return declared > EXPANSION_FLOOR_BYTES && declared > MAX_EXPANSION * stored;
}

/** A byte count for messages, such as `"3.2 MiB"`. */
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
