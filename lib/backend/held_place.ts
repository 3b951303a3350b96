/** A place among calls. Whoever takes it must leave it exactly once, whatever becomes of the call. */
export interface HeldPlace {
  /** Lets the next call in. */
  leave(): void;
}

/**
 * Runs `work` with a place, and leaves the place when the promise of `work` settles.
 *
 * Hazard: `using` would be shorter, but needs `Symbol.dispose`, which the contexts of `node:vm` do not have in Node.js 20.
 * Jest and vitest's VM pools load this package in such a context.
 */
export async function whileHeld<P extends HeldPlace, T>(place: P, work: (place: P) => Promise<T>): Promise<T> {
  try {
    return await work(place);
  } finally {
    place.leave();
  }
}
