import { lengthOf } from "../native/intrinsics.js";

/** The ids of the requirements for the cuDNN path, in the order in which `explain` lists them. */
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
  /** One sentence that says what is required and what the call has. */
  readonly detail: string;
}

/**
 * The properties of a layer and a call that the requirements are about. A size that is not known yet is `null`, and
 * counts as met.
 */
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
  /** True when `lengths` take the place of a mask. They always describe a right-padded mask. */
  readonly hasLengths: boolean;
  readonly batch: number | null;
  readonly timesteps: number | null;
  readonly features: number | null;
  readonly units: number;
}

/** The greatest size. cuDNN's sizes and strides are 32-bit signed integers. */
const LARGEST_SIZE = 2 ** 31 - 1;

/**
 * Checks every requirement except `runtime`, which depends neither on the layer nor on the call. A pure function: the
 * same input always has the same result.
 */
export function checkRequirements(input: EligibilityInput): Requirement[] {
  return [
    checkName("activation", input.activation, "tanh"),
    checkName("recurrent_activation", input.recurrentActivation, "sigmoid"),
    checkRate("dropout", input.dropout, input.training),
    checkRate("recurrent_dropout", input.recurrentDropout, input.training),
    checkFlag("unroll", input.unroll, false),
    checkFlag("use_bias", input.useBias, true),
    checkFlag("reset_after", input.resetAfter, true),
    checkPadding(input),
    { id: "eager", met: true, detail: "Eager execution is required, and every call here is eager." },
    checkLimits(input),
  ];
}

function checkName(id: RequirementId, value: string, wanted: string): Requirement {
  return { id, met: value === wanted, detail: `\`${id}\` must be "${wanted}" and is "${value}".` };
}

function checkRate(id: RequirementId, value: number, training: boolean): Requirement {
  if (!training) return { id, met: true, detail: `\`${id}\` (${value}) has no effect outside training.` };
  return { id, met: value === 0, detail: `In training \`${id}\` must be 0 and is ${value}.` };
}

function checkFlag(id: RequirementId, value: boolean, wanted: boolean): Requirement {
  return { id, met: value === wanted, detail: `\`${id}\` must be ${wanted} and is ${value}.` };
}

function checkPadding({ mask, hasLengths, timesteps }: EligibilityInput): Requirement {
  if (hasLengths) return { id: "mask", met: true, detail: "A mask must be strictly right-padded, as `lengths` are." };
  if (mask === null)
    return { id: "mask", met: true, detail: "A mask must be strictly right-padded, and there is none." };
  const row = firstRowNotRightPadded(mask, timesteps ?? 0);
  if (row === -1) return { id: "mask", met: true, detail: "The mask must be strictly right-padded, and it is." };
  return { id: "mask", met: false, detail: `The mask must be strictly right-padded, and row ${row} is not.` };
}

/** Returns the first row in which a true follows a false; -1 when there is none. */
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

function checkLimits({ batch, timesteps, features, units }: EligibilityInput): Requirement {
  for (const [name, size] of Object.entries({ batch, timesteps, features, units })) {
    if (size === null || (size >= 1 && size <= LARGEST_SIZE)) continue;
    return { id: "limits", met: false, detail: `Every size must be in 1..${LARGEST_SIZE}, and ${name} is ${size}.` };
  }
  // cuDNN uses these products as strides of the state and of the matrices of one gate.
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
