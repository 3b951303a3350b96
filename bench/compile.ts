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
}

/**
 * The program of `bench/native/<name>.cc`, compiled into bench/build for this machine when it is missing or older than
 * its sources. Throws `Unavailable` where there is no compiler or it fails.
 */
export function compile(name: string, { flags = [], inputs = [], output = name }: Ingredients = {}): string {
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
  if (status !== 0) {
    const message = stderr.split("\n").find((line) => /error/.test(line)) ?? stderr.trim();
    throw new Unavailable(`${compiler} could not compile bench/native/${name}.cc: ${message}`);
  }
  return program;
}
