import { aborted, refuseAborted } from "../arguments/signal.js";
import type { GRUError } from "../errors/gru_error.js";
import { expected, expectedText } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import { disposed } from "../errors/refusals.js";
import type { DtypeName } from "../keras/dtype_policy.js";
import { onAbort } from "../layers/async/abort.js";
import { callCombined } from "../layers/async/call_async.js";
import { notAsynchronous } from "../layers/call/custom_activations.js";
import type { GRU } from "../layers/gru.js";
import { partsOf } from "../layers/layer.js";
import type { LayerParts } from "../layers/layer_parts.js";
import type { CallResult } from "../layers/result_types.js";
import { native } from "../native/load.js";
import { readRecord } from "../options/record.js";
import { requireInteger } from "../options/values.js";
import { printAsText } from "../tensor/print_as_text.js";
import type { TensorLike } from "../tensor/tensor.js";
import { combine, splitOutput, splitState } from "./batch.js";
import { type BatcherCallArguments, readRequest, readRequestSignal } from "./request.js";
import { type Entry, Waiting } from "./waiting.js";

/** What `createBatcher` takes. */
export interface BatcherArguments {
  /** The most rows of one call: a positive integer. A request of more rows makes a call of its own. */
  maxBatch: number;
  /** The longest that a request waits for others, in milliseconds; default 0: for those of the same turn of the event loop. */
  maxDelayMs?: number | undefined;
  /** The most requests that may wait: a positive integer or `Infinity` (the default). Further ones are `ERR_BUSY`. */
  maxQueue?: number | undefined;
}

const KNOWN: ReadonlySet<string> = new Set(["maxBatch", "maxDelayMs", "maxQueue"]);
const LONGEST_DELAY = 2 ** 31 - 1;

function readBatcher(args: unknown): Required<BatcherArguments> {
  const positive = "an integer from 1";
  const { maxBatch, maxDelayMs = 0, maxQueue = Number.POSITIVE_INFINITY } = readRecord(args, KNOWN, "createBatcher");
  if (typeof maxDelayMs !== "number" || !(maxDelayMs >= 0 && maxDelayMs <= LONGEST_DELAY)) {
    throw expected("ERR_ARGUMENT", "maxDelayMs", "milliseconds from 0 to 2^31 - 1", maxDelayMs);
  }
  return {
    maxBatch: requireInteger(maxBatch, "maxBatch", positive, 1, Number.MAX_SAFE_INTEGER),
    maxDelayMs,
    maxQueue:
      maxQueue === Number.POSITIVE_INFINITY
        ? maxQueue
        : requireInteger(maxQueue, "maxQueue", `${positive}, or Infinity`, 1, Number.MAX_SAFE_INTEGER),
  };
}

/**
 * Gathers concurrent requests for one layer, of different lengths, into calls of several rows, and gives each its own
 * result: what `gru.callAsync` gives it alone, on the CPU path bit for bit. Weights are those of the moment at which a call
 * starts.
 *
 * A call starts when its rows are `maxBatch`, or when the first of its requests has waited for `maxDelayMs`; and not before
 * one of the calls that are running has ended, when these are as many as the threads of the CPU path.
 */
export class Batcher<S extends boolean = boolean, D extends DtypeName = DtypeName> {
  readonly #gru: GRU<S, D>;
  readonly #layer: LayerParts;
  readonly #features: number;
  readonly #waiting: Waiting<CallResult<S, D>>;
  readonly #maxDelay: number;
  readonly #maxQueue: number;
  #running = 0;
  /** The most calls that run at one time. */
  #threads = native().cpuInfo().threads;
  #timer: NodeJS.Timeout | NodeJS.Immediate | null = null;
  #drains: (() => void)[] = [];
  #disposed = false;

  /** @internal */
  constructor(gru: GRU<S, D>, args: unknown) {
    const layer = partsOf(gru);
    if (layer === undefined) throw expected("ERR_ARGUMENT", "gru", "a GRU layer", gru);
    const { maxBatch, maxDelayMs, maxQueue } = reading("createBatcher", () => readBatcher(args));
    this.#maxQueue = maxQueue;
    if (layer.carried !== null) {
      throw expected(
        "ERR_ARGUMENT",
        "gru",
        "a layer that is not stateful, since requests do not know each other,",
        gru,
      );
    }
    if (layer.custom !== null) throw notAsynchronous("createBatcher");
    this.#features = layer.weights.requireBuilt("createBatcher").features;
    this.#gru = gru;
    this.#layer = layer;
    this.#maxDelay = maxDelayMs;
    this.#waiting = new Waiting(maxBatch);
  }

  /** Requests that wait for their call to start. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Calls that are running. */
  get running(): number {
    return this.#running;
  }

