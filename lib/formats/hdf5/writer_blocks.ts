/**
 * The building blocks of an HDF5 file in the oldest version of the format, which every reader knows and h5py writes by
 * default: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t11.html. Numbers are little-endian. Addresses
 * and lengths have 8 bytes.
 */

/** The address that stands for no address. */
export const UNDEFINED = 2n ** 64n - 1n;

/** The element types of datasets. HDF5 does not know bfloat16, which is written as opaque elements, as Keras does. */
export type Hdf5Dtype = "float16" | "bfloat16" | "float32" | "float64";

/** The number of bytes of the superblock, with which the file begins. */
export const SUPERBLOCK_BYTES = 96;

/** The most entries of one symbol table node: twice its rank in the superblock. */
const NODE_ENTRIES = 8;

/** The most nodes below one B-tree node that h5py writes: twice the rank in the superblock. */
const TREE_CHILDREN = 32;

/** The largest rank that the superblock has room for. */
const MAX_RANK = 2 ** 16 - 1;

/**
 * Returns the number of nodes below one B-tree node in a file whose largest group has `members` members. Every group
 * gets one tree node, which must have room for all of them.
 */
export function treeChildren(members: number): number {
  const rank = Math.max(TREE_CHILDREN / 2, Math.ceil(members / (2 * NODE_ENTRIES)));
  if (rank > MAX_RANK) throw new TypeError(`a group of ${members} members cannot be written`);
  return 2 * rank;
}

/** The smallest global heap that the format allows. */
const HEAP_BYTES = 4096;

const u16 = (value: number) => [value & 0xff, value >> 8];
const u32 = (value: number) => [...u16(value & 0xffff), ...u16(value >>> 16)];

function u64(value: number | bigint): number[] {
  return [...Buffer.from(BigUint64Array.of(BigInt(value)).buffer)];
}

/** Adds zeros to `bytes` up to a multiple of 8, or up to `size` bytes. */
export function padded(bytes: readonly number[], size = Math.ceil(bytes.length / 8) * 8): number[] {
  return [...bytes, ...new Array<number>(size - bytes.length).fill(0)];
}

const ascii = (text: string) => [...Buffer.from(text, "latin1")];

/** The places of a group: its object, and the blocks of its members. */
export interface GroupPlaces {
  readonly object: number;
  readonly tree: number;
  readonly heap: number;
}

/** Returns the start of a file of `end` bytes with the root group `root`. `children` is from {@link treeChildren}. */
export function superblock({ object, tree, heap }: GroupPlaces, end: number, children: number): number[] {
  const versions = [0, 0, 0, 0, 0, 8, 8, 0];
  return [
    ...[0x89, ...ascii("HDF\r\n"), 0x1a, 0x0a, ...versions, ...u16(NODE_ENTRIES / 2), ...u16(children / 2), ...u32(0)],
    ...[...u64(0), ...u64(UNDEFINED), ...u64(end), ...u64(UNDEFINED)],
    ...[...u64(0), ...u64(object), ...u32(1), ...u32(0), ...u64(tree), ...u64(heap)],
  ];
}

/** Returns an object, which consists of its header with `messages`. */
export function objectHeader(messages: readonly number[][]): number[] {
  const all = messages.flat();
  return [1, 0, ...u16(messages.length), ...u32(1), ...u32(all.length), ...u32(0), ...all];
}

function message(type: number, flags: number, data: readonly number[]): number[] {
  const body = padded(data);
  return [...u16(type), ...u16(body.length), flags, 0, 0, 0, ...body];
}

/** Returns the message that makes an object a group with the blocks at `tree` and `heap`. */
export function groupMessage(tree: number, heap: number): number[] {
  return message(0x11, 0, [...u64(tree), ...u64(heap)]);
}

/** Returns the messages that make an object a dataset whose elements take `bytes` bytes at `address`. */
export function datasetMessages(
  shape: readonly number[],
  dtype: Hdf5Dtype,
  address: number | bigint,
  bytes: number,
): number[][] {
  const sizes = shape.flatMap(u64);
  const fillsWithZeros = [2, 2, 2, 1, ...u32(0)];
  return [
    message(0x01, 0, [1, shape.length, 1, 0, ...u32(0), ...sizes, ...sizes]),
    message(0x03, 1, DATATYPES[dtype]),
    message(0x05, 1, fillsWithZeros),
    message(0x08, 0, [3, 1, ...u64(address), ...u64(bytes)]),
  ];
}

