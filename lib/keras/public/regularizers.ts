/**
 * Keras's regularizers by their Keras names: `new regularizers.L2({ l2: 1e-4 })`.
 *
 * @packageDocumentation
 */
export { L1, L1L2, L2, OrthogonalRegularizer, Regularizer } from "../regularizers.js";
