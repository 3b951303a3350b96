/**
 * What a program imports from `cudnn-gru/tfjs`, which needs the package `@tensorflow/tfjs` (^4.22). After importing this
 * module, `tf.loadLayersModel` makes models with this GRU. tfjs's own layers stay unchanged.
 *
 * @module cudnn-gru/tfjs
 */
export * from "../../lib/interop/tfjs/index.js";
