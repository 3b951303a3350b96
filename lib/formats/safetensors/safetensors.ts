import { fileError } from "../file_errors.js";
import { parseJson, utf8 } from "../json.js";

/**
 * The safetensors format. A file has the length of the header (64 bits, little-endian), the header (JSON: the dtype,
 * shape and position of each tensor, and a table of texts), and then the tensors' elements, little-endian, without
 * gaps. https://github.com/huggingface/safetensors
 */

/** The element types and the arrays that hold them. 16-bit floats are bits; booleans are zeros and ones. */
const ARRAYS = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

/** The element types of safetensors that this package reads and writes. */
export type SafetensorsDtype = keyof typeof ARRAYS;

/**
 * A tensor with its elements, row-major, in the array of its dtype. `data` of a tensor that was read is a new copy each
 * time.
 */
export interface SafetensorsTensor<D extends SafetensorsDtype = SafetensorsDtype> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: InstanceType<(typeof ARRAYS)[D]>;
}

/** The contents of a safetensors file. */
export interface SafetensorsContents {
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The longest header in bytes, which is the format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;

const LENGTH_BYTES = 8;
const METADATA = "__metadata__";

/**
 * Returns a safetensors file with `tensors`, in parts to be written one after the other. The parts share memory with
 * the tensors. The same tensors and metadata, in the same order, make the same bytes.
 *
 * @throws TypeError for mistakes of the caller's code: if `data` is not the array of `dtype` with as many elements as
 * `shape` requires, or a tensor is named `__metadata__`.
 */
export function encodeSafetensors(
  tensors: Iterable<readonly [name: string, tensor: SafetensorsTensor]>,
  metadata: Iterable<readonly [key: string, text: string]> = [],
): Uint8Array[] {
  // Large elements come first, so that every tensor begins at a multiple of its element's size.
  const ordered = [...tensors].sort(([, one], [, other]) => itemSize(other.dtype) - itemSize(one.dtype));
  const texts = [...metadata];
  const header = new Map<string, unknown>(texts.length > 0 ? [[METADATA, Object.fromEntries(texts)]] : []);
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { dtype, shape, data }] of ordered) {
    const fits = data instanceof ARRAYS[dtype] && data.length === count(shape);
    if (!fits || header.has(name) || name === METADATA) throw new TypeError(`tensor ${name} cannot be written`);
    header.set(name, { dtype, shape, data_offsets: [offset, offset + data.byteLength] });
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    offset += data.byteLength;
  }
  // An object would put names that look like numbers first.
  const entries = [...header].map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  const text = Buffer.from(`{${entries.join(",")}}`);
  const padded = Buffer.alloc(LENGTH_BYTES + Math.ceil(text.length / 8) * 8, " ");
  padded.writeBigUInt64LE(BigInt(padded.length - LENGTH_BYTES));
  text.copy(padded, LENGTH_BYTES);
  return [padded, ...parts];
}

/** True if `head`, the first bytes of a file, can begin a safetensors file. */
export function looksLikeSafetensors(head: Uint8Array): boolean {
  if (head.length <= LENGTH_BYTES || head[LENGTH_BYTES] !== 0x7b) return false;
  return headerLength(head) <= MAX_HEADER_BYTES;
}

/**
 * Reads the safetensors file `bytes`. The checks are as strict as those of the format's own reader: lengths, JSON,
 * repeated keys, shapes, and that the tensors lie in the file side by side, with no gap, overlap or rest.
 *
 * @throws GRUError `ERR_FILE_FORMAT` if it is not a safetensors file, is damaged, or has a dtype that is not a {@link
 * SafetensorsDtype}.
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsContents {
  if (bytes.length < LENGTH_BYTES) throw fileError(`expected a safetensors file but found ${bytes.length} bytes`);
  const length = headerLength(bytes);
  const start = LENGTH_BYTES + length;
  const longest = Math.min(MAX_HEADER_BYTES, bytes.length - LENGTH_BYTES);
  if (length > longest) throw fileError(`expected a header of at most ${longest} bytes but found ${length}`);
  if (bytes[LENGTH_BYTES] !== 0x7b) throw fileError("expected a safetensors header that begins with { but it does not");
  const text = utf8("the header", bytes.subarray(LENGTH_BYTES, start));
  const header = parseJson("the header", text) as Record<string, unknown>;
  refuseRepeatedKeys(text);
  const metadata = new Map<string, string>();
  const places: Place[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === METADATA) readMetadata(entry, metadata);
    else places.push(placeOf(name, entry));
  }
  checkPlaces(places, bytes.length - start);
  const tensors = new Map<string, SafetensorsTensor>();
  for (const { name, dtype, shape, begin, end } of places) {
    tensors.set(name, {
      dtype,
      shape,
      // Only the requested tensor is copied, not the whole file.
      get data() {
        // A Buffer's own `slice` would return a view of memory that is shared with others.
        const elements = Uint8Array.prototype.slice.call(bytes, start + begin, start + end);
        return new ARRAYS[dtype](elements.buffer);
      },
    });
  }
  return { tensors, metadata };
}

interface Place {
  name: string;
  dtype: SafetensorsDtype;
  shape: number[];
  /** The positions at which the elements begin and end, counted from the end of the header. */
  begin: number;
  end: number;
}

