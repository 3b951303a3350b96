import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../setup/shell.mjs";

/** The lines of a file, whose path is relative to the root. */
export function linesOf(path) {
  return readFileSync(join(root, path), "utf8").split("\n");
}
