// A network of the sizes of RNNoise, which frees speech of noise: three GRUs of 24, 48 and 96 units between small dense
// layers, a hundred frames a second. Its weights are drawn and not trained, so that only its time means something.
import { GRU, initializers } from "cudnn-gru";
import { FEATURES } from "./bands.mjs";

const [FIRST, VOICE, NOISE, CLEAN, GAINS] = [24, 24, 48, 96, 22];

export class ThreeGrus {
  #grus;
  #streams;
  #first = newDense(FEATURES, FIRST, 1);
  #gains = newDense(CLEAN, GAINS, 2);

  constructor() {
    this.#grus = [
      newGru(VOICE, FIRST, 3),
      newGru(NOISE, FIRST + VOICE + FEATURES, 4),
      newGru(CLEAN, VOICE + NOISE + FEATURES, 5),
    ];
    this.#streams = this.#grus.map((gru) => gru.stream());
  }

  /** Computes the gain of each band for one frame's features. Each GRU hears the outputs of those before it. */
  compute(features, gains) {
    const [voice, noise, clean] = this.#streams;
    dense(this.#first, features, voice.input, Math.tanh);
    voice.step();
    noise.input.set(voice.input);
    noise.input.set(voice.output, FIRST);
    noise.input.set(features, FIRST + VOICE);
    noise.step();
    clean.input.set(voice.output);
    clean.input.set(noise.output, VOICE);
    clean.input.set(features, VOICE + NOISE);
    clean.step();
    dense(this.#gains, clean.output, gains, (x) => 1 / (1 + Math.exp(-x)));
  }

  /** Computes the three GRUs alone, from the frames that they had last. */
  stepAlone() {
    for (const stream of this.#streams) stream.step();
  }

  get gainCount() {
    return GAINS;
  }

  dispose() {
    for (const gru of this.#grus) gru.dispose();
  }
}

function newGru(units, features, seed) {
  const gru = new GRU(units, { kernel_initializer: { class_name: "GlorotUniform", config: { seed } } });
  gru.build([null, null, features]);
  return gru;
}

/** Returns the weights of a dense layer, (inputs, outputs). */
function newDense(inputs, outputs, seed) {
  const weights = new Float32Array(inputs * outputs);
  new initializers.GlorotUniform({ seed }).fill(weights, [inputs, outputs]);
  return weights;
}

function dense(weights, from, to, activation) {
  const outputs = to.length;
  for (let o = 0; o < outputs; o += 1) {
    let sum = 0;
    for (let i = 0; i < from.length; i += 1) sum += from[i] * weights[i * outputs + o];
    to[o] = activation(sum);
  }
}
