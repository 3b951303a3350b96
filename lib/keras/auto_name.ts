const made = new Map<string, number>();

/**
 * Returns the next default name of an object, counted as Keras counts: `gru`, `gru_1`, `gru_2`, … for the prefix `gru`.
 */
export function autoName(prefix: string): string {
  const count = made.get(prefix) ?? 0;
  made.set(prefix, count + 1);
  return count === 0 ? prefix : `${prefix}_${count}`;
}
