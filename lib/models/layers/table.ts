import { ActivationLayer, EluLayer, LeakyReluLayer, ReluLayer } from "./activations.js";
import { AdditiveAttentionLayer, AttentionLayer } from "./attention.js";
import { BatchNormalizationLayer } from "./batch_normalization.js";
import { BidirectionalLayer } from "./bidirectional.js";
import { ConcatenateLayer } from "./concatenate.js";
import { Conv1DLayer, Conv2DLayer } from "./convolutions.js";
import { DenseLayer } from "./dense.js";
import { DepthwiseConv1DLayer, SeparableConv1DLayer } from "./depthwise.js";
import { DotLayer } from "./dot.js";
import { EmbeddingLayer } from "./embedding.js";
import { FunctionLayer } from "./function_layer.js";
import { GruLayer } from "./gru.js";
import { IdentityLayer } from "./identities.js";
import type { Layer, LayerSource } from "./layer.js";
import { MaskingLayer } from "./masking.js";
import { AddLayer, AverageLayer, MaximumLayer, MinimumLayer, MultiplyLayer, SubtractLayer } from "./merging.js";
import { GroupNormalizationLayer, LayerNormalizationLayer, UnitNormalizationLayer } from "./normalizations.js";
import {
  AveragePooling1DLayer,
  AveragePooling2DLayer,
  GlobalAveragePooling1DLayer,
  GlobalAveragePooling2DLayer,
  GlobalMaxPooling1DLayer,
  GlobalMaxPooling2DLayer,
  MaxPooling1DLayer,
  MaxPooling2DLayer,
} from "./pooling.js";
import { PreluLayer } from "./prelu.js";
import { NormalizationLayer, RescalingLayer } from "./preprocessing.js";
import {
  Cropping1DLayer,
  PermuteLayer,
  RepeatVectorLayer,
  UpSampling1DLayer,
  ZeroPadding1DLayer,
} from "./reshaping.js";
import { RnnLayer } from "./rnn.js";
import { FlattenLayer, ReshapeLayer } from "./shapes.js";
import { SoftmaxLayer } from "./softmax.js";
import { TimeDistributedLayer } from "./time_distributed.js";

/** The layers, by Keras's names of their classes. */
export const LAYERS: ReadonlyMap<string, new (source: LayerSource) => Layer> = new Map<
  string,
  new (
    source: LayerSource,
  ) => Layer
>([
  ["Activation", ActivationLayer],
  ["ActivityRegularization", IdentityLayer],
  ["Add", AddLayer],
  ["AdditiveAttention", AdditiveAttentionLayer],
  ["AlphaDropout", IdentityLayer],
  ["Attention", AttentionLayer],
  ["Average", AverageLayer],
  ["AveragePooling1D", AveragePooling1DLayer],
  ["AveragePooling2D", AveragePooling2DLayer],
  ["BatchNormalization", BatchNormalizationLayer],
  ["Bidirectional", BidirectionalLayer],
  ["Concatenate", ConcatenateLayer],
  ["Conv1D", Conv1DLayer],
  ["Conv2D", Conv2DLayer],
  ["Cropping1D", Cropping1DLayer],
  ["CuDNNGRU", GruLayer],
  ["Dense", DenseLayer],
  ["DepthwiseConv1D", DepthwiseConv1DLayer],
  ["Dot", DotLayer],
  ["Dropout", IdentityLayer],
  ["ELU", EluLayer],
  ["Embedding", EmbeddingLayer],
  ["Flatten", FlattenLayer],
  ["GRU", GruLayer],
  ["GaussianDropout", IdentityLayer],
  ["GaussianNoise", IdentityLayer],
  ["GlobalAveragePooling1D", GlobalAveragePooling1DLayer],
  ["GlobalAveragePooling2D", GlobalAveragePooling2DLayer],
  ["GlobalMaxPooling1D", GlobalMaxPooling1DLayer],
  ["GlobalMaxPooling2D", GlobalMaxPooling2DLayer],
  ["GroupNormalization", GroupNormalizationLayer],
  ["Identity", IdentityLayer],
  ["LayerNormalization", LayerNormalizationLayer],
  ["LeakyReLU", LeakyReluLayer],
  ["Masking", MaskingLayer],
  ["MaxPooling1D", MaxPooling1DLayer],
  ["MaxPooling2D", MaxPooling2DLayer],
  ["Maximum", MaximumLayer],
  ["Minimum", MinimumLayer],
  ["Multiply", MultiplyLayer],
  ["Normalization", NormalizationLayer],
  ["PReLU", PreluLayer],
  ["Permute", PermuteLayer],
  ["RNN", RnnLayer],
  ["ReLU", ReluLayer],
  ["RepeatVector", RepeatVectorLayer],
  ["Rescaling", RescalingLayer],
  ["Reshape", ReshapeLayer],
  ["SeparableConv1D", SeparableConv1DLayer],
  ["SlicingOpLambda", FunctionLayer],
  ["Softmax", SoftmaxLayer],
  ["SpatialDropout1D", IdentityLayer],
  ["Subtract", SubtractLayer],
  ["TFOpLambda", FunctionLayer],
  ["TimeDistributed", TimeDistributedLayer],
  ["UnitNormalization", UnitNormalizationLayer],
  ["UpSampling1D", UpSampling1DLayer],
  ["ZeroPadding1D", ZeroPadding1DLayer],
]);
