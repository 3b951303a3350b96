// Libraries of macOS (Mach-O of 64 bits, for one processor).
import { textAt } from "./text.mjs";

const COMMAND = {
  SYMTAB: 0x2,
  DYSYMTAB: 0xb,
  LOAD_DYLIB: 0xc,
  ID_DYLIB: 0xd,
  VERSION_MIN_MACOS: 0x24,
  CODE_SIGNATURE: 0x1d,
  RPATH: 0x8000001c,
  BUILD_VERSION: 0x32,
};
const UNDEFINED = 0;
const EXTERNAL = 1;
const PRIVATE_EXTERNAL = 0x10;
const TYPE = 0x0e;

function commandsOf(bytes) {
  const count = bytes.readUInt32LE(16);
  const commands = [];
  for (let i = 0, at = 32; i < count; i++) {
    commands.push({ command: bytes.readUInt32LE(at), at });
    at += bytes.readUInt32LE(at + 4);
  }
  return commands;
}

function symbolsOf(bytes, at) {
  const table = bytes.readUInt32LE(at + 8);
  const strings = bytes.readUInt32LE(at + 16);
  return Array.from({ length: bytes.readUInt32LE(at + 12) }, (_, i) => {
    const entry = table + i * 16;
    return { name: textAt(bytes, strings + bytes.readUInt32LE(entry)), type: bytes[entry + 4] };
  });
}

function versionText(number) {
  return `${number >>> 16}.${(number >>> 8) & 0xff}`;
}

function minimumOf(bytes, commands) {
  const build = commands.find((one) => one.command === COMMAND.BUILD_VERSION);
  if (build) return versionText(bytes.readUInt32LE(build.at + 12));
  const old = commands.find((one) => one.command === COMMAND.VERSION_MIN_MACOS);
  return old ? versionText(bytes.readUInt32LE(old.at + 8)) : null;
}

/** Reads what a check wants to know of a library. */
export function readMachO(bytes) {
  const commands = commandsOf(bytes);
  const all = (command) => commands.filter((one) => one.command === command);
  const path = ({ at }) => textAt(bytes, at + bytes.readUInt32LE(at + 8));
  const symbols = all(COMMAND.SYMTAB).flatMap(({ at }) => symbolsOf(bytes, at));
  const external = symbols.filter(({ type }) => (type & EXTERNAL) !== 0 && (type & PRIVATE_EXTERNAL) === 0);
  const names = (list) => list.map(({ name }) => name.replace(/^_/, ""));
  return {
    machine: { 16777223: "x64", 16777228: "arm64" }[bytes.readUInt32LE(4)],
    exports: names(external.filter(({ type }) => (type & TYPE) !== UNDEFINED)),
    imports: names(external.filter(({ type }) => (type & TYPE) === UNDEFINED)),
    libraries: all(COMMAND.LOAD_DYLIB).map(path),
    installName: all(COMMAND.ID_DYLIB).map(path)[0] ?? null,
    searchPaths: all(COMMAND.RPATH).map(path),
    minimum: minimumOf(bytes, commands),
    signed: all(COMMAND.CODE_SIGNATURE).length === 1,
    stripped: symbols.length === external.length,
  };
}
