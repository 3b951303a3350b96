import type { BatchRequest } from "./request.js";

/** A request, and what becomes of it. */
export interface Entry<R> {
  readonly request: BatchRequest;
  /** When it came, in milliseconds. */
  since: number;
  /** Tells the call that computes it that nobody waits for it any more. */
  abandon(): void;
  /** Stops listening to the signal. */
  release(): void;
  settled: boolean;
  resolve(result: R): void;
  reject(error: unknown): void;
}

/** Timesteps of all rows that a call may have whatever part of them is padding. */
const SMALL = 4096;
/** Padded timesteps for each real one beyond that. */
const MOST_PADDING = 2;

/** The requests that wait, in the order they came, and which of them make a call together. */
export class Waiting<R> {
  readonly #maxBatch: number;
  #entries: Entry<R>[] = [];

  constructor(maxBatch: number) {
    this.#maxBatch = maxBatch;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** When the first one came. */
  get oldest(): number {
    return this.#entries[0]?.since ?? Number.POSITIVE_INFINITY;
  }

  add(entry: Entry<R>): void {
    this.#entries.push(entry);
  }

  remove(entry: Entry<R>): void {
    const at = this.#entries.indexOf(entry);
    if (at >= 0) this.#entries.splice(at, 1);
  }

  takeAll(): Entry<R>[] {
    const all = this.#entries;
    this.#entries = [];
    return all;
  }

  /** The first one has waited long enough, whatever the clock says: timers may fire a little early. */
  ripen(): void {
    const [first] = this.#entries;
    if (first !== undefined) first.since = Number.NEGATIVE_INFINITY;
  }

  /**
   * Takes the next call's requests: the first one and those after it that fit; `null` unless they are `maxBatch` rows or
   * the first came before `due`.
   */
  take(due: number): Entry<R>[] | null {
    const [first] = this.#entries;
    if (first === undefined) return null;
    const taken = new Set([first]);
    const { timesteps, rows, mask } = first.request;
    let [height, longest, real] = [rows, timesteps, rows * timesteps];
    for (const entry of this.#entries) {
      if (height >= this.#maxBatch) break;
      const { request } = entry;
      if (entry === first || (request.mask === null) !== (mask === null)) continue;
      const padded = (height + request.rows) * Math.max(longest, request.timesteps);
      const own = real + request.rows * request.timesteps;
      if (height + request.rows > this.#maxBatch || (padded > SMALL && padded > MOST_PADDING * own)) continue;
      taken.add(entry);
      [height, longest, real] = [height + request.rows, Math.max(longest, request.timesteps), own];
    }
    if (height < this.#maxBatch && first.since > due) return null;
    this.#entries = this.#entries.filter((entry) => !taken.has(entry));
    return [...taken];
  }
}
