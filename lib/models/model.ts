import { expectedText } from "../errors/messages.js";
import { printAsText } from "../tensor/print_as_text.js";
import type { Tensor } from "../tensor/tensor.js";
import { makeBatchable } from "./batchable.js";
import { flatten, type Structure } from "./graph/structure.js";
import type { ModelLayer } from "./layers/model_layer.js";
import { type ModelShapes, type OpenShape, shapesOf } from "./run/describe.js";
import { explainModel, type ModelExplanation } from "./run/explain.js";
import { ModelStream, type ModelStreamArguments } from "./run/model_stream.js";
import { modelText } from "./run/model_text.js";
import type { PredictArguments, PredictAsyncArguments } from "./run/predict_arguments.js";
import type { ModelInputs } from "./run/read_inputs.js";
import { Runner } from "./run/runner.js";
import { summaryText } from "./run/summary.js";

/** An input or an output of a model. */
export interface ModelTensor {
  /** The name of the InputLayer, or of the layer that makes the output. */
  readonly name: string;
  /** The shape with the batch; `null` for a size that the inputs of a call decide. */
  readonly shape: OpenShape;
  /** The element type. */
  readonly dtype: string;
}

/** A layer of a model. */
export interface ModelLayerInfo {
  /** The layer's Keras name. */
  readonly name: string;
  /** Keras's name of its class. */
  readonly class_name: string;
  /** The layer's place: its name, after those of the models and wrappers around it. */
  readonly path: string;
  /** The shape of each output, with `null` for sizes that the inputs of a call decide. Empty behind a layer of `custom_objects`. */
  readonly output_shapes: readonly OpenShape[];
  /** The number of elements of its weights. */
  readonly params: number;
  /** The bytes of its weights in the file's dtypes. */
  readonly bytes: number;
}

/** A whole Keras model. `loadKerasModel` makes it. */
export class KerasModel {
  /** The model's Keras name. */
  readonly name: string;
  readonly #layer: ModelLayer;
  readonly #runner: Runner;
  #shapes: ModelShapes | null = null;

  /** @internal */
  constructor(layer: ModelLayer) {
    this.#layer = layer;
    this.#runner = new Runner(layer);
    this.name = layer.entry.name;
    makeBatchable(this, this.#runner);
  }

  /** The inputs, in Keras's order. */
  get inputs(): ModelTensor[] {
    return flatten(this.#layer.inputs).map(({ name, shape, dtype }) => ({ name, shape, dtype }));
  }

  /** The outputs, in Keras's order. Throws `ERR_UNSUPPORTED` where a layer of `custom_objects` decides their shapes. */
  get outputs(): ModelTensor[] {
    const names = flatten(this.#layer.graph.outputs).map(({ layer }) => layer);
    const { outputs } = this.#described();
    if (outputs === null) {
      const remedy = "Their shapes are those of the results of predict.";
      throw expectedText("ERR_UNSUPPORTED", "outputs", "a model without custom_objects", "one with them", { remedy });
    }
    return outputs.map(({ shape, dtype }, index) => ({ name: names[index] as string, shape, dtype }));
  }

  /** The layers, each before those inside of it. */
  get layers(): ModelLayerInfo[] {
    const { layers } = this.#described();
    return this.#layer.children
      .flatMap((child) => child.all())
      .map((layer) => ({
        name: layer.entry.name,
        class_name: layer.entry.className,
        path: layer.path,
        output_shapes: layers.get(layer) ?? [],
        params: layer.slots.reduce((sum, slot) => sum + slot.count, 0),
        bytes: layer.slots.reduce((sum, slot) => sum + slot.bytes, 0),
      }));
  }

  #described(): ModelShapes {
    this.#runner.requireAlive("model");
    this.#shapes ??= shapesOf(this.#layer);
    return this.#shapes;
  }

  /**
   * Computes on this thread and the pool's threads, and returns the outputs in the structure of the model's: one tensor, a
   * list, or an object.
   *
   * `inputs` is one tensor, a list of them in the order of `model.inputs`, or an object by their names. Other dtypes are
   * converted to those of the inputs.
   *
   * Throws `ERR_ARGUMENT`, `ERR_SHAPE`, `ERR_DTYPE`, `ERR_UNSUPPORTED`, `ERR_OUT_OF_MEMORY`, `ERR_STATE` while
   * asynchronous calls of a stateful model are pending, and `ERR_DISPOSED`. The states of the model are then unchanged.
   */
  predict(inputs: ModelInputs, args?: PredictArguments | null): Structure<Tensor> {
    return this.#runner.predict(inputs, args);
  }

  /**
   * Computes as `predict` does, off this thread. The inputs are copied before this method returns. Calls of a stateful
   * model run in order.
   *
   * Never throws. Rejects with the errors of `predict`, with `ERR_BUSY` when `configure({ maxQueue })` allows no more
   * calls, and with `ERR_ABORTED` (`name` `"AbortError"`, `cause` the signal's reason) when `signal` aborts. The states of
   * the model are then unchanged.
   */
  async predictAsync(inputs: ModelInputs, args?: PredictAsyncArguments | null): Promise<Structure<Tensor>> {
    return await this.#runner.predictAsync(inputs, args);
  }

  /**
   * Makes a stream, which computes the model one timestep at a time, for real-time use: see `ModelStream`. Every layer must
   * look only back: GRUs that go forwards, causal convolutions, and layers that treat each timestep by itself.
   *
   * Throws `ERR_UNSUPPORTED`, naming the layer, for any other model, `ERR_ARGUMENT` and `ERR_DISPOSED`.
   */
  stream(args?: ModelStreamArguments | null): ModelStream {
    this.#runner.requireAlive("stream");
    return new ModelStream(this.#layer, args, () => this.#runner.requireAlive("stream"));
  }

  /**
   * Sets the states of stateful layers to zeros. Does nothing to a model without stateful layers, as `reset_states` of
   * Keras 2's models; Keras 3's models have no such method. The batch is still the one that the model's `Input` was made
   * with. A model whose `Input` was made without one may then get another batch.
   *
   * Throws `ERR_STATE` while asynchronous calls of a stateful model are pending, and `ERR_DISPOSED`.
   */
  resetState(): void {
    this.#runner.resetState();
  }

  /** Returns a table of the layers, the shapes of their outputs as Keras prints them, and the numbers of their weights. */
  summary(): string {
    return summaryText(this.name, this.layers);
  }

  /**
   * Returns which path each GRU takes on this machine, and why. Looks for the driver and cuDNN and tries them. In a stream all
   * GRUs run on the CPU. Throws `ERR_DISPOSED`.
   */
  explain(): ModelExplanation {
    this.#runner.requireAlive("explain");
    return explainModel(this.#layer);
  }

  /** Returns one line with the name, the number of layers and parameters, and the shapes of the inputs and outputs. */
  toString(): string {
    const { isDisposed } = this.#runner;
    const outputs = this.#outputShapes()?.map(({ shape }) => shape) ?? null;
    return modelText(this.#layer, outputs, isDisposed ? ", disposed" : "");
  }

  /** The shapes of the outputs where they are known. Never throws: a model can be printed even if it cannot be computed. */
  #outputShapes(): ModelShapes["outputs"] {
    if (this.#runner.isDisposed) return this.#shapes?.outputs ?? null;
    try {
      return this.#described().outputs;
    } catch {
      return null;
    }
  }

  /** Refuses new calls, and frees native memory when the last running call has ended. Idempotent. */
  dispose(): void {
    this.#runner.dispose();
  }

  /** Calls `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

printAsText(KerasModel);
