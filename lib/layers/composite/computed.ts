import type { NativeArray } from "../../native/arrays.js";
import type { PreparedComposite } from "./prepare.js";

/** The results of one half. */
export interface ComputedHalf {
  /** The output, in its own order of time; `null` when nothing needs it any more. */
  readonly output: NativeArray | null;
  readonly state: NativeArray;
}

/** The results of one stage, in the form that the kernels compute in. */
export interface ComputedStage {
  /** The outputs, in the stage's dtype; `null` when nothing needs them any more. The last stage always has them. */
  readonly outputs: readonly NativeArray[] | null;
  readonly halves: readonly ComputedHalf[];
}

/** The gradients of the results of one stage that come from outside of it, in the dtypes of the results. */
export interface StageGradients {
  /** The gradients of the stage's outputs. */
  readonly outputs: readonly (NativeArray | null)[];
  /** The gradients of the halves' own outputs and states. */
  readonly halves: readonly { readonly output: NativeArray | null; readonly state: NativeArray | null }[];
}

/** The gradients of one half that a pass computes, in the form that the kernels compute in. */
export interface HalfGradients {
  readonly initialState: NativeArray;
  /** The gradients of the weights, in Keras's order. */
  readonly weights: readonly NativeArray[];
}

/** All gradients that a pass computes. */
export interface ComputedGradients {
  /** In the dtype of the first stage. */
  readonly inputs: NativeArray;
  readonly halves: readonly HalfGradients[];
}

/** The backward computation of a pass. It can be run once, which frees the memory that the pass has kept. */
export interface BackwardComputation {
  /** Computes on this thread. */
  run(gradients: readonly StageGradients[]): ComputedGradients;
  /** Computes on the executor's threads. */
  runAsync(gradients: readonly StageGradients[], signal: AbortSignal | null): Promise<ComputedGradients>;
  /** Frees the memory that the pass has kept. May be called again. */
  dispose(): void;
}

/** The results of a forward computation, and the way back. */
export interface ComputedPass {
  readonly stages: readonly ComputedStage[];
  readonly backward: BackwardComputation;
}

/** The milliseconds that a call has waited in the executor's queue, and those that it has computed. */
export type Times = readonly [queued: number, computed: number];

/** A way to compute the calls of composites. */
export interface Runner {
  call(prepared: PreparedComposite): readonly ComputedStage[];
  callAsync(
    prepared: PreparedComposite,
    signal: AbortSignal | null,
  ): Promise<{ readonly stages: readonly ComputedStage[]; readonly times: Times }>;
  forward(prepared: PreparedComposite): ComputedPass;
  forwardAsync(
    prepared: PreparedComposite,
    signal: AbortSignal | null,
  ): Promise<{ readonly pass: ComputedPass; readonly times: Times }>;
}
