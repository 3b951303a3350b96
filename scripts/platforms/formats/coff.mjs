// Object files of Windows (COFF).
import { textAt } from "./text.mjs";

const SYMBOL_BYTES = 18;
const EXTERNAL = 2;

/** Returns the names that an object uses and does not define. */
export function undefinedSymbols(bytes) {
  const table = bytes.readUInt32LE(8);
  const count = bytes.readUInt32LE(12);
  const strings = table + count * SYMBOL_BYTES;
  const names = [];
  for (let i = 0; i < count; i++) {
    const at = table + i * SYMBOL_BYTES;
    const section = bytes.readInt16LE(at + 12);
    const value = bytes.readUInt32LE(at + 8);
    // A section of 0 with a value would be a common symbol.
    if (section === 0 && value === 0 && bytes[at + 16] === EXTERNAL) {
      const short = bytes.toString("latin1", at, at + 8).replace(/\0.*$/s, "");
      names.push(bytes.readUInt32LE(at) === 0 ? textAt(bytes, strings + bytes.readUInt32LE(at + 4)) : short);
    }
    i += bytes[at + 17];
  }
  return names;
}
