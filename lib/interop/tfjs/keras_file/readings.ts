/** The keys of the masks that the layers of a model read, by their calls; absent where a call gets none. */
export type Readings = Map<string, string>;

/** Returns the name of a call in {@link Readings}. `scope` is the place of the model. */
export function readingKey(scope: string, name: string, call: number): string {
  return `${scope}${name}:${call}`;
}
