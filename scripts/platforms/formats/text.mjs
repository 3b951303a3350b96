/** Returns the bytes from `start` to the next zero as text. */
export function textAt(bytes, start) {
  return bytes.toString("latin1", start, bytes.indexOf(0, start));
}
