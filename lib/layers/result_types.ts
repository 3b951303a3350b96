import { readInputShape } from "../arguments/shapes.js";
import type { ComputeDtype, DtypeName, VariableDtype } from "../keras/dtype_policy.js";
import type { FloatArrayOf, Tensor } from "../tensor/tensor.js";
import type { Variable } from "../variables/variable.js";

/** A result of a layer whose `dtype` is `D`: `Float32Array` data for float32, `Float64Array` for float64, else bits. */
export type ResultTensor<D extends DtypeName = DtypeName> = Tensor<FloatArrayOf<ComputeDtype<D>>>;

/** The elements of a weight of a layer whose `dtype` is `D`, or its gradient. */
export type WeightTensor<D extends DtypeName = DtypeName> = Tensor<FloatArrayOf<VariableDtype<D>>>;

/** A weight of a layer whose `dtype` is `D`. */
export type WeightVariable<D extends DtypeName = DtypeName> = Variable<VariableDtype<D>>;

/** The state that a stateful layer carries: float64 in a float64 layer, else float32. */
export type StateTensor<D extends DtypeName = DtypeName> = Tensor<
  FloatArrayOf<D extends "float64" ? "float64" : "float32">
>;

/** What a call gives: the output, or `[output, state]` for a layer with `return_state: true`. */
export type CallResult<S extends boolean, D extends DtypeName = DtypeName> = S extends true
  ? [output: ResultTensor<D>, state: ResultTensor<D>]
  : ResultTensor<D>;

/** A shape whose batch and timesteps may be unknown. */
export type PartialShape = (number | null)[];

/** As `CallResult`, for shapes. */
export type ShapeResult<S extends boolean> = S extends true
  ? [output: PartialShape, state: PartialShape]
  : PartialShape;

/** As `CallResult`, for masks; a state has none. */
export type MaskResult<M, S extends boolean> = S extends true ? [output: M | null, state: null] : M | null;

/** What of a layer the shapes and masks of its results depend on. */
interface ResultSettings {
  readonly units: number;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
}

/** The shapes of a call's results, for inputs of a shape. Throws `ERR_SHAPE`. */
export function outputShape<S extends boolean>(
  layer: ResultSettings,
  inputShape: readonly (number | null)[],
): ShapeResult<S> {
  const [batch, timesteps] = readInputShape(inputShape, "input_shape");
  const { units, returnSequences, returnState } = layer;
  const output: PartialShape = returnSequences ? [batch, timesteps, units] : [batch, units];
  return (returnState ? [output, [batch, units]] : output) as ShapeResult<S>;
}

/** The masks of a call's results. */
export function outputMask<M, S extends boolean>(layer: ResultSettings, mask: M | null): MaskResult<M, S> {
  const output = layer.returnSequences ? mask : null;
  return (layer.returnState ? [output, null] : output) as MaskResult<M, S>;
}
