// Object files of Windows (COFF).
import { textAt } from "./text.mjs";

const SECTIONS = 20;
const SECTION_BYTES = 40;
const SYMBOL_BYTES = 18;
const STORAGE = { EXTERNAL: 2, STATIC: 3, WEAK_EXTERNAL: 105 };
/** The bit of a section that the linker keeps once, or not at all when another object has it. */
const ONCE = 0x1000;
/** How the linker chooses one of several sections that it keeps once: it takes none, but reports an error. */
const NO_DUPLICATES = 1;

function symbolsOf(bytes) {
  const table = bytes.readUInt32LE(8);
  const count = bytes.readUInt32LE(12);
  const strings = table + count * SYMBOL_BYTES;
  const symbols = [];
  for (let i = 0; i < count; i++) {
    const at = table + i * SYMBOL_BYTES;
    const short = bytes.toString("latin1", at, at + 8).replace(/\0.*$/s, "");
    symbols.push({
      name: bytes.readUInt32LE(at) === 0 ? textAt(bytes, strings + bytes.readUInt32LE(at + 4)) : short,
      value: bytes.readUInt32LE(at + 8),
      section: bytes.readInt16LE(at + 12),
      storage: bytes[at + 16],
      // The entries that follow belong to this symbol.
      extra: bytes[at + 17] > 0 ? at + SYMBOL_BYTES : null,
    });
    i += bytes[at + 17];
  }
  return symbols;
}

/** Returns the numbers of the sections of which the linker takes one of several objects' without an error. */
function sharedSections(bytes, symbols) {
  const first = SECTIONS + bytes.readUInt16LE(16);
  const isOnce = (number) => (bytes.readUInt32LE(first + (number - 1) * SECTION_BYTES + 36) & ONCE) !== 0;
  const ownSymbols = symbols.filter(
    ({ section, storage, value, extra }) => section > 0 && storage === STORAGE.STATIC && value === 0 && extra !== null,
  );
  const chosen = ownSymbols.filter(({ section, extra }) => isOnce(section) && bytes[extra + 14] !== NO_DUPLICATES);
  return new Set(chosen.map(({ section }) => section));
}

/** Reads which names an object leaves to others, and which it defines so that the linker may take another object's instead. */
export function readCoffObject(bytes) {
  const symbols = symbolsOf(bytes);
  const sections = sharedSections(bytes, symbols);
  const isShared = ({ section, storage }) =>
    storage === STORAGE.WEAK_EXTERNAL || (storage === STORAGE.EXTERNAL && sections.has(section));
  // A section of 0 with a value would be a common symbol.
  const isUndefined = ({ section, value, storage }) => section === 0 && value === 0 && storage === STORAGE.EXTERNAL;
  return {
    undefined: symbols.filter(isUndefined).map(({ name }) => name),
    shared: symbols.filter(isShared).map(({ name }) => name),
  };
}
