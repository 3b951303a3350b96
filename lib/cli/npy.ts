import { expectedText } from "../errors/messages.js";
import { widened } from "../native/sixteen_bit.js";
import type { Tensor, TensorLike, TypedArray } from "../tensor/tensor.js";

/*
 * NumPy's file format for one array (numpy/lib/format.py, versions 1 to 3): a magic text, the length of a header, the
 * header as a Python dictionary, and the elements.
 */

const MAGIC = "\x93NUMPY";

/** The elements by NumPy's type descriptions. A `>` instead of `<` is big-endian. */
const READERS: Readonly<Record<string, (bytes: ArrayBuffer) => { data: TypedArray; dtype?: string }>> = {
  "<f4": (bytes) => ({ data: new Float32Array(bytes) }),
  "<f8": (bytes) => ({ data: new Float64Array(bytes) }),
  "<f2": (bytes) => ({ data: new Uint16Array(bytes), dtype: "float16" }),
  "|b1": (bytes) => ({ data: new Uint8Array(bytes), dtype: "bool" }),
  "|i1": (bytes) => ({ data: new Int8Array(bytes) }),
  "|u1": (bytes) => ({ data: new Uint8Array(bytes) }),
  "<i2": (bytes) => ({ data: new Int16Array(bytes) }),
  "<u2": (bytes) => ({ data: new Uint16Array(bytes) }),
  "<i4": (bytes) => ({ data: new Int32Array(bytes) }),
  "<u4": (bytes) => ({ data: new Uint32Array(bytes) }),
  "<i8": (bytes) => ({ data: Float64Array.from(new BigInt64Array(bytes), Number) }),
  "<u8": (bytes) => ({ data: Float64Array.from(new BigUint64Array(bytes), Number) }),
};

/**
 * Returns the array in the bytes of a `.npy` file. `name` is the argument's, for messages. Integers of 64 bits become
 * float64.
 *
 * @throws GRUError `ERR_FILE_FORMAT` for a damaged file, or one of another type or byte order.
 */
export function decodeNpy(name: string, bytes: Uint8Array): TensorLike {
  const wrong = (expected: string, received: string) => expectedText("ERR_FILE_FORMAT", name, expected, received);
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const beginning = head.toString("latin1", 0, MAGIC.length);
  if (head.length === 0) throw wrong("a .npy file", "an empty file");
  if (!MAGIC.startsWith(beginning)) {
    throw wrong("a file that begins as NumPy's .npy files do", `${bytes.length} bytes that begin otherwise`);
  }
  const cutOff = () => wrong("a whole .npy file", `${bytes.length} bytes, which end within its header`);
  if (head.length < 12) throw cutOff();
  const wide = (head[6] as number) > 1;
  const start = wide ? 12 : 10;
  const end = start + (wide ? head.readUInt32LE(8) : head.readUInt16LE(8));
  if (head.length < end) throw cutOff();
  const header = head.toString("latin1", start, end);
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const fortran = /'fortran_order':\s*(True|False)/.exec(header)?.[1] === "True";
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (descr === undefined || sizes === undefined)
    throw wrong("a .npy header with descr and shape", header.slice(0, 80));
  const read = READERS[descr];
  if (read === undefined) {
    const known = Object.keys(READERS).join(", ");
    throw wrong(`elements of one of the types ${known}`, `${descr}: save it with astype("float32")`);
  }
  const shape = sizes.split(",").flatMap((size) => (size.trim() === "" ? [] : [Number(size)]));
  const count = shape.reduce((product, size) => product * size, 1);
  const width = Number(descr.slice(2));
  if (bytes.length !== end + count * width) {
    throw wrong(`${count * width} bytes of elements for shape [${shape.join(", ")}]`, `${bytes.length - end} bytes`);
  }
  const { data, dtype } = read(new Uint8Array(bytes.subarray(end)).buffer);
  const strides = fortran
    ? shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1))
    : undefined;
  return { data, shape, ...(dtype === undefined ? {} : { dtype }), ...(strides === undefined ? {} : { strides }) };
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  float32: "<f4",
  float64: "<f8",
  float16: "<f2",
  bool: "|b1",
  int8: "|i1",
  uint8: "|u1",
  int16: "<i2",
  uint16: "<u2",
  int32: "<i4",
  uint32: "<u4",
};

/** Returns a tensor as a `.npy` file. NumPy has no bfloat16, which is therefore written as float32. */
export function encodeNpy(tensor: Tensor): Uint8Array {
  const { shape } = tensor;
  const isBfloat16 = tensor.dtype === "bfloat16";
  const written = isBfloat16 ? widened(tensor.data as Uint16Array, "bfloat16") : tensor.data;
  const descr = isBfloat16 ? "<f4" : (DESCRIPTIONS[tensor.dtype] as string);
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  // The elements begin at a multiple of 64 bytes, and the header ends with a line feed.
  const header = Buffer.from(`${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`, "latin1");
  const start = Buffer.from([0x93, ...Buffer.from("NUMPY", "latin1"), 1, 0, header.length & 255, header.length >> 8]);
  return Buffer.concat([start, header, new Uint8Array(written.buffer, written.byteOffset, written.byteLength)]);
}
