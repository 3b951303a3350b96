// Shared libraries and objects of Linux (ELF of 64 bits, little-endian).
import { textAt } from "./text.mjs";

const SECTION = { DYNAMIC: 6, DYNSYM: 11, VERSION_NEEDED: 0x6ffffffe, VERSIONS: 0x6fffffff, SYMTAB: 2 };
const TAG = { NEEDED: 1, SONAME: 14, RPATH: 15, RUNPATH: 29 };

function sectionsOf(bytes) {
  const offset = Number(bytes.readBigUInt64LE(0x28));
  const size = bytes.readUInt16LE(0x3a);
  const count = bytes.readUInt16LE(0x3c);
  return Array.from({ length: count }, (_, i) => {
    const at = offset + i * size;
    return {
      type: bytes.readUInt32LE(at + 4),
      offset: Number(bytes.readBigUInt64LE(at + 24)),
      size: Number(bytes.readBigUInt64LE(at + 32)),
      link: bytes.readUInt32LE(at + 40),
    };
  });
}

function dynamicEntries(bytes, sections) {
  const dynamic = sections.find((one) => one.type === SECTION.DYNAMIC);
  const strings = sections[dynamic.link].offset;
  const entries = [];
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
    const tag = Number(bytes.readBigUInt64LE(at));
    if (tag === 0) break;
    entries.push({ tag, text: () => textAt(bytes, strings + Number(bytes.readBigUInt64LE(at + 8))) });
  }
  return entries;
}

/** The names of the versions of other libraries' symbols that a library needs, such as GLIBC_2.17. */
function versionsNeeded(bytes, sections) {
  const section = sections.find((one) => one.type === SECTION.VERSION_NEEDED);
  if (!section) return [];
  const strings = sections[section.link].offset;
  const names = [];
  for (let at = section.offset, more = true; more; ) {
    for (let entry = at + bytes.readUInt32LE(at + 8), left = bytes.readUInt16LE(at + 2); left > 0; left--) {
      names.push(textAt(bytes, strings + bytes.readUInt32LE(entry + 8)));
      entry += bytes.readUInt32LE(entry + 12);
    }
    const next = bytes.readUInt32LE(at + 12);
    more = next !== 0;
    at += next;
  }
  return names;
}

/** The names in the table of dynamic symbols: those that the library defines, and those that it needs. */
function dynamicSymbols(bytes, sections) {
  const table = sections.find((one) => one.type === SECTION.DYNSYM);
  const strings = sections[table.link].offset;
  const names = { defined: [], undefined: [] };
  for (let at = table.offset + 24; at < table.offset + table.size; at += 24) {
    const list = bytes.readUInt16LE(at + 6) === 0 ? names.undefined : names.defined;
    list.push(textAt(bytes, strings + bytes.readUInt32LE(at)));
  }
  return names;
}

const BINDING = { WEAK: 2, UNIQUE: 10 };

/** Reads which names an object leaves to others, and which it defines so that the linker may take another object's instead. */
export function readElfObject(bytes) {
  const sections = sectionsOf(bytes);
  const table = sections.find((one) => one.type === SECTION.SYMTAB);
  const strings = sections[table.link].offset;
  const names = { undefined: [], shared: [] };
  for (let at = table.offset + 24; at < table.offset + table.size; at += 24) {
    const binding = bytes[at + 4] >> 4;
    const name = textAt(bytes, strings + bytes.readUInt32LE(at));
    if (bytes.readUInt16LE(at + 6) === 0) names.undefined.push(name);
    else if (binding === BINDING.WEAK || binding === BINDING.UNIQUE) names.shared.push(name);
  }
  return names;
}

/** Reads what a check wants to know of a library. */
export function readElf(bytes) {
  const sections = sectionsOf(bytes);
  const dynamic = dynamicEntries(bytes, sections);
  const texts = (tag) => dynamic.filter((entry) => entry.tag === tag).map((entry) => entry.text());
  const symbols = dynamicSymbols(bytes, sections);
  return {
    machine: { 62: "x64", 183: "arm64" }[bytes.readUInt16LE(18)],
    exports: symbols.defined,
    imports: symbols.undefined,
    libraries: texts(TAG.NEEDED),
    searchPaths: [...texts(TAG.RPATH), ...texts(TAG.RUNPATH)],
    versions: versionsNeeded(bytes, sections),
    stripped: !sections.some((one) => one.type === SECTION.SYMTAB),
  };
}
