import type { Random } from "./random.js";

/** The tools of one case. */
export interface Case {
  readonly random: Random;
  /** Its number. */
  readonly index: number;
  /** Says what is about to be done, so that a crash in it can be named. */
  step(what: string): void;
  /** Counts one call of the package, or one file. */
  count(): void;
  /** Counts one outcome by its name, for the summary. */
  tally(outcome: string): void;
  /** Records that the package did what it must not: `symptom` groups findings, `detail` describes this one. */
  report(symptom: string, detail?: string): void;
  /** Records an error that is not a `GRUError` with a stable code. Returns true for an allowed error. */
  accepts(error: unknown, codes?: readonly string[]): boolean;
}

/** One thing to fuzz. */
export interface Target {
  run(one: Case): Promise<void>;
  /** Whether this process should end and another go on, because what it has loaded is spent. */
  spent?(): boolean;
}
