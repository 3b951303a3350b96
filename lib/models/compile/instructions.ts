import type { NativeActivation } from "../../native/binding.js";
import type { SymbolicTensor } from "./symbolic.js";

/** A tensor, several, or none as an operand of an instruction. */
export type Operand = SymbolicTensor | readonly (SymbolicTensor | null)[] | null;

/** An instruction of a program: its operands by name, and its other fields as the addon takes them. */
export interface Instruction {
  readonly op: string;
  readonly reads: Readonly<Record<string, Operand>>;
  readonly writes: Readonly<Record<string, Operand>>;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The activation of an instruction; `null` for linear. */
export type InstructionActivation = NativeActivation | null;

/** Returns the tensors of operands, without those that are missing. */
export function tensorsOf(operands: Readonly<Record<string, Operand>>): SymbolicTensor[] {
  return Object.values(operands).flatMap((operand) => {
    if (operand === null) return [];
    if (!Array.isArray(operand)) return [operand as SymbolicTensor];
    return (operand as readonly (SymbolicTensor | null)[]).filter((tensor) => tensor !== null);
  });
}