function itemSize(dtype: SafetensorsDtype): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Returns the length of the header that the file declares. A number too large for JavaScript may be rounded. */
function headerLength(bytes: Uint8Array): number {
  return Number(new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true));
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readMetadata(entry: unknown, into: Map<string, string>): void {
  if (!isTable(entry)) throw fileError(`expected a table of texts for ${METADATA} but found something else`);
  for (const [key, text] of Object.entries(entry)) {
    if (typeof text !== "string") throw fileError(`expected a text for ${key} of ${METADATA} but found something else`);
    into.set(key, text);
  }
}

const KEYS = "data_offsets,dtype,shape";

function placeOf(name: string, entry: unknown): Place {
  const what = `tensor ${JSON.stringify(name)}`;
  if (!isTable(entry) || Object.keys(entry).sort().join() !== KEYS) {
    throw fileError(`expected dtype, shape and data_offsets of ${what} but found something else`);
  }
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string" || !Object.hasOwn(ARRAYS, dtype)) {
    throw fileError(`expected a dtype of ${Object.keys(ARRAYS).join(", ")} for ${what} but found ${show(dtype)}`);
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    throw fileError(`expected sizes in the shape of ${what} but found ${show(shape)}`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw fileError(`expected two places in data_offsets of ${what} but found ${show(offsets)}`);
  }
  const [begin, end] = offsets as [number, number];
  const bytes = count(shape) * itemSize(dtype as SafetensorsDtype);
  // A size of 0 does not excuse other sizes whose product is too large to count.
  const countable = Number.isSafeInteger(count(shape.filter((size) => size !== 0)) * 8);
  if (!countable || end - begin !== bytes) {
    throw fileError(`expected ${what} of shape ${show(shape)} to have ${bytes} bytes but found ${end - begin}`);
  }
  return { name, dtype: dtype as SafetensorsDtype, shape, begin, end };
}

/** Throws unless the tensors fill the `size` bytes after the header, side by side. */
function checkPlaces(places: readonly Place[], size: number): void {
  let filled = 0;
  for (const { name, begin, end } of [...places].sort((one, other) => one.begin - other.begin || one.end - other.end)) {
    if (begin !== filled) {
      throw fileError(`expected tensor ${JSON.stringify(name)} to begin at ${filled} but found ${begin}`);
    }
    filled = end;
  }
  if (filled !== size) throw fileError(`expected ${filled} bytes after the header but found ${size}`);
}

/**
 * Throws when a name in the JSON `text` has two values. A JSON parser accepts that, and readers differ in which they
 * take.
 */
function refuseRepeatedKeys(text: string): void {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "{") open.push(new Set());
    else if (text[at] === "}") open.pop();
    else if (text[at] === '"') {
      const start = at;
      do at += text[at] === "\\" ? 2 : 1;
      while (text[at] !== '"');
      let next = at + 1;
      while (/\s/.test(text.charAt(next))) next += 1;
      if (text[next] === ":") addOnce(JSON.parse(text.slice(start, at + 1)), open.at(-1)!);
    }
  }
}

function addOnce(key: string, keys: Set<string>): void {
  if (keys.has(key)) throw fileError(`expected ${JSON.stringify(key)} once in the header but found it twice`);
  keys.add(key);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
