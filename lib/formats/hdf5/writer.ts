import {
  datasetMessages,
  type GroupPlaces,
  globalHeap,
  groupBlocks,
  groupMessage,
  type Hdf5Dtype,
  objectHeader,
  padded,
  SUPERBLOCK_BYTES,
  superblock,
  textMessage,
  treeChildren,
  UNDEFINED,
} from "./writer_blocks.js";

/** A dataset to write. Its elements are row-major, with the bits of 16-bit elements in a `Uint16Array`. */
export interface Hdf5Dataset {
  readonly shape: readonly number[];
  readonly dtype: Hdf5Dtype;
  readonly data: Float32Array | Float64Array | Uint16Array;
  /** Attributes. Their names are ASCII. */
  readonly texts?: Readonly<Record<string, string>>;
}

/** A group to write. */
export interface Hdf5Group {
  readonly members: Readonly<Record<string, Hdf5Group | Hdf5Dataset>>;
  /** Attributes. Their names are ASCII. */
  readonly texts?: Readonly<Record<string, string>>;
}

/**
 * Returns an HDF5 file with `root`, in parts to be written one after the other. The datasets' parts share their memory.
 * The same tree makes the same bytes. (The library that reads HDF5 here cannot write 16-bit elements.)
 */
export function encodeHdf5(root: Hdf5Group): Uint8Array[] {
  const datasets: Hdf5Dataset[] = [];
  const texts: Uint8Array[] = [];
  collect(root, datasets, texts);
  const parts: Uint8Array[] = [];
  const addresses = new Map<Hdf5Dataset, number>();
  let at = SUPERBLOCK_BYTES;
  for (const dataset of datasets) {
    const { data } = dataset;
    addresses.set(dataset, at);
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    const gap = (8 - (data.byteLength % 8)) % 8;
    if (gap > 0) parts.push(new Uint8Array(gap));
    at += data.byteLength + gap;
  }
  const children = treeChildren(mostMembers(root));
  const blocks = new Blocks(at, addresses, texts, children);
  const places = blocks.group(root);
  return [Uint8Array.from(superblock(places, blocks.end, children)), ...parts, Uint8Array.from(blocks.bytes)];
}

/** Returns the number of members of the largest group in `root`. */
function mostMembers({ members }: Hdf5Group): number {
  const inner = Object.values(members);
  return inner.reduce((most, member) => (isDataset(member) ? most : Math.max(most, mostMembers(member))), inner.length);
}

function isDataset(member: Hdf5Group | Hdf5Dataset): member is Hdf5Dataset {
  return "data" in member;
}

/**
 * Collects the datasets below `member`, and the texts of its attributes in the order in which {@link Blocks} uses them.
 */
function collect(member: Hdf5Group | Hdf5Dataset, datasets: Hdf5Dataset[], texts: Uint8Array[]): void {
  if (isDataset(member)) datasets.push(member);
  else for (const inner of Object.values(member.members)) collect(inner, datasets, texts);
  for (const text of Object.values(member.texts ?? {})) texts.push(Buffer.from(text));
}

/** Everything but superblock and elements, in one piece that begins at `start`: first the texts, then the objects. */
class Blocks {
  readonly bytes: number[];
  readonly #start: number;
  readonly #addresses: ReadonlyMap<Hdf5Dataset, number>;
  readonly #texts: readonly Uint8Array[];
  readonly #treeChildren: number;
  #usedTexts = 0;

  constructor(
    start: number,
    addresses: ReadonlyMap<Hdf5Dataset, number>,
    texts: readonly Uint8Array[],
    children: number,
  ) {
    this.bytes = globalHeap(texts);
    this.#start = start;
    this.#addresses = addresses;
    this.#texts = texts;
    this.#treeChildren = children;
  }

  /** The address after the last block. */
  get end(): number {
    return this.#start + this.bytes.length;
  }

  /** Adds `block` and returns its address. */
  #add(block: readonly number[]): number {
    const address = this.end;
    for (const byte of padded(block)) this.bytes.push(byte);
    return address;
  }

  /** Adds a group, members first, and returns the addresses of its parts. */
  group({ members, texts }: Hdf5Group): GroupPlaces {
    const objects = Object.entries(members).map(([name, member]) => {
      const object = isDataset(member) ? this.#dataset(member) : this.group(member).object;
      return [name, object] as const;
    });
    const { bytes, tree, heap } = groupBlocks(objects, this.end, this.#treeChildren);
    this.#add(bytes);
    return { object: this.#add(objectHeader([groupMessage(tree, heap), ...this.#attributes(texts)])), tree, heap };
  }

  #dataset(dataset: Hdf5Dataset): number {
    const { shape, dtype, data, texts } = dataset;
    const address = data.byteLength === 0 ? UNDEFINED : this.#addresses.get(dataset)!;
    const messages = datasetMessages(shape, dtype, address, data.byteLength);
    return this.#add(objectHeader([...messages, ...this.#attributes(texts)]));
  }

  #attributes(texts: Readonly<Record<string, string>> = {}): number[][] {
    return Object.keys(texts).map((name) => {
      this.#usedTexts += 1;
      return textMessage(name, this.#texts[this.#usedTexts - 1]!.length, this.#start, this.#usedTexts);
    });
  }
}
