import { fileError } from "./file_errors.js";
import { MAX_JSON_DEPTH, MAX_JSON_NODES } from "./limits.js";

/** Decodes `bytes` as UTF-8. Throws `ERR_FILE_FORMAT`, naming `name`, if they are not UTF-8. */
export function utf8(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw notJson(name, cause as Error);
  }
}

/**
 * Parses the JSON `text`.
 *
 * @throws GRUError `ERR_FILE_FORMAT`, naming `name`, if it is not JSON. Also, before parsing, if it is nested too
 * deeply or has too many objects, lists and keys: a text of a few megabytes could take gigabytes in memory.
 */
export function parseJson(name: string, text: string): unknown {
  checkNodes(name, text);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notJson(name, cause as Error);
  }
}

function notJson(name: string, cause: Error): Error {
  return fileError(`expected JSON in ${name} but found something else: ${cause.message}`, cause);
}

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** Counts objects, lists and keys outside strings, in a text that may or may not be JSON. */
function checkNodes(name: string, text: string): void {
  let depth = 0;
  let nodes = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COLON) nodes += 1;
    // The brackets of lists and objects differ in one bit.
    else if ((code | 0x20) === 0x7d) depth -= 1;
    else if ((code | 0x20) === 0x7b) {
      nodes += 1;
      depth += 1;
      if (depth > MAX_JSON_DEPTH) {
        throw fileError(`expected ${name} nested at most ${MAX_JSON_DEPTH} levels deep but found more`);
      }
    }
    if (nodes > MAX_JSON_NODES) {
      throw fileError(`expected ${name} with at most ${MAX_JSON_NODES} objects, lists and keys but found more`);
    }
  }
}

/** Returns the position of the closing quote of the string that begins at `start`, or the end of the text. */
function endOfString(text: string, start: number): number {
  let end = start;
  do {
    end = text.indexOf('"', end + 1);
    if (end === -1) return text.length;
  } while (isEscaped(text, end));
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === BACKSLASH) before -= 1;
  return (at - before) % 2 === 0;
}
