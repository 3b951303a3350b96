import { setImmediate } from "node:timers/promises";

const QUOTE = 0x27;
const BACKSLASH = 0x5c;

/** For each byte that may follow a backslash, the byte that the two stand for; 0 for all others. */
const ESCAPED = new Uint8Array(256);
ESCAPED[QUOTE] = QUOTE;
ESCAPED[BACKSLASH] = BACKSLASH;
ESCAPED["n".charCodeAt(0)] = 0x0a;
ESCAPED["r".charCodeAt(0)] = 0x0d;

/** The first bytes of the characters from U+0080 to U+00FF in UTF-8 are up to this one. */
const LAST_OF_TWO = 0xc3;

/** So many bytes are decoded in one turn of the event loop, in 2 to 3 ms. */
const BYTES_PER_TURN = 2 ** 19;

/**
 * Returns the bytes that a string literal of JavaScript stands for, whose characters are bytes, and the position of the
 * quote at its end. `text` is UTF-8, and is overwritten. The literal has single quotes and begins behind the first one, at
 * `start`.
 *
 * @throws SyntaxError if the literal has characters or escapes of another kind, or no end.
 */
export async function decodeLiteral(text: Uint8Array, start: number): Promise<{ bytes: Uint8Array; end: number }> {
  const position: Position = { read: start, written: start };
  while (!decodePart(text, position, Math.min(text.length, position.read + BYTES_PER_TURN))) await setImmediate();
  return { bytes: text.subarray(start, position.written), end: position.read };
}

interface Position {
  read: number;
  written: number;
}

/** Decodes up to `limit` or the quote at the end. Returns true when the quote is reached. */
function decodePart(text: Uint8Array, position: Position, limit: number): boolean {
  let { read, written } = position;
  if (read >= text.length) throw new SyntaxError("a string literal without an end");
  while (read < limit) {
    let byte = text[read]!;
    if (byte === QUOTE) break;
    read += 1;
    if (byte === BACKSLASH) {
      byte = ESCAPED[text[read]!]!;
      if (byte === 0) throw new SyntaxError("a string literal with an unknown escape");
      read += 1;
    } else if (byte > 0x7f) {
      if (byte > LAST_OF_TWO) throw new SyntaxError("a string literal whose characters are not bytes");
      byte = ((byte & 0x03) << 6) | (text[read]! & 0x3f);
      read += 1;
    }
    text[written] = byte;
    written += 1;
  }
  position.read = read;
  position.written = written;
  return text[read] === QUOTE;
}
