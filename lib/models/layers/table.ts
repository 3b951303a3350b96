import { ActivationLayer, EluLayer, LeakyReluLayer, ReluLayer } from "./activations.js";
import { BatchNormalizationLayer } from "./batch_normalization.js";
import { BidirectionalLayer } from "./bidirectional.js";
import { ConcatenateLayer } from "./concatenate.js";
import { Conv1DLayer } from "./conv1d.js";
import { DenseLayer } from "./dense.js";
import { EmbeddingLayer } from "./embedding.js";
import { GruLayer } from "./gru.js";
import { IdentityLayer } from "./identities.js";
import type { Layer, LayerSource } from "./layer.js";
import { AddLayer, AverageLayer, MaximumLayer, MinimumLayer, MultiplyLayer, SubtractLayer } from "./merging.js";
import {
  AveragePooling1DLayer,
  GlobalAveragePooling1DLayer,
  GlobalMaxPooling1DLayer,
  MaxPooling1DLayer,
} from "./pooling1d.js";
import { FlattenLayer, ReshapeLayer } from "./shapes.js";
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
  ["AlphaDropout", IdentityLayer],
  ["Average", AverageLayer],
  ["AveragePooling1D", AveragePooling1DLayer],
  ["BatchNormalization", BatchNormalizationLayer],
  ["Bidirectional", BidirectionalLayer],
  ["Concatenate", ConcatenateLayer],
  ["Conv1D", Conv1DLayer],
  ["CuDNNGRU", GruLayer],
  ["Dense", DenseLayer],
  ["Dropout", IdentityLayer],
  ["ELU", EluLayer],
  ["Embedding", EmbeddingLayer],
  ["Flatten", FlattenLayer],
  ["GRU", GruLayer],
  ["GaussianDropout", IdentityLayer],
  ["GaussianNoise", IdentityLayer],
  ["GlobalAveragePooling1D", GlobalAveragePooling1DLayer],
  ["GlobalMaxPooling1D", GlobalMaxPooling1DLayer],
  ["Identity", IdentityLayer],
  ["LeakyReLU", LeakyReluLayer],
  ["MaxPooling1D", MaxPooling1DLayer],
  ["Maximum", MaximumLayer],
  ["Minimum", MinimumLayer],
  ["Multiply", MultiplyLayer],
  ["ReLU", ReluLayer],
  ["Reshape", ReshapeLayer],
  ["SpatialDropout1D", IdentityLayer],
  ["Subtract", SubtractLayer],
  ["TimeDistributed", TimeDistributedLayer],
]);
