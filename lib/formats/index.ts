/**
 * Readers of model files. This folder is imported only when a model is read, and its libraries (yauzl for zip archives,
 * h5wasm for HDF5) only when a file turns out to need them.
 */
export type { WeightData } from "./gru_variables.js";
export { type KerasLayerFile, type KerasLayerWeights, readGruWeights, readKerasGru } from "./keras_gru.js";
