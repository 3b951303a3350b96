import { MAX_JSON_DEPTH } from "./limits.js";
import { fileProblem } from "./problem.js";

/** The text in `bytes`. Throws `ERR_FILE_FORMAT`, naming `name`, if it is not UTF-8. */
export function utf8(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw notJson(name, cause as Error);
  }
}

/** The value in the JSON `text`. Throws `ERR_FILE_FORMAT`, naming `name`, if it is not JSON or nested too deeply. */
export function parseJson(name: string, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw notJson(name, cause as Error);
  }
  checkDepth(name, value);
  return value;
}

function notJson(name: string, cause: Error): Error {
  return fileProblem(`expected JSON in ${name} but found something else: ${cause.message}`, cause);
}

/** Refuses nesting that would overflow the stack of functions that walk the value; the parser itself has no limit. */
function checkDepth(name: string, value: unknown): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_JSON_DEPTH) {
      throw fileProblem(`expected ${name} nested at most ${MAX_JSON_DEPTH} levels deep but found more`);
    }
    const inner: unknown[] = [];
    for (const node of level) {
      if (typeof node !== "object" || node === null) continue;
      for (const child of Object.values(node)) inner.push(child);
    }
    level = inner;
  }
}
