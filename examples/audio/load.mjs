// How much of a core a computation takes that must keep up with sound.

/** Repetitions of the whole sound: the first ones warm up, and the shortest of the others counts. */
const WARM_UPS = 3;
const ROUNDS = 10;

/**
 * Measures a computation that takes a sound in pieces.
 *
 * @param pieces the number of pieces
 * @param compute computes the piece of that number
 * @param seconds how long the sound lasts
 * @returns {{ load: number, worst: number, each: number }} the share of a core, and the milliseconds of the piece that
 *   took longest in that round, and of a piece on average
 */
export function measureLoad(pieces, compute, seconds) {
  let best = { total: Number.POSITIVE_INFINITY, worst: 0 };
  for (let round = -WARM_UPS; round < ROUNDS; round += 1) {
    let worst = 0;
    const start = performance.now();
    let before = start;
    for (let piece = 0; piece < pieces; piece += 1) {
      compute(piece);
      const now = performance.now();
      if (now - before > worst) worst = now - before;
      before = now;
    }
    if (round >= 0 && before - start < best.total) best = { total: before - start, worst };
  }
  return { load: best.total / 1000 / seconds, worst: best.worst, each: best.total / pieces };
}
