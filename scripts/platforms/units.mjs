// What must be true of the compiled kernel units (native/cpu/kernels/isa_*.cc) of every target.
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "../setup/shell.mjs";
import { readCoffObject } from "./formats/coff.mjs";
import { readElfObject } from "./formats/elf.mjs";
import { readMachOObject } from "./formats/macho.mjs";
import { objectsOf } from "./objects.mjs";

const readers = { linux: readElfObject, darwin: readMachOObject, win32: readCoffObject };

/** The functions that compilers call of their own accord, and the function that makes room on a stack of Windows. */
const OF_COMPILER = /^(mem(cpy|move|set)|(__)?bzero|memset_pattern16|_GLOBAL_OFFSET_TABLE_|_{2,3}chkstk(_ms)?)$/;
const OURS = /^_ZN9cudnn_gru/;

/** Reads the undefined and the shared symbols of an object of a target. */
export function symbolsOf(target, file) {
  return readers[target.platform](readFileSync(file));
}

/** Returns the compiled kernel units of a target: the name, `isa_avx2` say, and the file. Those that do not exist are left out. */
export function unitsOf(target) {
  return objectsOf(target)
    .filter(({ room }) => room === "isa")
    .map(({ output }) => ({ name: basename(output, ".o"), file: join(root, output) }))
    .filter(({ file }) => existsSync(file));
}

/**
 * Returns what is wrong with a unit. A symbol that the linker shares with other units may be code for AVX-512 that then runs on
 * a CPU without it. A function of the C library has other bits on each system; the targets for glibc and musl have the
 * same objects.
 */
export function unitProblems(target, { name, file }) {
  const { undefined: wanted, shared } = symbolsOf(target, file);
  const foreign = wanted.filter((symbol) => !OURS.test(symbol) && !OF_COMPILER.test(symbol));
  return [
    ...shared.map((symbol) => `${target.name} ${name} shares ${symbol}`),
    ...foreign.map((symbol) => `${target.name} ${name} uses ${symbol}`),
  ];
}
