/**
 * Says how a layer treats the mask of its input, in Keras 3 when a model runs and in tfjs. Where both treat it alike, models
 * with masks compute the same.
 */
export interface MaskRule {
  /** Whose numbers depend on the mask of the first input. */
  readonly reads: { readonly keras: boolean; readonly tfjs: boolean };
  /** The mask of the first output in Keras. */
  readonly keras: MaskOutput;
  /** The mask of all outputs in tfjs. */
  readonly tfjs: MaskOutput;
}

/**
 * The mask of an output: none, that of the input, the input's if the layer returns sequences, a mask that the layer makes of
 * its inputs (`embedding`: inputs that are not 0; `masking`: timesteps in which not every input is the mask value), or one
 * that it makes of the masks of several inputs.
 */
export type MaskOutput = "none" | "input" | "sequences" | "embedding" | "masking" | "merge" | "concatenate";

const NOBODY = { keras: false, tfjs: false };

/** The mask goes through. */
export const KEEPS: MaskRule = { reads: NOBODY, keras: "input", tfjs: "input" };

/** The output has no mask. */
export const DROPS: MaskRule = { reads: NOBODY, keras: "none", tfjs: "none" };

/** The mask goes through in Keras. tfjs loses it. */
export const TFJS_DROPS: MaskRule = { reads: NOBODY, keras: "input", tfjs: "none" };

/** A recurrent layer skips masked timesteps. */
export const RECURRENT: MaskRule = { reads: { keras: true, tfjs: true }, keras: "sequences", tfjs: "sequences" };
