import type { Waitable } from "./request.js";

/** A request with the functions that settle it. */
export interface Entry<R> {
  readonly request: Waitable;
  /** The time in milliseconds at which the request came. */
  since: number;
  readonly signal: AbortSignal | null;
  /** Tells the call that computes this request that nobody waits for its result any longer. */
  abandon(): void;
  /** Stops listening to the signal. */
  release(): void;
  settled: boolean;
  resolve(result: R): void;
  reject(error: unknown): void;
}

/** A call with at most this many timesteps, over all its rows, may have any amount of padding. */
const SMALL = 4096;
/** A larger call may have this many timesteps, padding included, for each real one. */
const MOST_PADDING = 2;

/** The waiting requests, in the order in which they came. Decides which of them share a call. */
export class Waiting<R> {
  readonly #maxBatch: number;
  #entries: Entry<R>[] = [];
  /** The rows of all waiting requests. */
  #rows = 0;

  constructor(maxBatch: number) {
    this.#maxBatch = maxBatch;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** The time at which the oldest request came. */
  get oldest(): number {
    return this.#entries[0]?.since ?? Number.POSITIVE_INFINITY;
  }

  /** True when the waiting requests have enough rows for a full call, if they fit into one. */
  get mayFillCall(): boolean {
    return this.#rows >= this.#maxBatch;
  }

  add(entry: Entry<R>): void {
    this.#entries.push(entry);
    this.#rows += entry.request.rows;
  }

  remove(entry: Entry<R>): void {
    const at = this.#entries.indexOf(entry);
    if (at < 0) return;
    this.#entries.splice(at, 1);
    this.#rows -= entry.request.rows;
  }

  takeAll(): Entry<R>[] {
    const all = this.#entries;
    this.#entries = [];
    this.#rows = 0;
    return all;
  }

  /** Marks the oldest request as due, whatever the clock says, since timers may fire a little early. */
  ripen(): void {
    const [first] = this.#entries;
    if (first !== undefined) first.since = Number.NEGATIVE_INFINITY;
  }

  /**
   * Takes the requests of the next call: the oldest one, and those after it that fit into the same call. Returns `null`
   * unless they fill `maxBatch` rows or the oldest came before `due`.
   */
  take(due: number): Entry<R>[] | null {
    const [first] = this.#entries;
    if (first === undefined) return null;
    const taken = new Set([first]);
    const { timesteps, rows, group } = first.request;
    let [height, longest, real] = [rows, timesteps, rows * timesteps];
    for (const entry of this.#entries) {
      if (height >= this.#maxBatch) break;
      const { request } = entry;
      if (entry === first || request.group !== group) continue;
      const padded = (height + request.rows) * Math.max(longest, request.timesteps);
      const own = real + request.rows * request.timesteps;
      if (height + request.rows > this.#maxBatch || (padded > SMALL && padded > MOST_PADDING * own)) continue;
      taken.add(entry);
      [height, longest, real] = [height + request.rows, Math.max(longest, request.timesteps), own];
    }
    if (height < this.#maxBatch && first.since > due) return null;
    this.#entries = this.#entries.filter((entry) => !taken.has(entry));
    this.#rows -= height;
    return [...taken];
  }
}
