import type * as tfjs from "@tensorflow/tfjs";
import { expectedText } from "../../errors/messages.js";

import type { FloatArray, GRU, GRUGradients, GRUPass, Tensor, TensorObject } from "../../index.js";
import { tf } from "./load_tfjs.js";

/**
 * The passes that tfjs has recorded and whose gradients it may still ask for. tfjs never announces that it will not: a
 * gradient function that it does not call hears nothing more. But tfjs records and asks within one synchronous run of
 * the outermost gradient. So it will not ask for a pass of an earlier recording, or for any pass once the run has
 * ended.
 */
class OpenPasses {
  readonly #passes = new Set<GRUPass>();
  #recording: unknown = null;
  #scheduled = false;

  add(pass: GRUPass): void {
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
  remove(pass: GRUPass): void {
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

/** The arguments of one call of the tfjs layer. */
export interface Computation {
  /** The layer that computes. It returns its state, and its weights have the values of `weights`. */
  readonly gru: GRU<true>;
  /** (batch, timesteps, features), float32. */
  readonly inputs: tfjs.Tensor;
  /** (batch, units), float32. */
  readonly initialState: tfjs.Tensor | null;
  /** The layer's weights, in Keras's order. */
  readonly weights: readonly tfjs.Tensor[];
  /** (batch, timesteps). */
  readonly mask: tfjs.Tensor | null;
  readonly training: boolean;
}

/** Returns the output and the state. tfjs can differentiate them with respect to inputs, initial state and weights. */
export function compute(computation: Computation): [output: tfjs.Tensor, state: tfjs.Tensor] {
  return isRecording() ? recorded(computation) : computed(computation);
}

function computed(computation: Computation): [tfjs.Tensor, tfjs.Tensor] {
  const [output, state] = computation.gru.call(view(computation.inputs), argumentsOf(computation));
  return [toTfjs(output), toTfjs(state)];
}

function recorded(computation: Computation): [tfjs.Tensor, tfjs.Tensor] {
  const { gru, inputs, initialState, weights } = computation;
  let shapes: [output: number[], state: number[]] | undefined;
  // A function with its own gradient must return one tensor, so this one joins both results end to end.
  const differentiable = tf.customGrad(() => {
    const pass = gru.forward(view(inputs), argumentsOf(computation));
    openPasses.add(pass);
    shapes = [pass.output.shape, pass.state.shape];
    const length = pass.output.data.length;
    const value = new Float32Array(length + pass.state.data.length);
    value.set(pass.output.data);
    value.set(pass.state.data, length);
    const gradFunc = (upstream: tfjs.Tensor): tfjs.Tensor[] => {
      const { inputs: x, initial_state, weights } = backward(pass, view(upstream).data as Float32Array, length);
      return [x, ...(initialState === null ? [] : [initial_state]), ...weights].map(toTfjs);
    };
    return { value: tf.tensor1d(value), gradFunc };
  });
  const joined = differentiable(inputs, ...(initialState === null ? [] : [initialState]), ...weights);
  const [output, state] = shapes as [number[], number[]];
  const length = tf.util.sizeFromShape(output);
  return [
    tf.reshape(tf.slice(joined, 0, length), output),
    tf.reshape(tf.slice(joined, length, tf.util.sizeFromShape(state)), state),
  ];
}

function backward(pass: GRUPass, upstream: Float32Array, length: number): GRUGradients {
  try {
    if (tf.engine().state.gradientDepth > 0) {
      throw expectedText(
        "ERR_UNSUPPORTED",
        "GRU",
        "a gradient of the first order",
        "a gradient of its gradient, which it does not have",
      );
    }
    return pass.backward({ output: upstream.subarray(0, length), state: upstream.subarray(length) });
  } finally {
    openPasses.remove(pass);
  }
}

function argumentsOf({ initialState, mask, training }: Computation) {
  return {
    training,
    mask: mask === null ? null : { data: mask.dataSync() as Uint8Array, shape: mask.shape },
    initial_state: initialState === null ? null : view(initialState),
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
