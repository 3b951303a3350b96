import type { Tensor } from "../tensor/tensor.js";
import type { Structure } from "./graph/structure.js";
import type { ReadInputs } from "./run/read_inputs.js";

/** A model as a batcher uses it. */
export interface Batchable {
  /** Whether calls depend on earlier ones. */
  readonly isStateful: boolean;
  /** Throws `ERR_DISPOSED`, naming the method `what`. */
  requireAlive(what: string): void;
  /** Reads the inputs of a request into memory of their own. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`. */
  read(inputs: unknown): ReadInputs;
  /** Whether the results of these inputs depend on the other samples of their batch. */
  mixesSamples(inputs: ReadInputs): boolean;
  /** Computes off this thread. Rejects as `predictAsync` does, but never with `ERR_BUSY`. */
  compute(inputs: ReadInputs, signal: AbortSignal | null): Promise<Structure<Tensor>>;
}

const known = new WeakMap<object, Batchable>();

/** Lets batchers use a model. */
export function makeBatchable(model: object, batchable: Batchable): void {
  known.set(model, batchable);
}

/** Returns how a batcher uses `model`, or `undefined` for anything that is no model. */
export function batchableOf(model: unknown): Batchable | undefined {
  return typeof model === "object" && model !== null ? known.get(model) : undefined;
}