  /**
   * Computes `inputs`, (rows, timesteps, features), together with the requests of others. Gives what `gru.callAsync` gives.
   * The inputs are copied before this returns, or given away with `transfer: true`.
   *
   * Never throws: rejects as `gru.callAsync` does, for reasons of its own request only; with `ERR_BUSY` when `maxQueue`
   * requests wait, and with `ERR_DISPOSED` after `dispose`.
   */
  callAsync(inputs: TensorLike, args?: BatcherCallArguments | null): Promise<CallResult<S, D>> {
    return new Promise((resolve, reject) => {
      const signal = readRequestSignal(args);
      this.#requireAlive();
      if (this.#waiting.size >= this.#maxQueue) throw busy(this.#maxQueue);
      const request = readRequest(this.#layer.options, this.#features, inputs, args);
      // Reading the arguments may have run code of the caller's.
      refuseAborted(signal);
      this.#requireAlive();
      const entry: Entry<CallResult<S, D>> = {
        request,
        since: performance.now(),
        abandon: () => {},
        release: () => {},
        settled: false,
        resolve,
        reject,
      };
      if (signal !== null) entry.release = onAbort(signal, () => this.#abort(entry, signal));
      this.#waiting.add(entry);
      this.#start();
    });
  }

  /**
   * Starts what waits without further delay. Resolves when nothing waits and nothing runs: stop making requests first.
   */
  drain(): Promise<void> {
    if (this.#waiting.size === 0 && this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drains.push(resolve);
      this.#start();
    });
  }

  /** Its layer, and what waits and runs. */
  toString(): string {
    const disposed = this.#disposed ? ", disposed" : "";
    return `Batcher, ${this.waiting} requests waiting, ${this.#running} calls running${disposed}: ${String(this.#gru)}`;
  }

  /** Refuses new requests, and rejects those that wait with `ERR_DISPOSED`; calls that run go on. The layer stays. Idempotent. */
  dispose(): void {
    this.#disposed = true;
    for (const entry of this.#waiting.takeAll()) settle(entry, () => entry.reject(disposed("batcher", "callAsync")));
    this.#start();
  }

  /** As `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Starts the calls that are due, and sees to it that the next one will be. */
  #start(): void {
    this.#stopTimer();
    while (this.#running < this.#threads) {
      const next = this.#waiting.take(this.#due());
      if (next === null) break;
      void this.#run(next);
    }
    if (this.#waiting.size > 0 && this.#running < this.#threads) this.#startTimer();
    if (this.#waiting.size > 0 || this.#running > 0) return;
    for (const resolve of this.#drains.splice(0)) resolve();
  }

  /** Who came before that does not wait for others any more. */
  #due(): number {
    if (this.#drains.length > 0) return Number.POSITIVE_INFINITY;
    // Without a delay it is the turn of the event loop that has to pass, not the clock.
    return this.#maxDelay === 0 ? Number.NEGATIVE_INFINITY : performance.now() - this.#maxDelay;
  }

  #startTimer(): void {
    const wake = () => {
      this.#timer = null;
      this.#waiting.ripen();
      this.#start();
    };
    this.#timer =
      this.#maxDelay === 0
        ? setImmediate(wake)
        : setTimeout(wake, Math.max(0, this.#waiting.oldest + this.#maxDelay - performance.now()));
  }

  #stopTimer(): void {
    if (this.#timer === null) return;
    if (this.#maxDelay === 0) clearImmediate(this.#timer as NodeJS.Immediate);
    else clearTimeout(this.#timer as NodeJS.Timeout);
    this.#timer = null;
  }

  /** Computes these requests, and settles each. Never rejects. */
  async #run(entries: readonly Entry<CallResult<S, D>>[]): Promise<void> {
    this.#running += 1;
    this.#threads = native().cpuInfo().threads;
    try {
      const results = await this.#compute(entries);
      entries.forEach((entry, index) => {
        settle(entry, () => entry.resolve(results[index] as CallResult<S, D>));
      });
    } catch (error) {
      if (entries.length === 1) {
        for (const entry of entries) settle(entry, () => entry.reject(error));
      } else {
        // It may be the fault of one of them: the others must not suffer.
        for (const entry of entries) if (!entry.settled) await this.#run([entry]);
      }
    } finally {
      this.#running -= 1;
      this.#start();
    }
  }

  /** The results of these requests, from one call, which ends early when all of them are abandoned. */
  async #compute(entries: readonly Entry<CallResult<S, D>>[]): Promise<CallResult<S, D>[]> {
    const requests = entries.map(({ request }) => request);
    const gate = new AbortController();
    for (const entry of entries) {
      entry.abandon = () => {
        if (entries.every(({ settled }) => settled)) gate.abort();
      };
    }
    const { options } = this.#layer;
    const combined = combine(requests, this.#features, options);
    const { output, state } = await callCombined(this.#layer, combined, gate.signal);
    const { parts } = combined.rows;
    const outputs = splitOutput(output, parts, options);
    if (state === null) return outputs as unknown as CallResult<S, D>[];
    const states = splitState(state, parts, options);
    return outputs.map((own, index) => [own, states[index]] as unknown as CallResult<S, D>);
  }

  #abort(entry: Entry<CallResult<S, D>>, signal: AbortSignal): void {
    this.#waiting.remove(entry);
    settle(entry, () => entry.reject(aborted(signal)));
    entry.abandon();
    this.#start();
  }

  #requireAlive(): void {
    if (this.#disposed) throw disposed("batcher", "callAsync");
  }
}

printAsText(Batcher);

/** Settles an entry once. */
function settle<R>(entry: Entry<R>, act: () => void): void {
  if (entry.settled) return;
  entry.settled = true;
  entry.release();
  act();
}

function busy(most: number): GRUError {
  return expectedText(
    "ERR_BUSY",
    "callAsync of a batcher",
    `fewer than ${most} waiting requests (maxQueue: ${most})`,
    `one while ${most} wait`,
    { remedy: "Try again when one has settled." },
  );
}

/**
 * A batcher for `gru`, which must be built.
 *
 * Throws `ERR_ARGUMENT` for bad arguments, and for a layer that is stateful or has a custom activation; `ERR_NOT_BUILT`;
 * `ERR_DISPOSED`.
 */
export function createBatcher<S extends boolean, D extends DtypeName>(
  gru: GRU<S, D>,
  args: BatcherArguments,
): Batcher<S, D> {
  return new Batcher(gru, args);
}
