import { GRUError } from "../../errors/gru_error.js";
import { inPlace } from "../../errors/messages.js";
import type { Builder } from "../compile/builder.js";
import type { Tensors, Value } from "../compile/values.js";
import { type Entry, shown } from "../graph/entry.js";
import { OperationArguments } from "./arguments.js";
import { inStream } from "./causality.js";

/** How an operation is computed: the names of its positional arguments, and what compiles a call. */
export interface OperationDefinition {
  readonly parameters: readonly string[];
  readonly compute: (call: OperationArguments) => Tensors;
}

/** Defines an operation. */
export function operation(parameters: readonly string[], compute: OperationDefinition["compute"]): OperationDefinition {
  return { parameters, compute };
}

/** An operation of a functional model, which Keras runs without casts and without masks. */
export class Operation {
  readonly entry: Entry;
  readonly #definition: OperationDefinition;

  constructor(entry: Entry, definition: OperationDefinition) {
    this.entry = entry;
    this.#definition = definition;
  }

  /** Adds the instructions of a call to `builder` and returns the outputs. */
  call(builder: Builder, args: readonly Value[], kwargs: Readonly<Record<string, Value>>): Tensors {
    const { parameters, compute } = this.#definition;
    try {
      const call = new OperationArguments(builder, this.entry, parameters, { args, kwargs });
      if (builder.stream === null) return compute(call);
      return inStream(call, () => compute(call));
    } catch (error) {
      const named = error instanceof GRUError && !error.message.includes(shown(this.entry));
      throw named ? inPlace(shown(this.entry), error) : error;
    }
  }
}
