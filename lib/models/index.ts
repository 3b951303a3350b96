/** Whole Keras models, for inference: `cudnn-gru/models`. */
export { type LoadKerasModelArguments, loadKerasModel } from "./load_keras_model.js";
export { KerasModel } from "./model.js";
