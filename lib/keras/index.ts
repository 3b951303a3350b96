/** What users see of Keras's vocabularies: namespaces named as in Keras, and the types that appear in them. */
export { Activation, type ThresholdParameters } from "./activation.js";
export type { CustomObject, CustomObjects } from "./custom_objects.js";
export { DTypePolicy, type Dtype, type DtypeName } from "./dtype_policy.js";
export type { CustomActivation } from "./gate_activation.js";
export * as constraints from "./public/constraints.js";
export * as initializers from "./public/initializers.js";
export * as regularizers from "./public/regularizers.js";
export type { KerasType, SerializedLike, SerializedObject } from "./serialization.js";
