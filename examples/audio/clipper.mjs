// The model: a GRU that hears one sample a timestep, and a dense layer that makes one sample of its state.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { GRU, tensor, Variable } from "cudnn-gru";

/** As many units as plugins for guitars use, so that a sample takes a fraction of a microsecond. */
export const UNITS = 16;

const GRU_FILE = new URL("clipper.safetensors", import.meta.url);
const HEAD_FILE = new URL("clipper.json", import.meta.url);

/** Returns a model with new weights. `kernel` has UNITS weights for the state, and one for the sample itself. */
export function newClipper() {
  const gru = new GRU(UNITS, {
    return_sequences: true,
    kernel_initializer: { class_name: "GlorotUniform", config: { seed: 1 } },
    recurrent_initializer: { class_name: "Orthogonal", config: { seed: 2 } },
  });
  gru.build([null, null, 1]);
  return { gru, head: new Variable(tensor(new Float32Array(UNITS + 1), [UNITS + 1]), { name: "head" }) };
}

/** Reads the trained model. */
export async function loadClipper() {
  const model = newClipper();
  await model.gru.loadWeights(fileURLToPath(GRU_FILE));
  model.head.assign(Float32Array.from(JSON.parse(await readFile(HEAD_FILE, "utf8")).head));
  return model;
}

/** Writes the model where `loadClipper` reads it. */
export async function saveClipper({ gru, head }, about) {
  await gru.saveWeights(fileURLToPath(GRU_FILE));
  const numbers = [...head.value.data].map((value) => Number(value.toPrecision(9)));
  await writeFile(HEAD_FILE, `${JSON.stringify({ about, head: numbers }, null, 2)}\n`);
}

/** A model that sound runs through, in blocks or sample by sample. Both give the same bits. */
export class ClipperStream {
  #stream;
  #head;
  #states = new Float32Array(0);

  constructor({ gru, head }) {
    this.#stream = gru.stream();
    this.#head = head.value.data;
  }

  /** Computes a block of samples into `out`. */
  block(samples, out) {
    const count = samples.length * UNITS;
    if (this.#states.length !== count) this.#states = new Float32Array(count);
    this.#stream.push(samples, this.#states);
    for (let t = 0; t < samples.length; t += 1) out[t] = this.#dense(samples[t], this.#states, t * UNITS);
  }

  /** Computes a block of samples into `out`, one by one: the stream's own arrays, and a step for each sample. */
  samples(samples, out) {
    const { input, output } = this.#stream;
    for (let t = 0; t < samples.length; t += 1) {
      input[0] = samples[t];
      this.#stream.step();
      out[t] = this.#dense(samples[t], output, 0);
    }
  }

  reset() {
    this.#stream.reset();
  }

  dispose() {
    this.#stream.dispose();
  }

  #dense(sample, states, at) {
    const head = this.#head;
    let sum = head[UNITS] * sample;
    for (let unit = 0; unit < UNITS; unit += 1) sum += head[unit] * states[at + unit];
    return sum;
  }
}
