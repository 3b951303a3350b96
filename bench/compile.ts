import { spawnSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Unavailable } from "./contender.js";

/** The repository's root folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

const here = fileURLToPath(new URL(".", import.meta.url));

/**
 * The program of `bench/native/<name>.cc`, compiled into bench/build for this machine when it is missing or older than
 * its sources. `extra` are further arguments of the compiler; `inputs` further files it is made from, which are linked; `ending` is that of the file's name.
 * Throws `Unavailable` where there is no compiler or it fails.
 */
export function compile(
  name: string,
  extra: readonly string[] = [],
  inputs: readonly string[] = [],
  ending = "",
): string {
  const source = join(here, "native", `${name}.cc`);
  const program = join(here, "build", `${name}${ending}`);
  const newest = Math.max(
    ...[source, join(here, "native/contender.h"), ...inputs].map((path) => statSync(path).mtimeMs),
  );
  if ((statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0) > newest) return program;
  mkdirSync(join(here, "build"), { recursive: true });
  const compiler = process.env.CXX ?? "g++";
  const args = ["-std=c++17", "-O3", "-march=native", "-pthread", "-Wall", "-Wextra", "-o", program];
  // Paths relative to the root, so that messages hold none of this machine's.
  const files = [source, ...inputs].map((path) => relative(root, path));
  const { status, error, stderr } = spawnSync(compiler, [...args, ...files, ...extra], { cwd: root, encoding: "utf8" });
  if (error !== undefined) throw new Unavailable(`${compiler} could not be started: ${error.message}`);
  if (status !== 0) {
    const message = stderr.split("\n").find((line) => /error/.test(line)) ?? stderr.trim();
    throw new Unavailable(`${compiler} could not compile bench/native/${name}.cc: ${message}`);
  }
  return program;
}
