import type { RecurrentStage } from "../emit/recurrent.js";
import type { HostCall } from "./host.js";
import { type Instruction, tensorsOf } from "./instructions.js";
import type { Storage, SymbolicTensor } from "./symbolic.js";

type Step = Instruction | HostCall;

/**
 * Joins recurrent layers that follow each other to one instruction, whose threads work on several layers at a time. The
 * results are those of the layers one by one, bit for bit.
 *
 * @param asked the memory that the caller of the program reads.
 */
export function joinRecurrent(steps: readonly Step[], asked: ReadonlySet<Storage>): Step[] {
  const readers = readersOf(steps);
  const joined: (Step | null)[] = [...steps];
  const writers = new Map<Storage, number>();
  joined.forEach((step, index) => {
    if (step === null || "run" in step) return;
    const before = step.op === "gru" ? writers.get(xOf(step).storage) : undefined;
    const first = before === undefined ? null : (joined[before] ?? null);
    if (first !== null && !("run" in first) && before !== undefined) {
      const between = joined.slice(before + 1, index).filter((one): one is Step => one !== null);
      if (fitsBehind(first, step, between) && !asked.has(xOf(step).storage) && readers.get(xOf(step).storage) === 1) {
        joined[before] = null;
        joined[index] = together(first, step);
      }
    }
    const own = joined[index] as Instruction;
    if (own.op === "gru") for (const { storage } of outputsOf(own)) writers.set(storage, index);
  });
  return joined.filter((step): step is Step => step !== null);
}

/** Returns how often each piece of memory is read. */
function readersOf(steps: readonly Step[]): Map<Storage, number> {
  const readers = new Map<Storage, number>();
  for (const step of steps) {
    const tensors = "run" in step ? step.inputs : tensorsOf(step.reads);
    for (const { storage } of tensors) readers.set(storage, (readers.get(storage) ?? 0) + 1);
  }
  return readers;
}

function xOf({ reads }: Instruction): SymbolicTensor {
  return reads.x as SymbolicTensor;
}

function outputsOf({ writes }: Instruction): SymbolicTensor[] {
  return writes.outputs as SymbolicTensor[];
}

function statesOf({ writes }: Instruction): (SymbolicTensor | null)[] {
  return writes.states as (SymbolicTensor | null)[];
}

function stagesOf({ fields }: Instruction): readonly RecurrentStage[] {
  return fields.layers as readonly RecurrentStage[];
}

/** True when `second` computes what comes right behind `first`, and nothing between them needs the states of `first`. */
function fitsBehind(first: Instruction, second: Instruction, between: readonly Step[]): boolean {
  const [output, ...more] = outputsOf(first);
  const x = xOf(second);
  if (first.op !== "gru" || output === undefined || more.length > 0 || first.fields.returnSequences !== true)
    return false;
  const sameForm = output.repeat === x.repeat && output.shape.join() === x.shape.join();
  const sameMask = maskOf(first) === maskOf(second) && first.fields.flags === second.fields.flags;
  if (!sameForm || !sameMask || dtypeOf(first) !== dtypeOf(second)) return false;
  const states = new Set(statesOf(first).map((state) => state?.storage));
  return [...between, second].every((step) => {
    const tensors = "run" in step ? step.inputs : tensorsOf(step.reads);
    return tensors.every(({ storage }) => !states.has(storage));
  });
}

function maskOf({ reads }: Instruction): Storage | null {
  return (reads.mask as SymbolicTensor | null)?.storage ?? null;
}

function dtypeOf(instruction: Instruction): string {
  const dtypes = stagesOf(instruction).flatMap(({ halves }) => halves.map(({ options }) => options.computeDtype));
  return [...new Set(dtypes)].join();
}

function together(first: Instruction, second: Instruction): Instruction {
  const initial = ({ reads }: Instruction) => reads.initialStates as (SymbolicTensor | null)[];
  return {
    ...second,
    reads: { ...second.reads, x: xOf(first), initialStates: [...initial(first), ...initial(second)] },
    writes: { ...second.writes, states: [...statesOf(first), ...statesOf(second)] },
    fields: { ...second.fields, layers: [...stagesOf(first), ...stagesOf(second)] },
  };
}
