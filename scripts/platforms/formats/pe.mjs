// Libraries of Windows (PE of 64 bits).
import { textAt } from "./text.mjs";

function headersOf(bytes) {
  const start = bytes.readUInt32LE(0x3c) + 4;
  const optional = start + 20;
  const directories = optional + 112;
  const first = optional + bytes.readUInt16LE(start + 16);
  const sections = Array.from({ length: bytes.readUInt16LE(start + 2) }, (_, i) => {
    const at = first + i * 40;
    return {
      name: bytes.toString("latin1", at, at + 8).replace(/\0.*$/s, ""),
      address: bytes.readUInt32LE(at + 12),
      size: bytes.readUInt32LE(at + 16),
      offset: bytes.readUInt32LE(at + 20),
    };
  });
  return { start, sections, directory: (index) => bytes.readUInt32LE(directories + index * 8) };
}

/** Returns the function that finds an address of the loaded library in the file. */
function placesIn(sections) {
  return (address) => {
    const section = sections.find((one) => address >= one.address && address < one.address + one.size);
    return address - section.address + section.offset;
  };
}

function exportsOf(bytes, at, place) {
  const names = place(bytes.readUInt32LE(at + 32));
  const count = bytes.readUInt32LE(at + 24);
  return Array.from({ length: count }, (_, i) => textAt(bytes, place(bytes.readUInt32LE(names + 4 * i))));
}

function librariesOf(bytes, start, place) {
  const names = [];
  for (let at = start; bytes.readUInt32LE(at + 12) !== 0; at += 20) {
    names.push(textAt(bytes, place(bytes.readUInt32LE(at + 12))));
  }
  return names;
}

/** Reads what a check wants to know of a library. */
export function readPe(bytes) {
  const { start, sections, directory } = headersOf(bytes);
  const place = placesIn(sections);
  const table = (index, read) => (directory(index) === 0 ? [] : read(bytes, place(directory(index)), place));
  return {
    machine: { 34404: "x64", 43620: "arm64" }[bytes.readUInt16LE(start)],
    exports: table(0, exportsOf),
    libraries: table(1, librariesOf),
    // A table of symbols, or sections of debugging data.
    stripped: bytes.readUInt32LE(start + 12) === 0 && !sections.some((one) => /^(\/|\.debug)/.test(one.name)),
  };
}

/**
 * Takes every name out of a library's table of exports but `wanted`, in place. The run-time libraries of the compiler mark
 * names of theirs for export, which no option of the linker overrules.
 */
export function keepExports(bytes, wanted) {
  const { sections, directory } = headersOf(bytes);
  const place = placesIn(sections);
  const table = place(directory(0));
  const [addresses, names, ordinals] = [28, 32, 36].map((field) => place(bytes.readUInt32LE(table + field)));
  const kept = [];
  for (let i = 0; i < bytes.readUInt32LE(table + 24); i++) {
    const name = bytes.readUInt32LE(names + 4 * i);
    const ordinal = bytes.readUInt16LE(ordinals + 2 * i);
    if (wanted.includes(textAt(bytes, place(name)))) kept.push({ name, ordinal });
    else bytes.writeUInt32LE(0, addresses + 4 * ordinal);
  }
  // The names stay in their order, which Windows searches by halves.
  kept.forEach(({ name, ordinal }, at) => {
    bytes.writeUInt32LE(name, names + 4 * at);
    bytes.writeUInt16LE(ordinal, ordinals + 2 * at);
  });
  bytes.writeUInt32LE(kept.length, table + 24);
}