/** Returns the type of a little-endian IEEE 754 number: sign, exponent and fraction from the highest bit down. */
function floatType(bytes: number, exponentBits: number): number[] {
  const bits = 8 * bytes;
  const fractionBits = bits - 1 - exponentBits;
  const places = [fractionBits, exponentBits, 0, fractionBits];
  const bias = 2 ** (exponentBits - 1) - 1;
  return [0x11, 0x20, bits - 1, 0, ...u32(bytes), ...u16(0), ...u16(bits), ...places, ...u32(bias)];
}

const DATATYPES: Readonly<Record<Hdf5Dtype, number[]>> = {
  float16: floatType(2, 5),
  bfloat16: [0x15, 0, 0, 0, ...u32(2)],
  float32: floatType(4, 8),
  float64: floatType(8, 11),
};

/** The type of UTF-8 text of variable length: a sequence of unsigned bytes. */
const TEXT_TYPE = [0x19, 1, 1, 0, ...u32(16), 0x10, 0, 0, 0, ...u32(1), ...u16(0), ...u16(8)];
const SCALAR = [1, 0, 0, 0, 0, 0, 0, 0];

/** Returns the message that gives an object the attribute `name`: the text of `length` bytes at `index` in `heap`. */
export function textMessage(name: string, length: number, heap: number, index: number): number[] {
  const sizes = [...u16(name.length + 1), ...u16(TEXT_TYPE.length), ...u16(SCALAR.length)];
  const place = length === 0 ? padded([], 16) : [...u32(length), ...u64(heap), ...u32(index)];
  return message(0x0c, 0, [1, 0, ...sizes, ...padded([...ascii(name), 0]), ...padded(TEXT_TYPE), ...SCALAR, ...place]);
}

/** Returns the global heap, which contains `texts` under the numbers from 1 on. */
export function globalHeap(texts: readonly Uint8Array[]): number[] {
  const objects = texts.flatMap((text, index) => [
    ...[...u16(index + 1), ...u16(0), ...u32(0), ...u64(text.length)],
    ...padded([...text]),
  ]);
  const used = 16 + objects.length;
  const size = Math.max(HEAP_BYTES, used + 16);
  const rest = [...u16(0), ...u16(0), ...u32(0), ...u64(size - used)];
  return padded([...ascii("GCOL"), 1, 0, 0, 0, ...u64(size), ...objects, ...rest], size);
}

/**
 * Returns the blocks of a group to be placed at `address`: a table of the names, then nodes of entries, then the tree
 * over them. `members` has the names and the addresses of their objects. `children` is from {@link treeChildren}.
 */
export function groupBlocks(
  members: readonly (readonly [name: string, address: number])[],
  address: number,
  children: number,
): { bytes: number[]; heap: number; tree: number } {
  const sorted = [...members].sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  const names: number[] = padded([0]);
  const entries = sorted.map(([name, object]) => {
    const offset = names.length;
    names.push(...padded([...Buffer.from(name), 0]));
    return { offset, bytes: [...u64(offset), ...u64(object), ...u32(0), ...u32(0), ...u64(0), ...u64(0)] };
  });
  const heapBytes = 32;
  const noFreeSpace = 1;
  const table = [...ascii("HEAP"), 0, 0, 0, 0, ...u64(names.length), ...u64(noFreeSpace), ...u64(address + heapBytes)];
  const bytes = [...table, ...names];
  const keys: number[][] = [u64(0)];
  const nodes: number[][] = [];
  for (let at = 0; at < entries.length; at += NODE_ENTRIES) {
    const node = entries.slice(at, at + NODE_ENTRIES);
    nodes.push(u64(address + bytes.length));
    keys.push(u64(node.at(-1)!.offset));
    const symbols = node.flatMap((entry) => entry.bytes);
    bytes.push(...padded([...ascii("SNOD"), 1, 0, ...u16(node.length), ...symbols], 8 + 40 * NODE_ENTRIES));
  }
  const tree = address + bytes.length;
  const branches = nodes.flatMap((node, index) => [...keys[index]!, ...node]);
  const head = [...ascii("TREE"), 0, 0, ...u16(nodes.length), ...u64(UNDEFINED), ...u64(UNDEFINED)];
  bytes.push(...padded([...head, ...branches, ...keys.at(-1)!], 24 + 8 * (2 * children + 1)));
  return { bytes, heap: address, tree };
}
