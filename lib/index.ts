/**
 * The Keras GRU layer for Node.js, computed by a native addon: the layer itself, its streams and batchers, Keras's
 * initializers, regularizers, constraints and optimizers, and readers and writers of model files.
 *
 * @packageDocumentation
 */

export type { DtypeSpec, GRUArguments, Spec } from "./arguments/constructor.js";
export type { WeightValue } from "./arguments/known_shape.js";
export type { MaskLike } from "./arguments/mask_and_lengths.js";
export type { Out, OutTensor } from "./arguments/out_argument.js";
export type { CallArguments, CallAsyncArguments, StateLike } from "./arguments/read_call.js";
export type {
  CompositeCallArguments,
  CompositeCallAsyncArguments,
  CompositeForwardArguments,
  CompositeForwardAsyncArguments,
  CompositeUpstream,
} from "./arguments/read_composite.js";
export type {
  BackwardAsyncArguments,
  ForwardArguments,
  ForwardAsyncArguments,
  GradientLike,
  Upstream,
} from "./arguments/read_forward.js";
export type { StreamArguments, StreamFrame } from "./arguments/read_stream.js";
export type { WarmUpSizes } from "./arguments/read_warm_up.js";
export { tensor } from "./arguments/tensor_from.js";
export {
  type BackendInfo,
  backendInfo,
  type CudaDevice,
  type MemoryUsage,
  memoryUsage,
} from "./backend/backend_info.js";
export { type Configuration, configure } from "./backend/configure.js";
export type { Requirement, RequirementId } from "./backend/eligibility.js";
export type { ExplainArguments, Explanation } from "./backend/explain.js";
export { GRUError, type GRUErrorCode } from "./errors/gru_error.js";
export type { FileSource } from "./formats/source.js";
export {
  Activation,
  type CustomActivation,
  type CustomObject,
  type CustomObjects,
  constraints,
  DTypePolicy,
  type Dtype,
  type DtypeName,
  initializers,
  type KerasType,
  regularizers,
  type SerializedLike,
  type SerializedObject,
  type ThresholdParameters,
} from "./keras/index.js";
export type { MergeMode } from "./keras/merge_mode.js";
export {
  Bidirectional,
  type BidirectionalArguments,
  type BidirectionalConstructor,
  type BidirectionalFromKerasArguments,
  type BidirectionalOverrides,
  type GRULike,
} from "./layers/bidirectional.js";
export type { BidirectionalConfig, SerializedHalf } from "./layers/bidirectional_config.js";
export type { CallEvent } from "./layers/call/call_events.js";
export type { CompositeLayer } from "./layers/composite/composite_layer.js";
export type { CompositeGradients, CompositePass } from "./layers/composite/composite_pass.js";
export type { CompositeExplanation, LayerExplanation } from "./layers/composite/explain.js";
export type { OneCudnnCall } from "./layers/composite/one_cudnn_call.js";
export type {
  BidirectionalResult,
  LayerOutput,
  MasksOf,
  OneOrList,
  OutputList,
  ShapesOf,
  StackResult,
} from "./layers/composite/wrapper_types.js";
export type { GRUConfig } from "./layers/config.js";
export type { GRUGradients, GRUPass } from "./layers/gradients/pass.js";
export {
  type FromConfigArguments,
  type FromKerasArguments,
  GRU,
  type GRUArgumentsWithUnits,
  type GRUConstructor,
} from "./layers/gru.js";
export {
  GRUStack,
  type GRUStackArguments,
  type GRUStackConstructor,
  type GRUStackFromKerasArguments,
  type GRUStackOverrides,
  type LoadStackWeightsArguments,
} from "./layers/gru_stack.js";
export type { GRUStackConfig } from "./layers/gru_stack_config.js";
export type { StackLayer } from "./layers/gru_stack_parts.js";
export type {
  CallResult,
  MaskResult,
  PartialShape,
  ResultTensor,
  ShapeResult,
  StateTensor,
  WeightTensor,
  WeightVariable,
} from "./layers/result_types.js";
export { type DenseWeights, type ModelLayer, saveModelWeights } from "./layers/save_model_weights.js";
export type { GRUStream } from "./layers/state/stream.js";
export type { LoadWeightsArguments } from "./layers/weights/load_weights.js";
export type { SaveWeightsArguments } from "./layers/weights/save_weights.js";
export type { SerializedLayer } from "./layers/wrapper_config.js";
export { type Batcher, type BatcherArguments, createBatcher } from "./serving/batcher.js";
export type { ModelBatcherArguments } from "./serving/model_subject.js";
export type { BatcherCallArguments, CompositeBatcherArguments } from "./serving/request.js";
export {
  type FloatArray,
  type FloatArrayOf,
  type NestedBooleans,
  type NestedNumbers,
  type RealArray,
  Tensor,
  type TensorDtype,
  type TensorLike,
  type TensorObject,
  type TypedArray,
} from "./tensor/tensor.js";
export { optimizers } from "./training/index.js";
export { Variable, type VariableOptions } from "./variables/variable.js";
