import { expectedText } from "../errors/messages.js";
import type { HeldPlace } from "./held_place.js";

let limit = Number.POSITIVE_INFINITY;
let inFlight = 0;

/** Sets how many asynchronous calls of this environment (the main thread, or one worker) may run or wait at one time. */
export function limitAsyncCalls(most: number): void {
  limit = most;
}

/** The place of one asynchronous call among those in flight. Leaving it makes room for another call. */
export class AsyncPlace implements HeldPlace {
  /** Takes a place. Throws `ERR_BUSY`, naming `method`, when all places are taken. */
  constructor(method: string) {
    if (inFlight >= limit) {
      throw expectedText(
        "ERR_BUSY",
        method,
        `fewer than ${limit} asynchronous calls in flight (configure({ maxQueue: ${limit} }))`,
        `one while ${inFlight} run or wait`,
        { remedy: "Try again when one has settled." },
      );
    }
    inFlight += 1;
  }

  leave(): void {
    inFlight -= 1;
  }
}
