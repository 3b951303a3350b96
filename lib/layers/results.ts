import type { FloatArray, Tensor } from "../tensor.js";

/** What a call gives: the output, or `[output, state]` for a layer with `return_state: true`. */
export type CallResult<S extends boolean> = S extends true
  ? [output: Tensor<FloatArray>, state: Tensor<FloatArray>]
  : Tensor<FloatArray>;

/** A shape whose batch and timesteps may be unknown. */
export type PartialShape = (number | null)[];

/** As `CallResult`, for shapes. */
export type ShapeResult<S extends boolean> = S extends true
  ? [output: PartialShape, state: PartialShape]
  : PartialShape;

/** As `CallResult`, for masks; a state has none. */
export type MaskResult<M, S extends boolean> = S extends true ? [output: M | null, state: null] : M | null;
