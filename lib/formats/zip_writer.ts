import { incompleteError } from "../errors/messages.js";
import { checksum } from "./checksum.js";
import { formatBytes } from "./limits.js";

/** A file to write into an archive. */
export interface ZipMember {
  /** The name in the archive. ASCII. */
  readonly name: string;
  /** The contents, in parts. */
  readonly parts: readonly Uint8Array[];
}

/** The largest archive without the extensions of zip64, in bytes. */
const MAX_BYTES = 2 ** 32 - 1;

const VERSION = 20;
const STORED = 0;

/**
 * Returns a zip archive of `members`, which are stored without compression, as Keras does. The archive is in parts to be
 * written one after the other, which share the memory of the members' parts.
 *
 * @param date the time to note for all members, in the local time zone.
 * @throws GRUError `ERR_UNSUPPORTED` if the archive would have 4 GiB or more.
 */
export async function encodeZip(members: readonly ZipMember[], date: Date): Promise<Uint8Array[]> {
  const written: Uint8Array[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, parts } of members) {
    const size = parts.reduce((sum, { length }) => sum + length, 0);
    if (at + size > MAX_BYTES - 2 ** 20) {
      throw incompleteError("ERR_UNSUPPORTED", `expected less than ${formatBytes(MAX_BYTES + 1)} but have more`);
    }
    const bytes = Buffer.from(name, "latin1");
    const fields = commonFields(await checksum(parts), size, bytes.length, date);
    directory.push(Buffer.concat([u32(0x02014b50), u16(VERSION), fields, Buffer.alloc(10), u32(at), bytes]));
    const head = Buffer.concat([u32(0x04034b50), fields, bytes]);
    written.push(head, ...parts);
    at += head.length + size;
  }
  const central = Buffer.concat(directory);
  const count = u16(members.length);
  const end = [u32(0x06054b50), u32(0), count, count, u32(central.length), u32(at), u16(0)];
  return [...written, central, ...end];
}

/** Returns the fields that the header of a member and its entry in the directory have in common. */
function commonFields(crc: number, size: number, nameLength: number, date: Date): Buffer {
  const time = (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1);
  const day = (Math.max(0, date.getFullYear() - 1980) << 9) | ((date.getMonth() + 1) << 5) | date.getDate();
  const flags = 0;
  return Buffer.concat([
    ...[u16(VERSION), u16(flags), u16(STORED), u16(time), u16(day & 0xffff)],
    ...[u32(crc), u32(size), u32(size), u16(nameLength), u16(0)],
  ]);
}

function u16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16LE(value);
  return buffer;
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value >>> 0);
  return buffer;
}
