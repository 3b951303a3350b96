import type { LayerParts } from "../../layers/layer_parts.js";
import type { NativeMerge } from "../../native/binding.js";
import type { Builder } from "../compile/builder.js";
import type { SymbolicTensor } from "../compile/symbolic.js";
import { cast } from "./elementwise.js";
import { reversed } from "./movement.js";

/** A GRU, or the two halves of a Bidirectional and how their outputs become one. */
export interface RecurrentStage {
  readonly merge: NativeMerge;
  readonly halves: readonly LayerParts[];
}

/** One or more recurrent layers, each of which gets the sequence of the one before. */
export interface RecurrentCall {
  /** (timesteps, features), of any dtype. */
  readonly x: SymbolicTensor;
  /** (timesteps), or `null`. */
  readonly mask: SymbolicTensor | null;
  readonly stages: readonly RecurrentStage[];
  /** The initial state of each GRU, `null` for zeros. */
  readonly initialStates: readonly (SymbolicTensor | null)[];
  /** Whether the last stage returns all timesteps. */
  readonly returnSequences: boolean;
}

/** The tensors that recurrent layers make: one output, or two with the merge "separate", and a state for each GRU. */
export interface RecurrentResults {
  readonly outputs: SymbolicTensor[];
  readonly states: SymbolicTensor[];
}

/** Computes recurrent layers over the timesteps of `x`, (timesteps, features). */
export function recurrent(builder: Builder, call: RecurrentCall): RecurrentResults {
  const { mask, stages, returnSequences } = call;
  const halves = stages.flatMap((stage) => stage.halves);
  // The wrapper of a Bidirectional may compute in another dtype than its halves.
  const x = cast(builder, call.x, (halves[0] as LayerParts).options.computeDtype);
  const [timesteps] = x.shape as [number];
  builder.onRecurrent?.({ grus: halves, hasMask: mask !== null });
  const flags = pathFlags(builder, call, halves);
  const outputs = outputWidths(stages.at(-1) as RecurrentStage).map(([width, { options }]) =>
    builder.like(x, returnSequences ? [timesteps, width] : [width], options.computeDtype),
  );
  const states = halves.map(({ options }) => builder.like(x, [options.units], options.computeDtype));
  const initialStates = halves.map(({ options }, index) => {
    const state = call.initialStates[index] ?? null;
    return state === null ? null : cast(builder, state, options.computeDtype);
  });
  builder.emit(
    "gru",
    { x, mask: mask === null ? null : cast(builder, mask, "bool"), initialStates },
    { outputs, states },
    { repeat: x.repeat, steps: timesteps, returnSequences, flags, layers: stages },
  );
  return { outputs, states };
}

/** Returns the width of each output, with a GRU that makes it. */
function outputWidths({ merge, halves }: RecurrentStage): [number, LayerParts][] {
  const [first] = halves as [LayerParts];
  const width = halves.reduce((sum, { options }) => sum + options.units, 0);
  if (merge === "concat") return [[width, first]];
  return (merge === "separate" ? halves : [first]).map((half) => [half.options.units, half]);
}

/**
 * Returns the flags of the path that all GRUs take. Whether cuDNN may compute with a mask depends on the mask's values, so
 * such calls stay on the CPU. A call on the GPU needs the whole batch at a time.
 */
function pathFlags(builder: Builder, { x, mask }: RecurrentCall, halves: readonly LayerParts[]): number {
  if (mask !== null || builder.stream !== null) return 0;
  const [timesteps, features] = x.shape as [number, number];
  const batch = builder.mode === "divided" ? 1 : builder.mode;
  const request = { batch, timesteps, features, mask: null, lengths: null, training: false };
  const flags = halves.map(({ path }) => path.flagsFor(request));
  const [first] = flags as [number];
  if (first === 0 || flags.some((one) => one !== first)) return 0;
  builder.requireWhole("together");
  builder.usesCudnn = true;
  return first;
}

/** Returns `x` with its timesteps in the reverse order. */
export function backwards(builder: Builder, x: SymbolicTensor): SymbolicTensor {
  return reversed(builder, x, 0);
}
