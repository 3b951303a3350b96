import { aborted, refuseAborted } from "../arguments/signal.js";
import type { GRUError } from "../errors/gru_error.js";
import { disposed } from "../errors/layer_errors.js";
import { expected, expectedText } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import type { DtypeName } from "../keras/dtype_policy.js";
import { onAbort } from "../layers/async/abort.js";
import type { CompositeLayer } from "../layers/composite/composite_layer.js";
import type { GRU } from "../layers/gru.js";
import type { CallResult } from "../layers/result_types.js";
import type { Structure } from "../models/graph/structure.js";
import type { KerasModel } from "../models/model.js";
import type { ModelInputs } from "../models/run/read_inputs.js";
import { native } from "../native/load.js";
import { readRecord } from "../options/record.js";
import { requireBound, requireInteger } from "../options/values.js";
import { printAsText } from "../tensor/print_as_text.js";
import type { Tensor, TensorLike } from "../tensor/tensor.js";
import type { ModelBatcherArguments } from "./model_subject.js";
import {
  type BatcherCallArguments,
  type CompositeBatcherArguments,
  readRequestSignal,
  type Subject,
} from "./request.js";
import { subjectOf } from "./subject.js";
import { type Entry, Waiting } from "./waiting.js";

/** The arguments of `createBatcher`. */
export interface BatcherArguments {
  /** The most rows of one call: a positive integer. A request with more rows gets a call of its own. */
  maxBatch: number;
  /**
   * The longest time in milliseconds that a request waits for others. The default 0 waits only for requests made in the
   * same turn of the event loop.
   */
  maxDelayMs?: number | undefined;
  /**
   * The most requests that may wait: a positive integer or `Infinity` (the default). Further requests fail with
   * `ERR_BUSY`.
   */
  maxQueue?: number | undefined;
}

const KNOWN: ReadonlySet<string> = new Set(["maxBatch", "maxDelayMs", "maxQueue"]);
/** The time before which no request came. */
const ONLY_FULL = Number.NEGATIVE_INFINITY;
const LONGEST_DELAY = 2 ** 31 - 1;

function readBatcher(args: unknown): Required<BatcherArguments> {
  const {
    maxBatch,
    maxDelayMs = 0,
    maxQueue = Number.POSITIVE_INFINITY,
  } = readRecord(args, KNOWN, "createBatcher", "arguments of createBatcher", "an object { maxBatch, … }");
  if (typeof maxDelayMs !== "number" || !(maxDelayMs >= 0 && maxDelayMs <= LONGEST_DELAY)) {
    throw expected("ERR_ARGUMENT", "maxDelayMs", "milliseconds from 0 to 2^31 - 1", maxDelayMs);
  }
  return {
    maxBatch: requireInteger(maxBatch, "maxBatch", "an integer from 1", 1, Number.MAX_SAFE_INTEGER),
    maxDelayMs,
    maxQueue: requireBound(maxQueue, "maxQueue"),
  };
}

/**
 * Gathers concurrent requests for one layer, or for several that are called together, into calls of several rows, and
 * returns to each request its own result. The requests may have different lengths. Each gets the result that
 * `callAsync` of the layer returns for it alone, on the CPU path bit for bit. A call uses the weights that the layer has
 * when the call starts.
 *
 * A call starts when it has `maxBatch` rows, or when the first of its requests has waited for `maxDelayMs`, and a
 * thread for asynchronous calls is free. While none is free, requests collect.
 */
export class Batcher<
  S extends boolean = boolean,
  D extends DtypeName = DtypeName,
  R = CallResult<S, D>,
  A = BatcherCallArguments,
  I = TensorLike,
