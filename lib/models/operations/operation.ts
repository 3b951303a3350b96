import { GRUError } from "../../errors/gru_error.js";
import { inPlace } from "../../errors/messages.js";
import type { Builder } from "../compile/builder.js";
import type { Tensors, Value } from "../compile/values.js";
import { type Entry, shown } from "../graph/entry.js";

/** Compiles a call of an operation. */
export type OperationCall = (
  builder: Builder,
  args: readonly Value[],
  kwargs: Readonly<Record<string, Value>>,
  entry: Entry,
) => Tensors;

/** An operation of a functional model, which Keras runs without casts and without masks. */
export class Operation {
  readonly entry: Entry;
  readonly #call: OperationCall;

  constructor(entry: Entry, call: OperationCall) {
    this.entry = entry;
    this.#call = call;
  }

  /** Adds the instructions of a call to `builder` and returns the outputs. */
  call(builder: Builder, args: readonly Value[], kwargs: Readonly<Record<string, Value>>): Tensors {
    try {
      return this.#call(builder, args, kwargs, this.entry);
    } catch (error) {
      throw error instanceof GRUError ? inPlace(shown(this.entry), error) : error;
    }
  }
}
