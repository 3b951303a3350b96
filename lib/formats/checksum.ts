import { setImmediate } from "node:timers/promises";
import { crc32 } from "node:zlib";

/** The data is read in pieces of this many bytes. The event loop runs between them. */
const PIECE_BYTES = 2 ** 20;

/** Returns the CRC-32 of `parts`, one after the other. */
export async function checksum(parts: readonly Uint8Array[]): Promise<number> {
  let value = 0;
  let bytes = 0;
  for (const part of parts) {
    for (let start = 0; start < part.length; start += PIECE_BYTES) {
      const piece = part.subarray(start, start + PIECE_BYTES);
      bytes += piece.length;
      if (bytes > PIECE_BYTES) {
        await setImmediate();
        bytes = piece.length;
      }
      value = crc32(piece, value);
    }
  }
  return value;
}
