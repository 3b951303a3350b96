import { native } from "../../native/load.js";
import type { NativePort, NativeProgram, NativeTensor } from "../../native/native_program.js";
import type { NativePortArray, NativePortType } from "../../native/program_values.js";
import type { Builder } from "./builder.js";
import type { HostCall } from "./host.js";
import { type Instruction, type Operand, tensorsOf } from "./instructions.js";
import { joinRecurrent } from "./join_recurrent.js";
import { nativeInstruction } from "./native_instructions.js";
import { type KerasDtype, type Storage, SymbolicTensor } from "./symbolic.js";

/** A part of a model that runs natively: its program, and the memory that goes in and out. */
export interface ProgramStep {
  readonly program: NativeProgram;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** A step of a compiled model: a program, or a call of JavaScript. */
export type Step = ProgramStep | HostCall;

/** A piece of memory that goes into or out of a program, and the dtype of its elements there. */
export interface Port {
  readonly storage: Storage;
  readonly dtype: KerasDtype;
  /** The number of elements for each row. */
  readonly size: number;
}

/** The tensors by which a compiled model meets its caller. */
export interface Border {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
}

/** Turns the steps of `builder` into programs. Steps whose results nobody needs are left out. */
export function assemble(builder: Builder, border: Border): Step[] {
  const { inputs } = border;
  const outputs = [...border.outputs, ...builder.states.map(({ after }) => after)];
  const asked = new Map<Storage, KerasDtype>(outputs.map(({ storage, dtype }) => [storage, dtype]));
  const steps = joinRecurrent(liveSteps(builder.steps, outputs), new Set(asked.keys()));
  const segments = segmentsOf(steps);
  const given = new Map<Storage, KerasDtype>();
  for (const { storage, dtype } of [...inputs, ...builder.states.map(({ before }) => before)])
    given.set(storage, dtype);
  return segments.map((segment, index) => {
    if ("run" in segment) return segment;
    const later = neededBy(segments.slice(index + 1));
    return programStep(segment, { given, asked, later, divisible: builder.mode === "divided" });
  });
}

/** Returns the steps that the tensors `outputs` depend on. */
function liveSteps(
  steps: readonly (Instruction | HostCall)[],
  outputs: readonly SymbolicTensor[],
): (Instruction | HostCall)[] {
  const live = new Set(outputs.map(({ storage }) => storage));
  const kept: (Instruction | HostCall)[] = [];
  for (const step of [...steps].reverse()) {
    if ("run" in step) {
      if (!step.outputs.some(({ storage }) => live.has(storage))) continue;
      for (const { storage } of step.inputs) live.add(storage);
      kept.push(step);
      continue;
    }
    if (!tensorsOf(step.writes).some(({ storage }) => live.has(storage))) continue;
    for (const { storage } of tensorsOf(step.reads)) live.add(storage);
    kept.push({ ...step, writes: withoutDead(step.writes, live) });
  }
  return kept.reverse();
}

/** Replaces the tensors in lists that nobody reads by `null`, such as the state of a GRU. A single tensor stays. */
function withoutDead(writes: Instruction["writes"], live: ReadonlySet<Storage>): Instruction["writes"] {
  const kept = Object.entries(writes).map(([name, operand]): [string, Operand] => {
    if (name !== "states" || !Array.isArray(operand)) return [name, operand];
    return [
      name,
      operand.map((tensor: SymbolicTensor | null) => (tensor !== null && live.has(tensor.storage) ? tensor : null)),
    ];
  });
  return Object.fromEntries(kept);
}

type Segment = readonly Instruction[] | HostCall;

function segmentsOf(steps: readonly (Instruction | HostCall)[]): Segment[] {
  const segments: Segment[] = [];
  let current: Instruction[] = [];
  for (const step of steps) {
    if ("run" in step) {
      if (current.length > 0) segments.push(current);
      segments.push(step);
      current = [];
    } else current.push(step);
  }
  if (current.length > 0) segments.push(current);
  return segments;
}

function neededBy(segments: readonly Segment[]): Set<Storage> {
  const tensors = segments.flatMap((segment) =>
    "run" in segment ? segment.inputs : segment.flatMap(({ reads }) => tensorsOf(reads)),
  );
  return new Set(tensors.map(({ storage }) => storage));
}

interface Surroundings {
  /** The dtypes of the inputs and the states of the model. */
  readonly given: ReadonlyMap<Storage, KerasDtype>;
  /** The dtypes of the outputs of the model, and of its states. */
  readonly asked: ReadonlyMap<Storage, KerasDtype>;
  /** The memory that later segments read. */
  readonly later: ReadonlySet<Storage>;
  readonly divisible: boolean;
}

function programStep(
  instructions: readonly Instruction[],
  { given, asked, later, divisible }: Surroundings,
): ProgramStep {
  const ids = new Map<Storage, number>();
  const tensors: NativeTensor[] = [];
  const constants: { tensor: number; data: NativePortArray }[] = [];
  const written = new Set<Storage>();
  const outside: Storage[] = [];
  const idOf = (storage: Storage): number => {
    let id = ids.get(storage);
    if (id === undefined) {
      id = tensors.length;
      ids.set(storage, id);
      tensors.push({ type: storage.type, size: storage.size });
      if (storage.constant !== null) constants.push({ tensor: id, data: storage.constant as NativePortArray });
      else if (!written.has(storage)) outside.push(storage);
    }
    return id;
  };
  const numbers = (operands: Readonly<Record<string, Operand>>) =>
    Object.fromEntries(Object.entries(operands).map(([name, operand]) => [name, numberOf(operand, idOf)]));
  const encoded = instructions.map((instruction) => {
    const reads = numbers(instruction.reads);
    for (const { storage } of tensorsOf(instruction.writes)) written.add(storage);
    return nativeInstruction(instruction, { ...reads, ...numbers(instruction.writes) });
  });
  const inputs = outside.map(
    (storage): Port => ({ storage, dtype: given.get(storage) ?? storage.type, size: storage.size }),
  );
  const outputs = [...written]
    .filter((storage) => asked.has(storage) || later.has(storage))
    .map(
      (storage): Port => ({
        storage,
        dtype: later.has(storage) ? storage.type : (asked.get(storage) as KerasDtype),
        size: storage.size,
      }),
    );
  const ports = (list: readonly Port[]): NativePort[] =>
    list.map(({ storage, dtype }) => ({ tensor: idOf(storage), dtype: portDtype(dtype) }));
  const program = new (native().NativeProgram)({
    tensors,
    constants,
    inputs: ports(inputs),
    outputs: ports(outputs),
    instructions: encoded,
    divisible,
  });
  return { program, inputs, outputs };
}

function numberOf(operand: Operand, idOf: (storage: Storage) => number): number | (number | null)[] | null {
  if (operand === null) return null;
  if (operand instanceof SymbolicTensor) return idOf(operand.storage);
  return operand.map((tensor) => (tensor === null ? null : idOf(tensor.storage)));
}

/** Returns the type of the array for elements of `dtype`. All integers travel as 32-bit ones. */
export function portDtype(dtype: KerasDtype): NativePortType {
  if (dtype === "bool" || dtype.includes("float")) return dtype as NativePortType;
  return "int32";
}
