import { spawnSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Unavailable } from "./contender.js";

/** The repository's root folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

const here = fileURLToPath(new URL(".", import.meta.url));

/** The inputs of a program of bench/native beside its source. */
export interface Ingredients {
  /** Further arguments of the compiler. */
  flags?: readonly string[];
  /** Further files that are compiled or linked into it. */
  inputs?: readonly string[];
  /** The name of the program; by default the name of its source without the ending. */
  output?: string;
  /** The library of others that the program measures. Not every machine has it. */
  library?: ForeignLibrary;
}

/** A library that is installed beside the compiler. */
export interface ForeignLibrary {
  /** The header that the program includes. */
  header: string;
  /** The name by which it is linked, unless it consists of headers only. */
  link?: string;
  /** The package of Debian and Ubuntu that has it. */
  debian: string;
}

/**
 * The program of `bench/native/<name>.cc`, compiled into bench/build for this machine when it is missing or older than
 * its sources. Throws `Unavailable` where there is no compiler or the foreign library is missing, and an ordinary error
 * when the program does not compile.
 */
export function compile(name: string, { flags = [], inputs = [], output = name, library }: Ingredients = {}): string {
  const source = join(here, "native", `${name}.cc`);
  const program = join(here, "build", output);
  const newest = Math.max(
    ...[source, join(here, "native/contender.h"), ...inputs].map((path) => statSync(path).mtimeMs),
  );
  if ((statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0) > newest) return program;
  mkdirSync(join(here, "build"), { recursive: true });
  const compiler = process.env.CXX ?? "g++";
  const args = ["-std=c++17", "-O3", "-march=native", "-pthread", "-Wall", "-Wextra", "-o", program];
  // Paths are relative to the root, so that messages do not show this machine's folders.
  const files = [source, ...inputs].map((path) => relative(root, path));
  const { status, error, stderr } = spawnSync(compiler, [...args, ...files, ...flags], { cwd: root, encoding: "utf8" });
  if (error !== undefined) throw new Unavailable(`${compiler} could not be started: ${error.message}`);
  if (status !== 0) throw compileError(`${compiler} could not compile bench/native/${name}.cc`, stderr, library);
  return program;
}

/**
 * Returns the error of a program that did not compile. It is `Unavailable` only where the compiler or the linker says
 * that the foreign library is missing. Everything else is a mistake in the program, which must not look like a contender
 * that this machine does not have.
 */
export function compileError(what: string, stderr: string, library?: ForeignLibrary): Error {
  if (library !== undefined && isMissing(library, stderr)) {
    return new Unavailable(`${library.header} was not found (Debian and Ubuntu have it in ${library.debian})`);
  }
  const message = stderr.split("\n").find((line) => /error/.test(line)) ?? stderr.trim();
  return new Error(`${what}: ${message}`);
}

/** Whether the messages of GCC, Clang or their linkers say that the library is missing. */
function isMissing({ header, link }: ForeignLibrary, stderr: string): boolean {
  const messages = [`fatal error: ${header}: No such file`, `fatal error: '${header}' file not found`];
  if (link !== undefined) {
    messages.push(`cannot find -l${link}`, `unable to find library -l${link}`);
    messages.push(`library not found for -l${link}`, `library '${link}' not found`);
  }
  return messages.some((message) => stderr.includes(message));
}
