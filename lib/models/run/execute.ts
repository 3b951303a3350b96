import { allocate } from "../../arguments/memory.js";
import { checkedProduct } from "../../arguments/shapes.js";
import { runCancellable } from "../../layers/async/submit_call.js";
import type { NativePortArray } from "../../native/instructions.js";
import { Tensor, type TypedArray } from "../../tensor/tensor.js";
import { type Port, type ProgramStep, portDtype } from "../compile/assemble.js";
import type { CompiledModel } from "../compile/compile_model.js";
import type { Storage, SymbolicTensor } from "../compile/symbolic.js";
import { mapStructure, type Structure } from "../graph/structure.js";
import { type ReadInputs, tensorDtype } from "./read_inputs.js";

/** The memory of one call, by the storage that it is for. */
type Memory = Map<Storage, TypedArray>;

/** The states that calls carry, by their keys. */
export type States = Map<string, TypedArray>;

/** The results of a call, and the states after it. */
export interface Executed {
  readonly outputs: Structure<Tensor>;
  readonly states: States;
}

/** Computes a call on this thread. */
export function execute(compiled: CompiledModel, inputs: ReadInputs, states: States): Executed {
  const call = new Call(compiled, inputs, states);
  for (const step of compiled.steps) {
    if ("run" in step) throw new Error("not yet");
    const { args } = call.arrays(step);
    step.program.run(...args);
  }
  return call.results();
}

/** Computes a call off this thread. Rejects with `ERR_ABORTED` when the signal aborts. */
export async function executeAsync(
  compiled: CompiledModel,
  inputs: ReadInputs,
  states: States,
  signal: AbortSignal | null,
): Promise<Executed> {
  const call = new Call(compiled, inputs, states);
  for (const step of compiled.steps) {
    if ("run" in step) throw new Error("not yet");
    const { args } = call.arrays(step);
    await runCancellable(signal, (token) => step.program.runAsync(token, ...args));
  }
  return call.results();
}

class Call {
  readonly #compiled: CompiledModel;
  readonly #memory: Memory = new Map();
  readonly #rows: number;
  readonly #batch: number;

  constructor(compiled: CompiledModel, { batch, arrays }: ReadInputs, states: States) {
    this.#compiled = compiled;
    this.#batch = batch;
    this.#rows = compiled.mode === "divided" ? batch : 1;
    compiled.inputs.forEach(({ storage }, index) => {
      this.#memory.set(storage, arrays[index] as TypedArray);
    });
    for (const { key, before } of compiled.states) {
      const state =
        states.get(key) ?? this.#array({ storage: before.storage, dtype: before.dtype, size: before.storage.size });
      this.#memory.set(before.storage, state);
    }
  }

  /** Returns the arguments of a program's run, and makes the arrays for its outputs. */
  arrays({ inputs, outputs }: ProgramStep): { args: [number, NativePortArray[], NativePortArray[]] } {
    const read = inputs.map(({ storage }) => this.#memory.get(storage) as TypedArray);
    const written = outputs.map((port) => {
      const array = this.#array(port);
      this.#memory.set(port.storage, array);
      return array;
    });
    return { args: [this.#rows, read as NativePortArray[], written as NativePortArray[]] };
  }

  #array({ dtype, size }: Port): TypedArray {
    return allocate(portDtype(dtype), checkedProduct([this.#rows, size], "outputs"), "outputs");
  }

  results(): Executed {
    const { outputs, states } = this.#compiled;
    const after = states.map(({ key, after: { storage } }) => [key, this.#memory.get(storage) as TypedArray] as const);
    return { outputs: mapStructure(outputs, (tensor) => this.#tensor(tensor)), states: new Map(after) };
  }

  #tensor({ storage, shape, repeat, dtype }: SymbolicTensor): Tensor {
    const data = this.#memory.get(storage) as TypedArray;
    const full = repeat === null ? [...shape] : [this.#compiled.mode === "divided" ? this.#batch : repeat, ...shape];
    return new Tensor(data, full, data instanceof Int32Array ? "int32" : tensorDtype(dtype));
  }
}
