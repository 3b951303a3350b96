/**
 * Readers and writers of model files. This folder is imported only when a file is read or written. Its libraries (yauzl
 * for zip archives, h5wasm for HDF5) are imported only when a file needs them.
 */
export type { WeightData } from "./keras_files/gru_variables.js";
export { type KerasLayerFile, type KerasLayerWeights, readGruWeights, readKerasGru } from "./keras_files/keras_gru.js";
export type { BidirectionalToWrite, LayerToWrite } from "./keras_files/keras_weights.js";
export {
  listKerasWrappers,
  readKerasWrappers,
  readWrapperWeights,
  type WantedLayer,
  type WrapperFile,
  type WrapperWeights,
} from "./keras_files/keras_wrappers.js";
export type { FileSource } from "./source.js";
export { writeGru } from "./write_gru.js";
export { writeModelWeights } from "./write_model.js";
