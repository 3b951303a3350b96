import { closeSync, existsSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname } from "node:path";

/** Makes the folder of a file that will be written. Throws a `RangeError` if the file cannot be. Leaves the file as it is. */
export function requireWritable(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const existed = existsSync(path);
    closeSync(openSync(path, "a"));
    if (!existed) rmSync(path);
  } catch (error) {
    throw new RangeError(`Expected a file that can be written but received ${path}: ${(error as Error).message}`);
  }
}
