// The forecaster: a GRU over the last hours, and a dense head that predicts all following hours at once.
import { GRU, initializers, saveModelWeights, Variable } from "cudnn-gru";
import { dense, denseBackward } from "./dense.mjs";
import { meanAbsoluteError } from "./loss.mjs";

export class Forecaster {
  #units;
  #horizon;

  /** The same `seed` always makes the same weights. */
  constructor({ units, features, horizon, seed }) {
    this.#units = units;
    this.#horizon = horizon;
    this.gru = new GRU(units, {
      name: "weather_gru",
      kernel_initializer: new initializers.GlorotUniform({ seed }),
      recurrent_initializer: new initializers.Orthogonal({ seed: seed + 1 }),
    });
    this.gru.build([null, null, features]);
    const initializer = new initializers.GlorotUniform({ seed: seed + 2 });
    this.kernel = new Variable(initializer, { name: "head/kernel", shape: [units, horizon] });
    this.bias = new Variable("zeros", { name: "head/bias", shape: [horizon] });
  }

  /** Everything that training changes. */
  get variables() {
    return [...this.gru.trainable_weights, this.kernel, this.bias];
  }

  /** The outputs for windows: (windows, horizon), row-major. */
  async predict(inputs) {
    return this.#head(await this.gru.callAsync(inputs));
  }

  #head({ data, shape: [rows] }) {
    return dense(data, this.kernel.value.data, this.bias.value.data, rows, this.#units, this.#horizon);
  }

  /** The mean absolute error of one batch, and the gradients of `variables`. */
  async lossAndGradients(inputs, targets) {
    const pass = await this.gru.forwardAsync(inputs, { training: true });
    const { data: states, shape } = pass.output;
    const { loss, gradient } = meanAbsoluteError(this.#head(pass.output), targets);
    const head = denseBackward(states, this.kernel.value.data, gradient, shape[0], this.#units, this.#horizon);
    const { weights } = await pass.backwardAsync({ output: { data: head.dStates, shape } });
    return { loss, gradients: [...weights, head.dKernel, head.dBias] };
  }

  /** The mean absolute error of a whole part. */
  async evaluate({ inputs, targets }) {
    return meanAbsoluteError(await this.predict(inputs), targets).loss;
  }

  /** The weights as they are now, as nested arrays of `variables`: they go through JSON unchanged. */
  snapshot() {
    return this.variables.map((variable) => variable.value.toArray());
  }

  /** Sets the weights to those that `snapshot` returned. */
  restore(weights) {
    for (const [index, variable] of this.variables.entries()) variable.assign(weights[index]);
  }

  /** Writes a file that Keras's `load_weights` reads into a model of a GRU and a Dense layer of these sizes. */
  async save(path) {
    await saveModelWeights(path, [this.gru, { class_name: "Dense", name: "head", weights: [this.kernel, this.bias] }]);
  }
}
