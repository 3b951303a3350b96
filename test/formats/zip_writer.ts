// Writes zip archives for tests, truthful or not: any field of an entry's headers can be made to lie.
import { crc32, deflateRawSync } from "node:zlib";

export interface ZipEntry {
  name: string;
  data: Uint8Array;
  deflate?: boolean;
  /** Header fields that differ from the truth. */
  lie?: { size?: number; compressedSize?: number; crc?: number; method?: number; flags?: number };
}

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END_OF_DIRECTORY = 0x06054b50;

export function writeZip(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const stored = entry.deflate ? deflateRawSync(entry.data) : Buffer.from(entry.data);
    const fields = commonFields(entry, stored);
    const name = Buffer.from(entry.name);
    const local = Buffer.concat([integer(LOCAL_HEADER, 4), fields, name, stored]);
    // comment length, disk, internal and external attributes (2 + 2 + 2 + 4), then the local header's place
    centrals.push(
      Buffer.concat([integer(CENTRAL_HEADER, 4), integer(20, 2), fields, Buffer.alloc(10), integer(offset, 4), name]),
    );
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const count = integer(entries.length, 2);
  const end = [integer(END_OF_DIRECTORY, 4), Buffer.alloc(4), count, count, integer(directory.length, 4)];
  return Buffer.concat([...locals, directory, ...end, integer(offset, 4), Buffer.alloc(2)]);
}

/** The fields that local and central headers share, from "version needed" to the length of the extra field. */
function commonFields({ name, data, deflate, lie = {} }: ZipEntry, stored: Buffer): Buffer {
  return Buffer.concat([
    integer(20, 2),
    integer(lie.flags ?? 0, 2),
    integer(lie.method ?? (deflate ? 8 : 0), 2),
    Buffer.alloc(4),
    integer(lie.crc ?? crc32(data), 4),
    integer(lie.compressedSize ?? stored.length, 4),
    integer(lie.size ?? data.length, 4),
    integer(Buffer.byteLength(name), 2),
    integer(0, 2),
  ]);
}

function integer(value: number, bytes: 2 | 4): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, bytes);
  return buffer;
}
