import { createBatcher, GRU, tensor } from "cudnn-gru";
import { ARRAYS, HttpError, makeReader } from "./protocol.mjs";

/** The protocol's datatype of a layer's results; 16-bit ones are widened. */
const datatypeOf = ({ compute_dtype }) => (compute_dtype === "float64" ? "FP64" : "FP32");

const INTEGERS = [...ARRAYS.keys()].filter((name) => name.includes("INT"));
/** The datatypes that the layer converts to its own dtype. */
const NUMBERS = [...ARRAYS.keys()].filter((name) => name !== "BOOL" && !name.endsWith("INT64"));

/** The tensors of a request, and the datatypes and ranks that the service accepts for them. */
const INPUTS = new Map([
  ["inputs", { datatypes: NUMBERS, rank: 3 }],
  ["lengths", { datatypes: INTEGERS, rank: 1 }],
  ["mask", { datatypes: ["BOOL", ...NUMBERS], rank: 2 }],
  ["initial_state", { datatypes: NUMBERS, rank: 2 }],
]);

/** The layer's names of the datatypes whose arrays do not tell them apart. */
const DTYPES = { BOOL: "bool", FP16: "float16", BF16: "bfloat16" };

/** The GRU of a Keras file, as the service offers it. */
export class Model {
  /**
   * @param {string} name what clients call it
   * @param {string} path a `.keras` or whole-model `.h5` file
   * @param options `layer`: which GRU, by its Keras name, where the file has several; `batching`: whether concurrent
   *   requests share calls; `maxBatch`, `maxDelayMs`, `maxQueue`: createBatcher's; `maxElements`: the most elements of a
   *   request's tensor, and of an output; `maxJson`: the most bytes of JSON; `use_cudnn`: the layer's
   */
  static async load(name, path, { layer, use_cudnn = "auto", ...options }) {
    const read = (more) => GRU.fromKeras(path, { layer, name, use_cudnn, stateful: false, ...more });
    // The layer in the file has `return_state: true`, and `fromKeras` then requires that argument.
    const gru = await read().catch((error) => {
      if (error.code !== "ERR_ARGUMENT") throw error;
      return read({ return_state: true });
    });
    const model = new Model(name, gru, options);
    await gru.warmUp({ batch: options.batching ? options.maxBatch : 1, timesteps: 1 });
    return model;
  }

  #gru;
  #batcher;
  #maxElements;

  constructor(name, gru, { batching, maxBatch, maxDelayMs, maxQueue, maxElements, maxJson }) {
    this.name = name;
    this.#gru = gru;
    this.#maxElements = maxElements;
    const outputs = this.metadata().outputs.map((output) => output.name);
    /** Reads the body of an inference request: see `makeReader`. */
    this.readRequest = makeReader({ inputs: INPUTS, outputs, maxElements, maxJson });
    this.maxJson = maxJson;
    this.#batcher = batching ? createBatcher(gru, { maxBatch, maxDelayMs, maxQueue }) : null;
  }

  /** The number of requests that wait for their call to start. */
  get waiting() {
    return this.#batcher?.waiting ?? 0;
  }

  /** The path that calls take, and the unmet requirements for cuDNN. */
  get path() {
    const { path, requirements } = this.#gru.explain();
    return { path, unmet: requirements.filter(({ met }) => !met).map(({ id, detail }) => `${id}: ${detail}`) };
  }

  /** The model's metadata in the protocol's form, and the path. */
  metadata() {
    const { units, kernel } = this.#gru;
    const [features] = kernel.shape;
    const { return_sequences, return_state } = this.#gru.getConfig();
    const datatype = datatypeOf(this.#gru);
    const { path, unmet } = this.path;
    return {
      name: this.name,
      platform: "cudnn-gru",
      inputs: [
        { name: "inputs", datatype, shape: [-1, -1, features] },
        { name: "lengths", datatype: "INT32", shape: [-1], parameters: { optional: true } },
        { name: "mask", datatype: "BOOL", shape: [-1, -1], parameters: { optional: true } },
        { name: "initial_state", datatype, shape: [-1, units], parameters: { optional: true } },
      ],
      outputs: [
        { name: "output", datatype, shape: return_sequences ? [-1, -1, units] : [-1, units] },
        ...(return_state ? [{ name: "state", datatype, shape: [-1, units] }] : []),
      ],
      parameters: { path, ...(unmet.length > 0 && { cudnn_requirements_unmet: unmet.join("; ") }) },
    };
  }

  /**
   * Computes a request's tensors.
   *
   * @param {Map} tensors by name: `{ datatype, shape, data }`
   * @returns {Promise<Map>} the outputs, likewise
   */
  async infer(tensors, signal) {
    const inputs = tensors.get("inputs");
    if (inputs === undefined) throw new HttpError(400, 'Expected a tensor "inputs".');
    this.#checkOutput(inputs.shape);
    const args = { signal, transfer: true };
    if (tensors.has("lengths")) args.lengths = Array.from(tensors.get("lengths").data, Number);
    if (tensors.has("mask")) args.mask = asTensor(tensors.get("mask"));
    if (tensors.has("initial_state")) args.initial_state = asTensor(tensors.get("initial_state"));
    const result = await (this.#batcher ?? this.#gru).callAsync(asTensor(inputs), args);
    const [output, state] = Array.isArray(result) ? result : [result];
    const found = new Map([["output", this.#answer(output)]]);
    if (state !== undefined) found.set("state", this.#answer(state));
    return found;
  }

  /** The limits of an answer's memory and time are those of a request. */
  #checkOutput([rows, timesteps]) {
    const { return_sequences, units } = this.#gru.getConfig();
    const count = rows * (return_sequences ? timesteps : 1) * units;
    if (count <= this.#maxElements) return;
    const message = `Expected a request for at most ${this.#maxElements} elements of "output" but received one for ${count}.`;
    throw new HttpError(400, message);
  }

  #answer(result) {
    const datatype = datatypeOf(this.#gru);
    const narrow = result.data instanceof Uint16Array;
    const data = narrow ? Float32Array.from(result.toArray().flat(Number.POSITIVE_INFINITY)) : result.data;
    return { datatype, shape: result.shape, data };
  }

  /** Waits until the accepted requests have ended, and frees the layer. */
  async close() {
    await this.#batcher?.drain();
    this.#batcher?.dispose();
    this.#gru.dispose();
  }
}

function asTensor({ datatype, shape, data }) {
  return tensor(data, shape, DTYPES[datatype]);
}
