import { aborted, hasAborted, refuseAborted } from "../../arguments/signal.js";
import { AsyncPlace } from "../../backend/async_limit.js";
import { whileHeld } from "../../backend/held_place.js";
import { disposed } from "../../errors/layer_errors.js";
import { expectedText } from "../../errors/messages.js";
import { CallOrder, waitOrAbort } from "../../layers/async/call_order.js";
import { runCancellable } from "../../layers/async/submit_call.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Batchable } from "../batchable.js";
import { flatten, type Structure } from "../graph/structure.js";
import type { ModelLayer } from "../layers/model_layer.js";
import { batchesOf, joined } from "./batches.js";
import { type Executed, type ExecutionRequest, executionOf, type PendingStep, type States } from "./execute.js";
import { hostFailure } from "./host_results.js";
import { Plans } from "./plans.js";
import { readPredict } from "./predict_arguments.js";
import { type ReadInputs, readInputs } from "./read_inputs.js";

/** Computes predictions of one model, keeps its programs and its states, and frees them after the last call. */
export class Runner implements Batchable {
  readonly #model: ModelLayer;
  readonly #plans: Plans;
  /** Whether calls depend on earlier ones. */
  readonly isStateful: boolean;
  readonly #order = new CallOrder();
  #states: States = new Map();
  #inFlight = 0;
  #isDisposed = false;

  constructor(model: ModelLayer) {
    this.#model = model;
    this.#plans = new Plans(model);
    this.isStateful = model.all().some(({ isStateful }) => isStateful);
  }

  /** Whether `dispose` was called. */
  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** Throws `ERR_DISPOSED` after `dispose`. */
  requireAlive(what: string): void {
    if (this.#isDisposed) throw disposed("model", what);
  }

  /** Throws `ERR_STATE` while asynchronous calls of a stateful model are pending. */
  requireFree(what: string): void {
    this.requireAlive(what);
    if (!this.isStateful || this.#order.pending === 0) return;
    const received = `${this.#order.pending} pending; await them first`;
    throw expectedText("ERR_STATE", what, "no asynchronous calls pending on a stateful model", received);
  }

  /** Computes on this thread. */
  predict(inputs: unknown, args: unknown): Structure<Tensor> {
    this.requireFree("predict");
    const { batchSize, progress } = readPredict(args, "predict");
    const read = this.#read(inputs, "borrow");
    let states = this.#states;
    let done = 0;
    const results: Structure<Tensor>[] = [];
    for (const part of parts(read, batchSize)) {
      const executed = runSync(this.#request(part, states));
      ({ states } = executed);
      results.push(executed.outputs);
      done += part.batch;
      progress?.(done, read.batch);
    }
    this.#states = states;
    return joined(results);
  }

  /** Computes off this thread. */
  async predictAsync(inputs: unknown, args: unknown): Promise<Structure<Tensor>> {
    this.requireAlive("predictAsync");
    const { batchSize, progress, signal } = readPredict(args, "predictAsync");
    refuseAborted(signal);
    return await whileHeld(new AsyncPlace("predictAsync"), async () => {
      const read = this.#read(inputs, "own");
      return await this.#inTurn(signal, async () => {
        let states = this.#states;
        let done = 0;
        const results: Structure<Tensor>[] = [];
        for (const part of parts(read, batchSize)) {
          const executed = await runAsync(this.#request(part, states), signal);
          ({ states } = executed);
          results.push(executed.outputs);
          done += part.batch;
          progress?.(done, read.batch);
          if (signal !== null && hasAborted(signal)) throw aborted(signal);
        }
        this.#states = states;
        return joined(results);
      });
    });
  }

  /** Reads the inputs of a batcher's request. */
  read(inputs: unknown): ReadInputs {
    this.requireAlive("callAsync of a batcher");
    return this.#read(inputs, "own");
  }

  /** Whether the results of these inputs depend on the other samples of their batch. */
  mixesSamples(inputs: ReadInputs): boolean {
    return this.#plans.get(inputs, []).mixesSamples;
  }

  /** Computes a batcher's call. */
  async compute(inputs: ReadInputs, signal: AbortSignal | null): Promise<Structure<Tensor>> {
    this.requireAlive("callAsync of a batcher");
    return await this.#inTurn(signal, async () => {
      const { outputs } = await runAsync(this.#request(inputs, this.#states), signal);
      return outputs;
    });
  }

  #read(inputs: unknown, ownership: "borrow" | "own"): ReadInputs {
    const read = readInputs(inputs, this.#model.inputs, ownership);
    const batch = this.isStateful ? flatten(this.#model.inputs).find(({ shape }) => shape[0] !== null)?.shape[0] : null;
    if (batch === null || batch === undefined || batch === read.batch) return read;
    throw expectedText(
      "ERR_SHAPE",
      "inputs",
      `${batch} samples, for which the stateful model was made`,
      `${read.batch}`,
    );
  }

  #request(inputs: ReadInputs, states: States): ExecutionRequest {
    return { inputs, states, compile: (known) => this.#plans.get(inputs, known) };
  }

  /** Runs the calls of a stateful model one after the other, and all others at once. */
  async #inTurn<T>(signal: AbortSignal | null, compute: () => Promise<T>): Promise<T> {
    this.#inFlight += 1;
    try {
      if (!this.isStateful) return await compute();
      return await whileHeld(this.#order.takePlace(), async ({ ready }) => {
        await waitOrAbort(ready, signal);
        return await compute();
      });
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0 && this.#isDisposed) this.#free();
    }
  }

  /** Sets the states to zeros. */
  resetState(): void {
    this.requireFree("resetState");
    this.#states = new Map();
  }

  /** Refuses new calls, and frees the memory after the last one. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (this.#inFlight === 0) this.#free();
  }

  #free(): void {
    this.#plans.clear();
    this.#model.dispose();
  }
}

function parts(read: ReadInputs, batchSize: number | null): Iterable<ReadInputs> {
  return batchSize === null || batchSize >= read.batch ? [read] : batchesOf(read, batchSize);
}

function runSync(request: ExecutionRequest): Executed {
  const execution = executionOf(request);
  let step = execution.next();
  while (step.done !== true) {
    if ("promise" in step.value) {
      step.value.promise.catch(() => {});
      throw expectedText("ERR_CALLBACK", "custom_objects", "functions that return tensors at once", "a promise", {
        owner: step.value.layer,
        remedy: "Call predictAsync, which waits for promises.",
      });
    }
    step.value.program.run(...step.value.args);
    step = execution.next();
  }
  return step.value;
}

async function runAsync(request: ExecutionRequest, signal: AbortSignal | null): Promise<Executed> {
  const execution = executionOf(request);
  let step = execution.next();
  while (step.done !== true) {
    step = execution.next(await settled(step.value, signal));
  }
  return step.value;
}

async function settled(step: PendingStep, signal: AbortSignal | null): Promise<unknown> {
  if ("promise" in step) {
    try {
      return await step.promise;
    } catch (error) {
      throw hostFailure(error, step.layer);
    }
  }
  const { program, args } = step;
  return await runCancellable(signal, (token) => program.runAsync(token, ...args));
}
