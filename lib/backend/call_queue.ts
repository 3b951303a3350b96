import { expectedText } from "../errors/messages.js";

let limit = Number.POSITIVE_INFINITY;
let inFlight = 0;

/** Sets how many asynchronous calls of this environment (the main thread, or one worker) may run or wait at one time. */
export function limitQueue(most: number): void {
  limit = most;
}

/** Takes a place for an asynchronous call, to be given back with `leaveQueue`. Throws `ERR_BUSY` when all are taken. */
export function enterQueue(what: string): void {
  if (inFlight >= limit) {
    throw expectedText(
      "ERR_BUSY",
      what,
      `fewer than ${limit} asynchronous calls in flight (configure({ maxQueue: ${limit} }))`,
      `one while ${inFlight} run or wait`,
      { remedy: "Try again when one has settled." },
    );
  }
  inFlight += 1;
}

/** Gives back a place that `enterQueue` took. */
export function leaveQueue(): void {
  inFlight -= 1;
}
