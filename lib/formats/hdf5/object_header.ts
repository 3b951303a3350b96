import { fileError } from "../file_errors.js";

/*
 * The HDF5 library's WebAssembly build does not report two properties of a dataset: the positions of the fields of its
 * floating-point numbers, and whether its numbers are outside the file. They are read here from the dataset's object
 * header, after the library has opened the same dataset. ("HDF5 File Format Specification", version 3.0, IV.A.)
 */

/** The parts of a dataset's object header that the HDF5 library does not report. */
export interface DatasetHeader {
  /** HDF5's number of the type class of the elements. */
  typeClass: number;
  /** The number of bytes of an element. */
  size: number;
  /** The layout of floating-point elements. Absent for other types. */
  float: FloatLayout | undefined;
  /** True when the numbers are in other files. */
  isExternal: boolean;
}

/** The positions of the fields of a floating-point number, in bits, by HDF5's own terms. */
export interface FloatLayout {
  byteOrder: "little" | "big" | "other";
  bitOffset: number;
  precision: number;
  signLocation: number;
  exponentLocation: number;
  exponentSize: number;
  mantissaLocation: number;
  mantissaSize: number;
  bias: number;
  /** True when the mantissa's first bit, which is 1, is not stored. */
  isImplied: boolean;
}

const DATATYPE = 0x0003;
const EXTERNAL_FILES = 0x0007;
const CONTINUATION = 0x0010;
const FLOAT_CLASS = 1;
const SHARED_FLAG = 0x02;

/** A header with more messages or pieces than this is damaged: Keras writes about ten. */
const MAX_MESSAGES = 10_000;

interface Message {
  type: number;
  isShared: boolean;
  data: Reader;
}

/** Reads the object header at `address` of the HDF5 file `bytes`. Throws `ERR_FILE_FORMAT` when it is damaged. */
export function readDatasetHeader(bytes: Uint8Array, address: number): DatasetHeader {
  try {
    const file = new Reader(bytes);
    const messages = readMessages(file, address, addressBytes(file));
    const datatype = messages.find(({ type }) => type === DATATYPE);
    if (datatype === undefined) throw new RangeError("no datatype");
    const isExternal = messages.some(({ type }) => type === EXTERNAL_FILES);
    return { ...readDatatype(file, datatype), isExternal };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw fileError(`expected an object header at byte ${address} but found it damaged: ${cause.message}`);
  }
}

/** Returns the number of bytes of an address, which is also that of a length in every known file. */
function addressBytes(file: Reader): number {
  const version = file.at(8).unsigned(1);
  const at = file.at(version < 2 ? 13 : 9);
  const size = at.unsigned(1);
  if ((size !== 4 && size !== 8) || at.unsigned(1) !== size) throw new RangeError("addresses of an unusual size");
  return size;
}

function readMessages(file: Reader, address: number, wide: number): Message[] {
  const messages: Message[] = [];
  const isNew = file.at(address).text(4) === "OHDR";
  const pieces = [isNew ? firstPiece(file.at(address)) : firstOldPiece(file.at(address))];
  const hasOrder = isNew && (file.at(address + 5).unsigned(1) & 0x04) !== 0;
  const prefix = isNew ? (hasOrder ? 6 : 4) : 8;
  // Continuations are appended to `pieces` while the loop runs.
  for (const piece of pieces) {
    while (piece.left >= prefix) {
      const type = piece.unsigned(isNew ? 1 : 2);
      const size = piece.unsigned(2);
      const flags = piece.unsigned(1);
      piece.skip(prefix - (isNew ? 4 : 5));
      const data = piece.take(size);
      if (messages.push({ type, isShared: (flags & SHARED_FLAG) !== 0, data }) > MAX_MESSAGES) {
        throw new RangeError("too many messages");
      }
      if (type !== CONTINUATION) continue;
      const next = file.at(data.unsigned(wide)).take(data.unsigned(wide));
      // A new header has a signature before the messages and a checksum after them.
      pieces.push(isNew ? next.from(4).take(next.left - 8) : next);
    }
  }
  return messages;
}

function firstOldPiece(header: Reader): Reader {
  if (header.unsigned(1) !== 1) throw new RangeError("an unknown version");
  header.skip(7);
  const size = header.unsigned(4);
  header.skip(4);
  return header.take(size);
}

function firstPiece(header: Reader): Reader {
  header.skip(5);
  const flags = header.unsigned(1);
  header.skip((flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0));
  return header.take(header.unsigned(1 << (flags & 0x03)));
}

function readDatatype(file: Reader, message: Message): Omit<DatasetHeader, "isExternal"> {
  const data = message.isShared ? committedDatatype(file, message.data) : message.data;
  const typeClass = data.unsigned(1) & 0x0f;
  const bits = data.unsigned(3);
  const size = data.unsigned(4);
  if (typeClass !== FLOAT_CLASS) return { typeClass, size, float: undefined };
  const order = (bits & 0x01) | ((bits >> 5) & 0x02);
  const float: FloatLayout = {
    byteOrder: order === 0 ? "little" : order === 1 ? "big" : "other",
    isImplied: ((bits >> 4) & 0x03) === 2,
    signLocation: (bits >> 8) & 0xff,
    bitOffset: data.unsigned(2),
    precision: data.unsigned(2),
    exponentLocation: data.unsigned(1),
    exponentSize: data.unsigned(1),
    mantissaLocation: data.unsigned(1),
    mantissaSize: data.unsigned(1),
    bias: data.unsigned(4),
  };
  return { typeClass, size, float };
}

/** Returns a datatype that several datasets share. The reference holds the address of the object that contains it. */
function committedDatatype(file: Reader, reference: Reader): Reader {
  const wide = addressBytes(file);
  const version = reference.unsigned(1);
  const kind = reference.unsigned(1);
  if (version === 1) reference.skip(6);
  // In version 3, kind 1 is a message in a heap, which only files with a table of shared messages have.
  if (version === 3 && kind === 1) throw new RangeError("a datatype in a shared heap");
  const messages = readMessages(file, reference.unsigned(wide), wide);
  const found = messages.find(({ type, isShared }) => type === DATATYPE && !isShared);
  if (found === undefined) throw new RangeError("no datatype where it refers to one");
  return found.data;
}

/** Reads little-endian numbers from a part of a file, one after the other. Throws RangeError at its end. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Returns a reader of the whole part that begins at `position`. */
  at(position: number): Reader {
    if (!(position >= 0 && position <= this.#bytes.length)) throw new RangeError("it refers beyond the file");
    return new Reader(this.#bytes.subarray(position));
  }

  /** Returns a reader of the bytes that are left after the next `count` bytes. */
  from(count: number): Reader {
    return this.at(this.#at + count);
  }

  skip(count: number): void {
    if (!(count >= 0 && count <= this.left)) throw new RangeError("it ends too early");
    this.#at += count;
  }

  /** Returns a reader of the next `count` bytes, which this reader skips. */
  take(count: number): Reader {
    const start = this.#at;
    this.skip(count);
    return new Reader(this.#bytes.subarray(start, this.#at));
  }

  unsigned(count: number): number {
    const start = this.#at;
    this.skip(count);
    let value = 0;
    for (let index = count - 1; index >= 0; index -= 1) value = value * 256 + this.#bytes[start + index]!;
    return value;
  }

  text(count: number): string {
    return this.take(count).#latin();
  }

  #latin(): string {
    return String.fromCharCode(...this.#bytes);
  }
}
