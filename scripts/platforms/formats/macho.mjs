// Libraries and objects of macOS (Mach-O of 64 bits, for one processor).
import { textAt } from "./text.mjs";

const COMMAND = {
  SYMTAB: 0x2,
  LOAD_DYLIB: 0xc,
  ID_DYLIB: 0xd,
  VERSION_MIN_MACOS: 0x24,
  CODE_SIGNATURE: 0x1d,
  RPATH: 0x8000001c,
  BUILD_VERSION: 0x32,
  DYLD_INFO: 0x22,
  DYLD_INFO_ONLY: 0x80000022,
  EXPORTS_TRIE: 0x80000033,
};
const UNDEFINED = 0;
/** In place of the number of a library: any loaded library may have the symbol. zig writes 0. */
const ANY_LIBRARY = [0, 0xfe];
const EXTERNAL = 1;
/** The bits of a symbol's type that only debuggers read. */
const DEBUGGING = 0xe0;
const TYPE = 0x0e;
const WEAK_DEFINITION = 0x80;

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
    return {
      name: textAt(bytes, strings + bytes.readUInt32LE(entry)),
      type: bytes[entry + 4],
      weak: (bytes.readUInt16LE(entry + 6) & WEAK_DEFINITION) !== 0,
      library: bytes[entry + 7],
    };
  });
}

/** Reads a number of seven bits a byte, the lowest first. Returns it and the place behind it. */
function numberAt(bytes, start) {
  let value = 0;
  for (let at = start, factor = 1; ; at++, factor *= 128) {
    value += (bytes[at] & 127) * factor;
    if (bytes[at] < 128) return [value, at + 1];
  }
}

/** The names below a node of the tree of exports at `start`. Each name there is spelled by the edges that lead to it. */
function namesInTrie(bytes, start, node = 0, prefix = "") {
  const [size, terminal] = numberAt(bytes, start + node);
  const names = size > 0 ? [prefix] : [];
  let at = terminal + size;
  for (let children = bytes[at++]; children > 0; children--) {
    const edge = textAt(bytes, at);
    const [child, next] = numberAt(bytes, at + edge.length + 1);
    names.push(...namesInTrie(bytes, start, child, prefix + edge));
    at = next;
  }
  return names;
}

/** The names that the system's loader finds. The table of symbols is for debuggers. */
function exportsOf(bytes, commands) {
  const trie = commands.find(({ command }) => command === COMMAND.EXPORTS_TRIE);
  const info = commands.find(({ command }) => command === COMMAND.DYLD_INFO || command === COMMAND.DYLD_INFO_ONLY);
  const place = trie ? trie.at + 8 : info.at + 40;
  return bytes.readUInt32LE(place + 4) === 0 ? [] : namesInTrie(bytes, bytes.readUInt32LE(place));
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

function isUndefined({ type }) {
  return (type & EXTERNAL) !== 0 && (type & TYPE) === UNDEFINED;
}

/** The names as C has them: without the underscore in front. */
function names(list) {
  return list.map((name) => name.replace(/^_/, ""));
}

/** Reads which names an object leaves to others, and which it defines so that the linker may take another object's instead. */
export function readMachOObject(bytes) {
  const { at } = commandsOf(bytes).find(({ command }) => command === COMMAND.SYMTAB);
  const symbols = symbolsOf(bytes, at);
  const isShared = (symbol) => !isUndefined(symbol) && (symbol.type & EXTERNAL) !== 0 && symbol.weak;
  return {
    undefined: names(symbols.filter(isUndefined).map(({ name }) => name)),
    shared: names(symbols.filter(isShared).map(({ name }) => name)),
  };
}

/** Reads what a check wants to know of a library. */
export function readMachO(bytes) {
  const commands = commandsOf(bytes);
  const all = (command) => commands.filter((one) => one.command === command);
  const path = ({ at }) => textAt(bytes, at + bytes.readUInt32LE(at + 8));
  const symbols = all(COMMAND.SYMTAB).flatMap(({ at }) => symbolsOf(bytes, at));
  const undefinedOnes = symbols.filter(isUndefined);
  return {
    machine: { 16777223: "x64", 16777228: "arm64" }[bytes.readUInt32LE(4)],
    exports: names(exportsOf(bytes, commands)),
    imports: names(undefinedOnes.map(({ name }) => name)),
    /** Those that no library is named for. */
    unbound: names(undefinedOnes.filter(({ library }) => ANY_LIBRARY.includes(library)).map(({ name }) => name)),
    libraries: all(COMMAND.LOAD_DYLIB).map(path),
    installName: all(COMMAND.ID_DYLIB).map(path)[0] ?? null,
    searchPaths: all(COMMAND.RPATH).map(path),
    minimum: minimumOf(bytes, commands),
    signed: all(COMMAND.CODE_SIGNATURE).length === 1,
    stripped: !symbols.some(({ type }) => (type & DEBUGGING) !== 0),
  };
}
