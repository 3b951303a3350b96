import { CALL_FLAGS } from "../../native/contract.js";
import type { GruInstruction, GruLayer, NativeInstruction } from "../../native/instructions.js";
import type { TensorId } from "../../native/program_values.js";
import type { RecurrentStage } from "../emit/recurrent.js";
import type { Instruction } from "./instructions.js";

/** The fields of a recurrent instruction, whose GRUs still have their TypeScript objects. */
export interface RecurrentFields {
  readonly repeat: number;
  readonly steps: number;
  readonly returnSequences: boolean;
  /** The `CALL_FLAGS` of the path that all GRUs take. */
  readonly flags: number;
  readonly layers: readonly RecurrentStage[];
}

/** The numbers of an instruction's tensors, by the names of the operands. */
export type Numbers = Readonly<Record<string, TensorId | (TensorId | null)[] | null>>;

/** Returns an instruction as the addon takes it. */
export function nativeInstruction({ op, fields }: Instruction, numbers: Numbers): NativeInstruction {
  if (op === "gru") return gruInstruction(fields as unknown as RecurrentFields, numbers);
  return { op, ...numbers, ...fields } as unknown as NativeInstruction;
}

function gruInstruction(
  { layers, flags, repeat, steps, returnSequences }: RecurrentFields,
  numbers: Numbers,
): GruInstruction {
  const { x, mask, outputs, initialStates, states } = numbers;
  let half = 0;
  const cudnn = (flags & CALL_FLAGS.cudnn) !== 0;
  const native = layers.map(
    ({ merge, halves }): GruLayer => ({
      merge,
      halves: halves.map(({ weights, options }) => {
        const at = half++;
        return {
          gru: weights.requireBuilt("predict").packed(),
          goBackwards: options.goBackwards,
          zeroOutputForMask: options.zeroOutputForMask,
          cudnn,
          initialState: (initialStates as (TensorId | null)[])[at] ?? null,
          state: (states as (TensorId | null)[])[at] ?? null,
        };
      }),
    }),
  );
  return {
    op: "gru",
    repeat,
    x: x as TensorId,
    steps,
    layers: native,
    returnSequences,
    outputs: outputs as TensorId[],
    mask: (mask ?? null) as TensorId | null,
    allowTf32: (flags & CALL_FLAGS.allowTf32) !== 0,
  };
}
