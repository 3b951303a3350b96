/**
 * Keras's constraints by their Keras names: `new constraints.MaxNorm({ max_value: 3 })`.
 *
 * @packageDocumentation
 */
export { type Axis, Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm } from "../constraints.js";
