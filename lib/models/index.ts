/** Whole Keras models, for inference: `cudnn-gru/models`. */
export type { CustomLayer, CustomLayerCall, CustomLayerResult, CustomLayers } from "./custom_layers.js";
export type { Structure } from "./graph/structure.js";
export { type LoadKerasModelArguments, loadKerasModel } from "./load_keras_model.js";
export { KerasModel, type ModelLayerInfo, type ModelTensor } from "./model.js";
export type { OpenShape } from "./run/describe.js";
export type { LayerExplanation, ModelExplanation } from "./run/explain.js";
export { ModelStream, type ModelStreamArguments } from "./run/model_stream.js";
export type { PredictArguments, PredictAsyncArguments } from "./run/predict_arguments.js";
export type { ModelFrame } from "./run/read_frame.js";
export type { ModelInputs } from "./run/read_inputs.js";
