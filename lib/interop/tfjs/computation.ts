import type * as tfjs from "@tensorflow/tfjs";
import { expectedText } from "../../errors/messages.js";

import type { FloatArray, Tensor, TensorObject } from "../../index.js";
import { tf } from "./load_tfjs.js";

/**
 * The passes that tfjs has recorded and whose gradients it may still ask for. tfjs never announces that it will not: a
 * gradient function that it does not call hears nothing more. But tfjs records and asks within one synchronous run of
 * the outermost gradient. So it will not ask for a pass of an earlier recording, or for any pass once the run has
 * ended.
 */
class OpenPasses {
  readonly #passes = new Set<RecordedPass>();
  #recording: unknown = null;
  #scheduled = false;

  add(pass: RecordedPass): void {
    const { activeTape } = tf.engine().state;
    if (activeTape !== this.#recording) this.#disposeAll();
    this.#recording = activeTape;
    this.#passes.add(pass);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#disposeAll();
    });
  }

  /** Disposes `pass`, which has returned its gradients. */
  remove(pass: RecordedPass): void {
    this.#passes.delete(pass);
    pass.dispose();
  }

  #disposeAll(): void {
    for (const pass of this.#passes) pass.dispose();
    this.#passes.clear();
    this.#recording = null;
  }
}

const openPasses = new OpenPasses();

/** True while tfjs records computations in order to differentiate them. */
export function isRecording(): boolean {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  return gradientDepth > 0 && kernelDepth === 0;
}

/** The results of a layer, in Keras's order. */
type Results = readonly Tensor<FloatArray>[];

/** A layer of this package that computes for a layer of tfjs. It returns its states after its outputs. */
export interface Computing {
  call(inputs: TensorObject, args: CallArguments): Results;
  forward(inputs: TensorObject, args: CallArguments): RecordedPass;
}

/** A call whose gradients tfjs may ask for. */
export interface RecordedPass {
  readonly results: Results;
  /** Returns the gradients, from those of the results. Can be called once. */
  backward(upstream: readonly Float32Array[]): Gradients;
  dispose(): void;
}

/** The gradients of inputs, initial states and weights. Those of the states are only asked for where states are given. */
export interface Gradients {
  readonly inputs: Tensor<FloatArray>;
  readonly initialStates: Results;
  readonly weights: Results;
}

/** The arguments of one call of a layer of this package. */
export interface CallArguments {
  readonly training: boolean;
  readonly mask: { data: Uint8Array; shape: number[] } | null;
  readonly initial_state: TensorObject[] | null;
}

/** The arguments of one call of the tfjs layer. */
export interface Computation {
  /** The layer that computes. Its weights have the values of `weights`. */
  readonly layer: Computing;
  /** (batch, timesteps, features), float32. */
  readonly inputs: tfjs.Tensor;
  /** (batch, units), float32: one for each GRU, or none at all. */
  readonly initialStates: readonly tfjs.Tensor[];
  /** The layer's weights, in Keras's order. */
  readonly weights: readonly tfjs.Tensor[];
  /** (batch, timesteps). */
  readonly mask: tfjs.Tensor | null;
  readonly training: boolean;
}

/** Returns the results. tfjs can differentiate them with respect to inputs, initial states and weights. */
export function compute(computation: Computation): tfjs.Tensor[] {
  if (isRecording()) return recorded(computation);
  return computation.layer.call(view(computation.inputs), argumentsOf(computation)).map(toTfjs);
}

function recorded(computation: Computation): tfjs.Tensor[] {
  const { layer, inputs, initialStates, weights } = computation;
  let shapes: number[][] = [];
  // A function with its own gradient must return one tensor, so this one joins all results end to end.
  const differentiable = tf.customGrad(() => {
    const pass = layer.forward(view(inputs), argumentsOf(computation));
    openPasses.add(pass);
    shapes = pass.results.map(({ shape }) => shape);
    const value = new Float32Array(pass.results.reduce((sum, { data }) => sum + data.length, 0));
    let end = 0;
    for (const { data } of pass.results) {
      value.set(data, end);
      end += data.length;
    }
    const gradFunc = (upstream: tfjs.Tensor): tfjs.Tensor[] => {
      const given = view(upstream).data as Float32Array;
      const found = backward(
        pass,
        parts(shapes, (start, stop) => given.subarray(start, stop)),
      );
      return [found.inputs, ...(initialStates.length === 0 ? [] : found.initialStates), ...found.weights].map(toTfjs);
    };
    return { value: tf.tensor1d(value), gradFunc };
  });
  const joined = differentiable(inputs, ...initialStates, ...weights);
  const results = parts(shapes, (start, stop) => tf.slice(joined, start, stop - start));
  return results.map((result, index) => tf.reshape(result, shapes[index] as number[]));
}

/** Cuts tensors of these shapes, which lie end to end, with `cut`. */
function parts<T>(shapes: readonly number[][], cut: (start: number, stop: number) => T): T[] {
  let start = 0;
  return shapes.map((shape) => {
    const stop = start + tf.util.sizeFromShape(shape);
    const part = cut(start, stop);
    start = stop;
    return part;
  });
}

function backward(pass: RecordedPass, upstream: readonly Float32Array[]): Gradients {
  try {
    if (tf.engine().state.gradientDepth > 0) {
      throw expectedText(
        "ERR_UNSUPPORTED",
        "GRU",
        "a gradient of the first order",
        "a gradient of its gradient, which it does not have",
      );
    }
    return pass.backward(upstream);
  } finally {
    openPasses.remove(pass);
  }
}

function argumentsOf({ initialStates, mask, training }: Computation): CallArguments {
  return {
    training,
    mask: mask === null ? null : { data: mask.dataSync() as Uint8Array, shape: mask.shape },
    initial_state: initialStates.length === 0 ? null : initialStates.map(view),
  };
}

/** Returns a float32 tensor of tfjs as this package takes tensors. Nobody writes to its data while they are used. */
export function view(tensor: tfjs.Tensor): TensorObject {
  // tfjs's cast may change only the name of the dtype, so the elements may still be those of an integer tensor.
  const data = tensor.dataSync();
  return { data: data instanceof Float32Array ? data : Float32Array.from(data), shape: tensor.shape };
}

function toTfjs({ data, shape }: Tensor<FloatArray>): tfjs.Tensor {
  return tf.tensor(data as Float32Array, shape, "float32");
}
