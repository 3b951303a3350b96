import type { Storage, SymbolicTensor } from "./symbolic.js";

/** Why a layer cannot compute a sequence in pieces. */
export interface NeedsWhole {
  /** The words behind "a layer that". */
  readonly why: string;
}

/**
 * Whether a layer can compute a sequence in pieces. "pointwise" treats each timestep by itself. "causal" looks only back, and
 * carries what it needs. "inside" is a model, whose layers answer for themselves. Any other layer needs the whole sequence.
 */
export type Causality = "pointwise" | "causal" | "inside" | NeedsWhole;

/** Returns the causality of a layer that needs the whole sequence. */
export function needsWhole(why = "needs the whole sequence"): NeedsWhole {
  return { why };
}

/** A program that computes the next timesteps of sequences, and carries what earlier ones left. */
export class StreamCompilation {
  /** The number of timesteps that a run computes. */
  readonly steps: number;
  readonly #sequences = new Set<Storage>();
  #isApart = false;

  /** A number of timesteps that is hardly a size of a model. A run of so many shows layers that mix timesteps with others. */
  static readonly TRIAL = 1009;

  constructor(steps: number) {
    this.steps = steps;
  }

  /** Says that `tensor` has one element for each timestep on its first axis after the batch. */
  mark(tensor: SymbolicTensor): void {
    this.#sequences.add(tensor.storage);
  }

  /** True for a tensor with timesteps. */
  isSequence({ storage }: SymbolicTensor): boolean {
    return !this.#isApart && this.#sequences.has(storage);
  }

  /** True in a trial for a tensor that has the timesteps of the stream in another place than sequences have them. */
  hasLost(tensor: SymbolicTensor): boolean {
    const isTrial = this.steps === StreamCompilation.TRIAL && !this.#isApart;
    return isTrial && !this.isSequence(tensor) && tensor.shape.includes(this.steps);
  }

  /** Runs `work`, for which each timestep is a sample: there are no sequences of the stream inside. */
  apart<T>(work: () => T): T {
    const before = this.#isApart;
    this.#isApart = true;
    try {
      return work();
    } finally {
      this.#isApart = before;
    }
  }
}
