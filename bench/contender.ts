import type { Problem } from "./problem.js";
import type { Shape } from "./shapes.js";

/** A problem made ready by one contender: weights packed, sessions built, inputs where it wants them. */
export interface Task {
  /**
   * The result in float32: (batch, timesteps, units of all directions) or, in training, the gradients of the outputs' sum in inputs,
   * kernel, recurrent kernel and bias, one after the other. Null for a contender without results.
   */
  readonly output: Float32Array | null;
  /** Makes `calls` calls one after the other; nanoseconds for all of them, by the contender's own clock. */
  time(calls: number): Promise<number>;
  close(): Promise<void> | void;
}

/**
 * The role of a contender in the tables. `ours` is our layer as users call it in float32; all others are compared with
 * it. `kernel` is our computation called from C++. `float64` is our layer in that type. `way` is another way to call
 * our layer, or a part of such a call. `apart` are the layers of a stack of ours, called one by one, or our layer called in another way than the one
 * that is compared. `other type` is our layer in another type than bfloat16, where that is compared. `peer` is another
 * library.
 */
export type Role = "ours" | "kernel" | "float64" | "way" | "apart" | "other type" | "peer";

/** Something that computes a GRU over whole sequences, or its gradients. */
export interface Contender {
  readonly name: string;
  readonly version: string;
  readonly role: Role;
  /** Keras's `reset_after`: false for the few that know only the older convention. */
  readonly resetAfter: boolean;
  /** The reason why this shape is not run, or null. It is empty when nobody would expect the contender there. */
  declines(shape: Shape): string | null;
  prepare(problem: Problem): Promise<Task>;
  close(): Promise<void> | void;
}

/** Says how to open a contender. */
export interface ContenderSource {
  /** The name on the command line. */
  readonly name: string;
  /** Opens the contender. Rejects with `Unavailable` when this machine does not have it. */
  open(threads: number): Promise<Contender>;
}

/** A contender that this machine does not have; the message says what is missing. */
export class Unavailable extends Error {}