> {
  readonly #layer: unknown;
  readonly #subject: Subject;
  readonly #waiting: Waiting<R>;
  readonly #maxDelay: number;
  readonly #maxQueue: number;
  #running = 0;
  #timer: NodeJS.Timeout | null = null;
  /** True while `#start` is due at the end of the current turn of the event loop. */
  #startsSoon = false;
  #drains: (() => void)[] = [];
  #disposed = false;

  /** @internal */
  constructor(layer: unknown, args: unknown) {
    this.#subject = subjectOf(layer);
    const { maxBatch, maxDelayMs, maxQueue } = reading("createBatcher", () => readBatcher(args));
    this.#maxQueue = maxQueue;
    this.#layer = layer;
    this.#maxDelay = maxDelayMs;
    this.#waiting = new Waiting(maxBatch);
  }

  /** The number of requests that wait for their call to start. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** The number of calls that are running. */
  get running(): number {
    return this.#running;
  }

  /**
   * Computes `inputs`, (rows, timesteps, features), together with other requests. Resolves with the result of
   * `gru.callAsync`, or of the model's `predictAsync`. The inputs are copied before this method returns, or given away with `transfer: true`.
   *
   * Never throws. Rejects as `gru.callAsync` does, but only for errors of its own request. Also rejects with `ERR_BUSY`
   * when `maxQueue` requests wait, and with `ERR_DISPOSED` after `dispose`.
   */
  callAsync(inputs: I, args?: A | null): Promise<R> {
    return new Promise((resolve, reject) => {
      const signal = readRequestSignal(args);
      this.#requireAlive();
      if (this.#waiting.size >= this.#maxQueue) throw busy(this.#maxQueue);
      const request = this.#subject.read(inputs, args);
      // Reading the arguments may have run code of the caller's.
      refuseAborted(signal);
      this.#requireAlive();
      const entry: Entry<R> = {
        request,
        since: performance.now(),
        signal,
        abandon: () => {},
        release: () => {},
        settled: false,
        resolve,
        reject,
      };
      if (signal !== null) entry.release = onAbort(signal, () => this.#abort(entry, signal));
      this.#waiting.add(entry);
      if (this.#waiting.mayFillCall) this.#startCalls(ONLY_FULL);
      if (this.#maxDelay > 0) this.#startAfterDelay();
      else this.#startAtEndOfTurn();
    });
  }

  /**
   * Starts all waiting requests without further delay. Resolves when no request waits and no call runs, so stop making
   * requests first.
   */
  drain(): Promise<void> {
    if (this.#waiting.size === 0 && this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drains.push(resolve);
      this.#start();
    });
  }

  /** Returns one line with the layer, the number of waiting requests and the number of running calls. */
  toString(): string {
    const disposed = this.#disposed ? ", disposed" : "";
    return `Batcher, ${this.waiting} requests waiting, ${this.#running} calls running${disposed}: ${String(this.#layer)}`;
  }

  /**
   * Refuses new requests and rejects the waiting ones with `ERR_DISPOSED`. Running calls continue, and the layer is not
   * disposed. May be called again.
   */
  dispose(): void {
    this.#disposed = true;
    for (const entry of this.#waiting.takeAll()) settle(entry, () => entry.reject(disposed("batcher", "callAsync")));
    this.#start();
  }

  /** Calls `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Starts the calls that are due and have a thread. Makes sure that the others start later. */
  #start(): void {
    this.#stopTimer();
    this.#startCalls(this.#due());
    if (this.#maxDelay > 0) this.#startAfterDelay();
    if (this.#waiting.size > 0 || this.#running > 0) return;
    for (const resolve of this.#drains.splice(0)) resolve();
  }

  /** Starts calls while there is a thread for them: full ones, and those whose oldest request came before `due`. */
  #startCalls(due: number): void {
    while (this.#waiting.size > 0 && this.#mayRun()) {
      const next = this.#waiting.take(due);
      if (next === null) return;
      // The timer was for the oldest request.
      this.#stopTimer();
      void this.#run(next);
    }
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** True when one more call would start at once. The end of a running call of this batcher starts the others. */
  #mayRun(): boolean {
    return this.#running === 0 || native().freeThreads() > 0;
  }

  /** Returns a time. Requests that came before it do not wait for others any longer. */
  #due(): number {
    if (this.#drains.length > 0) return Number.POSITIVE_INFINITY;
    if (this.#maxDelay > 0) return performance.now() - this.#maxDelay;
    return this.#startsSoon ? ONLY_FULL : Number.POSITIVE_INFINITY;
  }

  /** Starts the waiting requests when the oldest of them has waited for the delay. */
  #startAfterDelay(): void {
    if (this.#timer !== null || this.#waiting.size === 0) return;
    const { oldest } = this.#waiting;
    // A request that is due already waits for a thread, which the end of a running call gives it.
    if (oldest === Number.NEGATIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, oldest + this.#maxDelay - performance.now()));
  }

  /**
   * Starts the waiting requests when this turn of the event loop is over. By then a service has read all requests that
   * came at about the same time. `bench/NOTES.md` has the measurements of starting earlier.
   */
  #startAtEndOfTurn(): void {
    if (this.#startsSoon) return;
    this.#startsSoon = true;
    setImmediate(() => {
      this.#startsSoon = false;
      this.#start();
    });
  }

  #wake(): void {
    this.#waiting.ripen();
    this.#start();
  }

  /** Computes these requests in one call and settles each. Never rejects. */
  async #run(entries: readonly Entry<R>[]): Promise<void> {
    this.#running += 1;
    try {
      const results = await this.#compute(entries);
      entries.forEach((entry, index) => {
        settle(entry, () => entry.resolve(results[index] as R));
      });
    } catch (error) {
      if (entries.length === 1) {
        for (const entry of entries) settle(entry, () => entry.reject(error));
      } else {
        // One of the requests may have caused the error, so each is computed alone: the others must not fail because of
        // it.
        for (const entry of entries) if (!entry.settled) await this.#run([entry]);
      }
    } finally {
      this.#running -= 1;
      this.#start();
    }
  }

  /** Computes the results of these requests in one call, which ends early when all of them are aborted. */
  async #compute(entries: readonly Entry<R>[]): Promise<R[]> {
    const requests = entries.map(({ request }) => request);
    return (await this.#subject.compute(requests, signalOf(entries))) as R[];
  }

  #abort(entry: Entry<R>, signal: AbortSignal): void {
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

/** Returns a signal that aborts when nobody waits for a call's results any longer; `null` when that cannot happen. */
function signalOf<R>(entries: readonly Entry<R>[]): AbortSignal | null {
  // Making a controller takes as long as a tiny call.
  if (entries.length === 1) return entries[0]?.signal ?? null;
  if (entries.every(({ signal }) => signal === null)) return null;
  const gate = new AbortController();
  for (const entry of entries) {
    entry.abandon = () => {
      if (entries.every(({ settled }) => settled)) gate.abort();
    };
  }
  return gate.signal;
}

/** Settles an entry, unless it is already settled. */
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
 * Makes a batcher for a GRU, a Bidirectional or a GRUStack, which must be built.
 *
 * Throws `ERR_ARGUMENT` for bad arguments, and for layers that are stateful or have a custom activation. Throws
 * `ERR_NOT_BUILT` for layers without weights, and `ERR_DISPOSED` for disposed ones.
 */
export function createBatcher<S extends boolean, D extends DtypeName>(
  layer: GRU<S, D>,
  args: BatcherArguments,
): Batcher<S, D>;
/** Makes a batcher for a Bidirectional or a GRUStack, with the same errors. */
export function createBatcher<R>(
  layer: CompositeLayer<R, unknown>,
  args: BatcherArguments,
): Batcher<boolean, DtypeName, R, CompositeBatcherArguments>;
/**
 * Makes a batcher for a whole model. Requests whose inputs have the same shapes share calls, and those of a model that mixes
 * the samples of a batch never do. The same errors, and `ERR_ARGUMENT` for a stateful model.
 */
export function createBatcher(
  model: KerasModel,
  args: BatcherArguments,
): Batcher<boolean, DtypeName, Structure<Tensor>, ModelBatcherArguments, ModelInputs>;
export function createBatcher(
  layer: unknown,
  args: BatcherArguments,
): Batcher<boolean, DtypeName, unknown, never, never> {
  return new Batcher(layer, args);
}
