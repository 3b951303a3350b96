// The bytes of a string literal, against what the JavaScript engine reads.
import { expect, it } from "vitest";
import { decodeLiteral } from "../../dist/formats/hdf5/string_literal.js";
import { seededIntegers } from "./random.js";

const before = "const before = 1; decode('";

function decode(literal: string): Promise<{ bytes: Uint8Array; end: number }> {
  return decodeLiteral(new TextEncoder().encode(`${before}${literal}'); after();`), before.length);
}

/** Returns the characters between the quotes of a literal for `bytes`, with no more escapes than it needs. */
function literalOf(bytes: Uint8Array): string {
  const escapes: Record<string, string> = { "\n": "\\n", "\r": "\\r", "'": "\\'", "\\": "\\\\" };
  return Array.from(bytes, (byte) => String.fromCharCode(byte))
    .map((char) => escapes[char] ?? char)
    .join("");
}

it.each([0, 1, 2, 1000, 700_000])("%d random bytes are read as the engine reads them", async (length) => {
  const random = seededIntegers(length + 1);
  const literal = literalOf(Uint8Array.from({ length }, () => random(256)));
  const { bytes, end } = await decode(literal);
  const read: string = new Function(`return '${literal}';`)();
  expect(Buffer.from(bytes).equals(Buffer.from(read, "latin1"))).toBe(true);
  expect(bytes).toHaveLength(length);
  expect(end).toBe(before.length + new TextEncoder().encode(literal).length);
});

it.each([
  ["a number as escape", "a\\x00"],
  ["the escape of a tab", "\\t"],
  ["a character that is no byte", "a\u0100"],
  ["a character of three bytes", "\u20ac"],
])("%s is refused", async (_, literal) => {
  await expect(decode(literal)).rejects.toThrow(SyntaxError);
});

it.each(["", "abc", "abc\\", "abc\u00e9".slice(0, 4)])("a literal without an end is refused: %j", async (literal) => {
  await expect(decodeLiteral(new TextEncoder().encode(literal), 0)).rejects.toThrow(SyntaxError);
});
