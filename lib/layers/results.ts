import { readInputShape } from "../arguments/shapes.js";
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

/** What of a layer the shapes and masks of its results depend on. */
interface ResultFacts {
  readonly units: number;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
}

/** The shapes of a call's results, for inputs of a shape. Throws `ERR_SHAPE`. */
export function outputShape<S extends boolean>(
  facts: ResultFacts,
  inputShape: readonly (number | null)[],
): ShapeResult<S> {
  const [batch, timesteps] = readInputShape(inputShape, "input_shape");
  const { units, returnSequences, returnState } = facts;
  const output: PartialShape = returnSequences ? [batch, timesteps, units] : [batch, units];
  return (returnState ? [output, [batch, units]] : output) as ShapeResult<S>;
}

/** The masks of a call's results. */
export function outputMask<M, S extends boolean>(facts: ResultFacts, mask: M | null): MaskResult<M, S> {
  const output = facts.returnSequences ? mask : null;
  return (facts.returnState ? [output, null] : output) as MaskResult<M, S>;
}
