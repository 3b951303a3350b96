// What must be true of every binary before it is stored.
import { readFileSync } from "node:fs";
import { readElf } from "./formats/elf.mjs";
import { readMachO } from "./formats/macho.mjs";
import { readPe } from "./formats/pe.mjs";
import { ENTRIES } from "./link.mjs";

/** The libraries that a binary may need. They belong to the system, or to the process that loads the addon. */
const LIBRARIES = {
  linux: /^(lib(c|m|dl|pthread|rt)\.so(\.\d+)?|ld-linux-[a-z0-9-]+\.so\.\d)$/,
  darwin: /^\/usr\/lib\/libSystem\.B\.dylib$/,
  win32: /^(kernel32|ucrtbase|ntdll|api-ms-win-crt-[a-z0-9-]+)\.dll$/i,
};

/** The names for the header of the file itself, which zig's linker for macOS exports. No other library looks for them. */
const OF_LINKER = { darwin: ["_mh_dylib_header", "__dso_handle"] };

/** Compares version numbers such as 2.9 and 2.28. */
function isNewer(version, limit) {
  const [major, minor] = version.split(".").map(Number);
  const [limitMajor, limitMinor] = limit.split(".").map(Number);
  return major > limitMajor || (major === limitMajor && minor > limitMinor);
}

/** The oldest C library or system of a target, which its triple ends with: 2.28, 11.0. */
function oldestOf({ triple }) {
  return /\.(\d+\.\d+)$/.exec(triple)?.[1] ?? null;
}

function elfProblems(target, facts) {
  const oldest = oldestOf(target);
  const glibc = facts.versions.flatMap((name) => /^GLIBC_(\d+\.\d+)/.exec(name)?.[1] ?? []);
  return [
    ...facts.searchPaths.map((path) => `searches libraries in ${path}`),
    ...(oldest ? glibc.filter((version) => isNewer(version, oldest)) : glibc).map(
      (version) => `needs GLIBC ${version}`,
    ),
  ];
}

function machOProblems(target, facts) {
  const problems = facts.searchPaths.map((path) => `searches libraries in ${path}`);
  // The program that loads the addon has Node-API. The linker takes every other unknown name too, and macOS would miss it.
  problems.push(...facts.unbound.filter((name) => !/^(napi|node_api)_/.test(name)).map((name) => `misses ${name}`));
  if (facts.minimum !== oldestOf(target)) problems.push(`runs on macOS ${facts.minimum} and newer`);
  if (facts.installName?.startsWith("/")) problems.push(`has the absolute name ${facts.installName}`);
  // The processors of Apple run nothing without a signature.
  if (target.arch === "arm64" && !facts.signed) problems.push("has no signature");
  return problems;
}

const formats = {
  linux: { read: readElf, problems: elfProblems },
  darwin: { read: readMachO, problems: machOProblems },
  win32: { read: readPe, problems: () => [] },
};

/** Reads the binary of a target. Returns its machine, exports, libraries, and what else its format tells. */
export function factsOf(target, file) {
  return formats[target.platform].read(readFileSync(file));
}

/** Returns what is wrong with the binary of a target: a list of sentences without a subject, empty when all is right. */
export function problemsOf(target, file) {
  const facts = factsOf(target, file);
  const allowed = [...ENTRIES, ...(OF_LINKER[target.platform] ?? [])];
  const strangers = facts.exports.filter((name) => !allowed.includes(name));
  const absent = ENTRIES.filter((name) => !facts.exports.includes(name));
  const libraries = facts.libraries.filter((name) => !LIBRARIES[target.platform].test(name));
  return [
    ...(facts.machine === target.arch ? [] : [`is for ${facts.machine}`]),
    ...(facts.stripped ? [] : ["is not stripped"]),
    ...strangers.map((name) => `exports ${name}`),
    ...absent.map((name) => `does not export ${name}`),
    ...libraries.map((name) => `needs the library ${name}`),
    ...formats[target.platform].problems(target, facts),
  ];
}
