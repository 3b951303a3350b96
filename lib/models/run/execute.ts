import { types } from "node:util";
import { allocate } from "../../arguments/memory.js";
import { checkedProduct } from "../../arguments/shapes.js";
import { expectedText } from "../../errors/messages.js";
import type { NativePortArray } from "../../native/program_values.js";
import { widened } from "../../native/sixteen_bit.js";
import { Tensor, type TypedArray } from "../../tensor/tensor.js";
import { type Port, type ProgramStep, portDtype } from "../compile/assemble.js";
import type { CompiledModel } from "../compile/compile_model.js";
import type { HostCall } from "../compile/host.js";
import { type Storage, type SymbolicTensor, storageType } from "../compile/symbolic.js";
import { mapStructure, type Structure } from "../graph/structure.js";
import { afterHostResults, type HostResults, hostFailure, readHostResults, sameShapes } from "./host_results.js";
import { type ReadInputs, tensorDtype } from "./read_inputs.js";

/** The states that calls carry, by their keys. */
export type States = ReadonlyMap<string, TypedArray>;

/** The results of a call, and the states after it. */
export interface Executed {
  readonly outputs: Structure<Tensor>;
  readonly states: States;
}

/** A step of a call that its caller runs: a program with its arrays, or a promise of the user's function. */
export type PendingStep =
  | { readonly program: ProgramStep["program"]; readonly args: ProgramArguments }
  | { readonly promise: Promise<unknown>; readonly layer: string };

/** The arguments of a program's run. */
export type ProgramArguments = [rows: number, inputs: NativePortArray[], outputs: NativePortArray[]];

/** Where the programs of a call come from, and what they start with. */
export interface ExecutionRequest {
  readonly inputs: ReadInputs;
  readonly states: States;
  /** Returns the programs for results of JavaScript of these shapes. */
  compile(known: readonly HostResults[]): CompiledModel;
}

/**
 * Computes a call, step by step: the caller runs each program that it yields, and waits for each promise, whose value it
 * passes back. A model with layers in JavaScript is compiled as far as the shapes of their results are known, and again
 * when they are; each function of the user's runs once for each call.
 */
export function* executionOf({ inputs, states, compile }: ExecutionRequest): Generator<PendingStep, Executed, unknown> {
  const known: HostResults[] = [];
  for (;;) {
    const compiled = compileAfter(known, compile);
    const call = new Call(compiled, inputs, states);
    if (yield* runSteps(compiled, call, known)) return call.results();
  }
}

/** Compiles as `compile` does, and says in its errors what the last of the user's functions returned. */
function compileAfter(known: readonly HostResults[], compile: ExecutionRequest["compile"]): CompiledModel {
  try {
    return compile(known);
  } catch (error) {
    const last = known.at(-1);
    throw last === undefined ? error : afterHostResults(error, last);
  }
}

/** Runs the steps. Returns `false` when the model must be compiled for other shapes of results of JavaScript. */
function* runSteps(
  compiled: CompiledModel,
  call: Call,
  known: HostResults[],
): Generator<PendingStep, boolean, unknown> {
  for (const step of compiled.steps) {
    if (!("run" in step)) {
      yield { program: step.program, args: call.arrays(step) };
      continue;
    }
    let results = known[step.number];
    if (results === undefined) {
      const value = call.host(step);
      const { layer } = step;
      results = readHostResults(types.isPromise(value) ? yield { promise: value, layer } : value, layer);
      known.push(results);
    }
    const expected = compiled.hostShapes[step.number];
    if (expected === undefined || !sameShapes(expected, results.shapes)) return false;
    call.take(step, results);
  }
  return true;
}

/** The memory of one call, by the storage that it is for. */
class Call {
  readonly #compiled: CompiledModel;
  readonly #memory = new Map<Storage, TypedArray>();
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
      const { storage, dtype } = before;
      const state = states.get(key) ?? this.#array({ storage, dtype, size: storage.size });
      const wanted = this.#rows * storage.size;
      if (state.length !== wanted) {
        const batches = `${(state.length / wanted) * batch} samples, which the state of the model has`;
        throw expectedText("ERR_SHAPE", "inputs", batches, `${batch}`, {
          remedy: "Call resetState() to begin with another batch.",
        });
      }
      this.#memory.set(storage, state);
    }
  }

  /** Returns the arguments of a program's run, and makes the arrays for its outputs. */
  arrays({ inputs, outputs }: ProgramStep): ProgramArguments {
    const read = inputs.map(({ storage }) => this.#memory.get(storage) as NativePortArray);
    const written = outputs.map((port) => {
      const array = this.#array(port);
      this.#memory.set(port.storage, array);
      return array as NativePortArray;
    });
    return [this.#rows, read, written];
  }

  #array({ dtype, size }: Port): TypedArray {
    return allocate(portDtype(dtype), checkedProduct([this.#rows, size], "outputs"), "outputs");
  }

  /** Runs a function of the user's, and returns what it returned. */
  host(step: HostCall): unknown {
    try {
      return step.run((tensor) => this.#hostTensor(tensor));
    } catch (error) {
      throw hostFailure(error, step.layer);
    }
  }

  /** Returns a tensor for the user's function. 16-bit floats are float32 numbers there. */
  #hostTensor({ storage, shape, repeat, dtype }: SymbolicTensor): Tensor {
    const data = storage.constant ?? (this.#memory.get(storage) as TypedArray);
    const type = storageType(dtype);
    const isBits = data instanceof Uint16Array && (dtype === "float16" || dtype === "bfloat16");
    return new Tensor(isBits ? widened(data, dtype) : data.slice(), this.#shape(shape, repeat), type);
  }

  /** Keeps the results of a user's function for the programs behind it. */
  take(step: HostCall, { arrays }: HostResults): void {
    step.outputs.forEach(({ storage }, index) => {
      const array = arrays[index] as TypedArray;
      const wanted = this.#rows * storage.size;
      if (array.length !== wanted) {
        throw expectedText(
          "ERR_CALLBACK",
          "custom_objects",
          `results for ${this.#batch} samples`,
          `${array.length} elements and not ${wanted}`,
          { owner: step.layer },
        );
      }
      this.#memory.set(storage, array);
    });
  }

  /** Returns the outputs and the states after the call. */
  results(): Executed {
    const { outputs, states } = this.#compiled;
    const after = states.map(({ key, after: { storage } }) => [key, this.#memory.get(storage) as TypedArray] as const);
    return {
      outputs: mapStructure(outputs as Structure<SymbolicTensor>, (tensor) => this.#tensor(tensor)),
      states: new Map(after),
    };
  }

  #tensor({ storage, shape, repeat, dtype }: SymbolicTensor): Tensor {
    const data = this.#memory.get(storage) as TypedArray;
    return new Tensor(data, this.#shape(shape, repeat), data instanceof Int32Array ? "int32" : tensorDtype(dtype));
  }

  #shape(shape: readonly number[], repeat: number | null): number[] {
    if (repeat === null) return [...shape];
    return [this.#compiled.mode === "divided" ? this.#batch * repeat : repeat, ...shape];
  }
}
