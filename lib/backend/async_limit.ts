import { expectedText } from "../errors/messages.js";

let limit = Number.POSITIVE_INFINITY;
let inFlight = 0;

/** Sets how many asynchronous calls of this environment (the main thread, or one worker) may run or wait at one time. */
export function limitAsyncCalls(most: number): void {
  limit = most;
}

/** The place of one asynchronous call among those in flight. Disposing it makes room for another call. Idempotent. */
export class AsyncPlace implements Disposable {
  #held = true;

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

  [Symbol.dispose](): void {
    if (this.#held) inFlight -= 1;
    this.#held = false;
  }
}
