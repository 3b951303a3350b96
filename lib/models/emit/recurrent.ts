import type { LayerParts } from "../../layers/layer_parts.js";
import type { NativeMerge } from "../../native/binding.js";
import type { Builder } from "../compile/builder.js";
import type { SymbolicTensor } from "../compile/symbolic.js";
import { cast } from "./elementwise.js";

/** One GRU of a recurrent layer, and its initial state. */
export interface RecurrentHalf {
  readonly parts: LayerParts;
  /** (units); `null` for zeros. */
  readonly initialState: SymbolicTensor | null;
}

/** A GRU, or the two halves of a Bidirectional and how their outputs become one. */
export interface RecurrentStage {
  readonly merge: NativeMerge;
  readonly halves: readonly RecurrentHalf[];
}

/** The tensors that a recurrent layer makes: one output, or two with the merge "separate", and a state for each half. */
export interface RecurrentResults {
  readonly outputs: SymbolicTensor[];
  readonly states: SymbolicTensor[];
}

/** Computes a recurrent layer over the timesteps of `x`, (timesteps, features). `mask` is (timesteps). */
export function recurrent(
  builder: Builder,
  x: SymbolicTensor,
  mask: SymbolicTensor | null,
  { merge, halves }: RecurrentStage,
): RecurrentResults {
  const [{ parts: first }] = halves as [RecurrentHalf];
  const { returnSequences, computeDtype } = first.options;
  const [timesteps, features] = x.shape as [number, number];
  const flags = pathFlags(builder, { halves, timesteps, features, mask });
  const width = halves.reduce((sum, { parts }) => sum + parts.options.units, 0);
  const widths =
    merge === "concat"
      ? [width]
      : merge === "separate"
        ? halves.map((half) => half.parts.options.units)
        : [first.options.units];
  const outputs = widths.map((units) => builder.like(x, returnSequences ? [timesteps, units] : [units], computeDtype));
  const states = halves.map(({ parts }) => builder.like(x, [parts.options.units], parts.options.computeDtype));
  const initialStates = halves.map(({ initialState, parts }) =>
    initialState === null ? null : cast(builder, initialState, parts.options.computeDtype),
  );
  builder.emit(
    "gru",
    { x, mask: mask === null ? null : cast(builder, mask, "bool"), initialStates },
    { outputs, states },
    {
      repeat: x.repeat,
      steps: timesteps,
      returnSequences,
      flags,
      layers: [{ merge, halves: halves.map(({ parts }) => parts) }],
    },
  );
  return { outputs, states };
}

interface PathRequest {
  readonly halves: readonly RecurrentHalf[];
  readonly timesteps: number;
  readonly features: number;
  readonly mask: SymbolicTensor | null;
}

/**
 * Returns the flags of the path that all halves take. Whether cuDNN may compute with a mask depends on the mask's values,
 * so such calls stay on the CPU. A call on the GPU needs the whole batch at a time.
 */
function pathFlags(builder: Builder, { halves, timesteps, features, mask }: PathRequest): number {
  if (mask !== null) return 0;
  const batch = builder.mode === "divided" ? 1 : builder.mode;
  const request = { batch, timesteps, features, mask: null, lengths: null, training: false };
  const flags = halves.map(({ parts }) => parts.path.flagsFor(request));
  const [first] = flags as [number];
  if (first === 0 || flags.some((one) => one !== first)) return 0;
  builder.requireWhole();
  builder.usesCudnn = true;
  return first;
}
