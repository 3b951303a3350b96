/** The public part of Keras's objects: one namespace for each of Keras's modules, and the types used in them. */
export { Activation, type ThresholdParameters } from "./activation.js";
export type { CustomObject, CustomObjects } from "./custom_objects.js";
export { DTypePolicy, type Dtype, type DtypeName } from "./dtype_policy.js";
export type { CustomActivation } from "./gate_activation.js";
/** Keras's constraints by their Keras names: `new constraints.MaxNorm({ max_value: 3 })`. */
export * as constraints from "./public/constraints.js";
/** Keras's initializers by their Keras names: `new initializers.HeNormal({ seed: 1 })`. */
export * as initializers from "./public/initializers.js";
/** Keras's regularizers by their Keras names: `new regularizers.L2({ l2: 1e-4 })`. */
export * as regularizers from "./public/regularizers.js";
export type { KerasType, SerializedLike, SerializedObject } from "./serialization.js";
