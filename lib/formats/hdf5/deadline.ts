/** A pause of the event loop counts for no more than this part of a deadline. */
const STEPS = 10;

/**
 * Calls `late` after `milliseconds`, unless the function that is returned is called before. Timers run before messages
 * are received, so after a long pause of the event loop an answer may be there that nobody has seen. Therefore such a
 * pause counts for a tenth of the time at most.
 */
export function startDeadline(milliseconds: number, late: () => void): () => void {
  const step = Math.max(milliseconds / STEPS, 1);
  let left = milliseconds;
  const timer = setInterval(() => {
    left -= step;
    if (left > 0) return;
    clearInterval(timer);
    late();
  }, step);
  return () => clearInterval(timer);
}
