import { lengthOf } from "../arguments/intrinsics.js";
/** Ids of the requirements for the cuDNN path, in the order `explain` lists them. */
export type RequirementId =
  | "activation"
  | "recurrent_activation"
  | "dropout"
  | "recurrent_dropout"
  | "unroll"
  | "use_bias"
  | "reset_after"
  | "mask"
  | "eager"
  | "limits"
  | "runtime";

/** One requirement for the cuDNN path, and whether a call meets it. */
export interface Requirement {
  /** The id of the requirement. */
  readonly id: RequirementId;
  /** Whether the call meets it. */
  readonly met: boolean;
  /** What is required and what there is, in one sentence. */
  readonly detail: string;
}

/** What a layer and a call bring to the question. Sizes that are not known yet are `null` and count as fine. */
export interface EligibilityInput {
  /** Keras's name of the activation function. */
  readonly activation: string;
  readonly recurrentActivation: string;
  readonly dropout: number;
  readonly recurrentDropout: number;
  readonly unroll: boolean;
  readonly useBias: boolean;
  readonly resetAfter: boolean;
  readonly training: boolean;
  /** (batch, timesteps), row-major, non-zero is true; `null` without a mask. */
  readonly mask: Uint8Array | null;
  /** Whether `lengths` stand for a mask: right-padded by nature. */
  readonly hasLengths: boolean;
  readonly batch: number | null;
  readonly timesteps: number | null;
  readonly features: number | null;
  readonly units: number;
}

/** cuDNN's sizes and strides are 32-bit signed integers. */
const LARGEST_SIZE = 2 ** 31 - 1;

/**
 * Judges every requirement but `runtime`, which is not a matter of the layer or the call. Pure: the same input give the
 * same answer.
 */
export function judge(input: EligibilityInput): Requirement[] {
  return [
    named("activation", input.activation, "tanh"),
    named("recurrent_activation", input.recurrentActivation, "sigmoid"),
    rate("dropout", input.dropout, input.training),
    rate("recurrent_dropout", input.recurrentDropout, input.training),
    flag("unroll", input.unroll, false),
    flag("use_bias", input.useBias, true),
    flag("reset_after", input.resetAfter, true),
    padding(input),
    { id: "eager", met: true, detail: "Eager execution is required, and every call here is eager." },
    limits(input),
  ];
}

function named(id: RequirementId, value: string, wanted: string): Requirement {
  return { id, met: value === wanted, detail: `\`${id}\` must be "${wanted}" and is "${value}".` };
}

function rate(id: RequirementId, value: number, training: boolean): Requirement {
  if (!training) return { id, met: true, detail: `\`${id}\` (${value}) has no effect outside training.` };
  return { id, met: value === 0, detail: `In training \`${id}\` must be 0 and is ${value}.` };
}

function flag(id: RequirementId, value: boolean, wanted: boolean): Requirement {
  return { id, met: value === wanted, detail: `\`${id}\` must be ${wanted} and is ${value}.` };
}

function padding({ mask, hasLengths, timesteps }: EligibilityInput): Requirement {
  if (hasLengths) return { id: "mask", met: true, detail: "A mask must be strictly right-padded, as `lengths` are." };
  if (mask === null)
    return { id: "mask", met: true, detail: "A mask must be strictly right-padded, and there is none." };
  const row = firstRowNotRightPadded(mask, timesteps ?? 0);
  if (row === -1) return { id: "mask", met: true, detail: "The mask must be strictly right-padded, and it is." };
  return { id: "mask", met: false, detail: `The mask must be strictly right-padded, and row ${row} is not.` };
}

/** The first row in which a true follows a false; -1 when there is none. */
function firstRowNotRightPadded(mask: Uint8Array, timesteps: number): number {
  for (let start = 0, row = 0; start < lengthOf(mask); start += timesteps, row++) {
    let ended = false;
    for (let i = start; i < start + timesteps; i++) {
      if (mask[i] === 0) ended = true;
      else if (ended) return row;
    }
  }
  return -1;
}

function limits({ batch, timesteps, features, units }: EligibilityInput): Requirement {
  for (const [name, size] of Object.entries({ batch, timesteps, features, units })) {
    if (size === null || (size >= 1 && size <= LARGEST_SIZE)) continue;
    return { id: "limits", met: false, detail: `Every size must be in 1..${LARGEST_SIZE}, and ${name} is ${size}.` };
  }
  // Strides of the state and of one gate's matrices.
  const products: [string, number][] = [
    ["batch * units", (batch ?? 1) * units],
    ["units * units", units * units],
    ["features * units", (features ?? 1) * units],
  ];
  for (const [name, product] of products) {
    if (product <= LARGEST_SIZE) continue;
    return { id: "limits", met: false, detail: `${name} must be at most ${LARGEST_SIZE}, and is ${product}.` };
  }
  return { id: "limits", met: true, detail: `Every size must be in 1..${LARGEST_SIZE}, and every known one is.` };
}
