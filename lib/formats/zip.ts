import { Readable } from "node:stream";
import { createInflateRaw } from "node:zlib";
import type { Entry, ZipFile } from "yauzl";
import { checksum } from "./checksum.js";
import { fileError } from "./file_errors.js";
import { importDependency } from "./import_dependency.js";
import { expansionLimit, formatBytes, MAX_EXPANSION, MAX_ZIP_ENTRIES } from "./limits.js";
import type { OpenFile } from "./open_file.js";

const STORED = 0;
const DEFLATED = 8;

/** Data is inflated in pieces of this many bytes. The event loop runs between them. */
const PIECE_BYTES = 2 ** 20;

/**
 * A zip archive that is open for reading single entries. Only the central directory is trusted to list them. Sizes are
 * checked before anything is read or inflated, and every entry that is read is checked against its CRC-32.
 */
export class ZipArchive {
  readonly #zip: ZipFile;
  readonly #file: OpenFile;
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(zip: ZipFile, file: OpenFile, entries: ReadonlyMap<string, Entry>) {
    this.#zip = zip;
    this.#file = file;
    this.#entries = entries;
  }

  /**
   * Reads the central directory of `file`. The caller closes the file.
   *
   * @throws GRUError `ERR_FILE_FORMAT` if it is damaged, or has duplicate or too many entries.
   */
  static async open(file: OpenFile): Promise<ZipArchive> {
    const { size } = file;
    const { default: yauzl } = await importDependency("yauzl", () => import("yauzl"));

    class BoundedReader extends yauzl.RandomAccessReader {
      // The library asks for the positions that a damaged directory claims, and fs.read throws outside the file's
      // range.
      override read(
        buffer: Buffer,
        offset: number,
        length: number,
        position: number,
        callback: (error: Error | null, bytesRead?: number) => void,
      ): void {
        if (!(position >= 0 && position + length <= size)) {
          callback(new Error(`it refers to bytes ${position} to ${position + length} of ${size}`));
          return;
        }
        file.read(buffer, offset, length, position).then(({ bytesRead }) => callback(null, bytesRead), callback);
      }
    }

    const entries = new Map<string, Entry>();
    let zip: ZipFile;
    try {
      zip = await yauzl.fromRandomAccessReaderPromise(new BoundedReader(), size, { autoClose: false });
      if (zip.entryCount > MAX_ZIP_ENTRIES) throw new Error(`it has ${zip.entryCount} entries`);
      for await (const entry of zip.eachEntry()) {
        if (entries.has(entry.fileName)) throw new Error(`it has two entries ${JSON.stringify(entry.fileName)}`);
        entries.set(entry.fileName, entry);
      }
    } catch (cause) {
      throw fileError(`expected a whole zip archive but found a damaged one: ${(cause as Error).message}`, cause);
    }
    return new ZipArchive(zip, file, entries);
  }

  /** The names of all entries, in the archive's order. */
  get names(): string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** Returns the number of bytes that entry `name` takes in the archive. */
  storedBytes(name: string): number {
    return this.#entries.get(name)?.compressedSize ?? 0;
  }

  /**
   * Returns the contents of entry `name`, at most `limit` bytes.
   *
   * @throws GRUError `ERR_FILE_FORMAT` if it is absent, too large, encrypted, compressed by another method than
   * deflate, or does not have its CRC-32.
   */
  async read(name: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
    const entry = this.#entries.get(name);
    if (!entry) throw fileError(`expected an entry ${name} but found none`);
    const { compressedSize, uncompressedSize, compressionMethod } = entry;
    if (uncompressedSize > limit) {
      throw fileError(
        `expected ${name} to have at most ${formatBytes(limit)} but found ${formatBytes(uncompressedSize)}`,
      );
    }
    if (uncompressedSize > expansionLimit(compressedSize)) {
      const ratio = Math.round(uncompressedSize / Math.max(1, compressedSize));
      throw fileError(`expected ${name} to be compressed at most ${MAX_EXPANSION}-fold but found ${ratio}-fold`);
    }
    if (entry.isEncrypted()) throw fileError(`expected ${name} without encryption but found it encrypted`);
    if (compressionMethod !== STORED && compressionMethod !== DEFLATED) {
      throw fileError(`expected ${name} stored or deflated but found compression method ${compressionMethod}`);
    }
    const raw = await this.#readRaw(name, entry);
    const data = compressionMethod === STORED ? raw : await inflateExactly(name, raw, uncompressedSize);
    const actual = await checksum([data]);
    if (actual !== entry.crc32) {
      throw fileError(`expected ${name} with CRC-32 ${hex(entry.crc32)} but found ${hex(actual)}: the file is damaged`);
    }
    return data;
  }

  async #readRaw(name: string, entry: Entry): Promise<Uint8Array<ArrayBuffer>> {
    let start: number;
    try {
      // This also checks that the entry lies within the file, so that the file's size limits the allocation below.
      start = (await this.#zip.readLocalFileHeaderPromise(entry, { minimal: true })).fileDataStart;
    } catch (cause) {
      throw fileError(`expected ${name} whole but found it damaged: ${(cause as Error).message}`, cause);
    }
    const raw = new Uint8Array(entry.compressedSize);
    let filled = 0;
    while (filled < raw.length) {
      const { bytesRead } = await this.#file.read(raw, filled, Math.min(raw.length - filled, 2 ** 30), start + filled);
      if (bytesRead === 0) throw fileError(`expected ${raw.length} bytes of ${name} but found ${filled}`);
      filled += bytesRead;
    }
    return raw;
  }
}

/** Inflates into memory that belongs to the result alone, so that the caller can give it to another thread. */
async function inflateExactly(name: string, raw: Uint8Array, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const data = new Uint8Array(size);
  let filled = 0;
  try {
    const pieces = Readable.from([raw], { objectMode: false }).pipe(createInflateRaw({ chunkSize: PIECE_BYTES }));
    for await (const piece of pieces as AsyncIterable<Buffer>) {
      // Data beyond the declared size does not fit, and throws.
      data.set(piece, filled);
      filled += piece.length;
    }
  } catch (cause) {
    throw fileError(`expected ${name} as deflated data of ${size} bytes but found it damaged`, cause);
  }
  if (filled !== size) throw fileError(`expected ${size} bytes of ${name} but found ${filled}`);
  return data;
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
