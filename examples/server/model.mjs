import { createBatcher, tensor } from "cudnn-gru";
import { describeLayer, explainLayer, loadLayer } from "./layers.mjs";
import { ARRAYS, HttpError, makeReader } from "./protocol.mjs";

/** The protocol's datatype of a layer's results; 16-bit ones are widened. */
const datatypeOf = ({ compute_dtype }) => (compute_dtype === "float64" ? "FP64" : "FP32");

const INTEGERS = [...ARRAYS.keys()].filter((name) => name.includes("INT"));
/** The datatypes that the layer converts to its own dtype. */
const NUMBERS = [...ARRAYS.keys()].filter((name) => name !== "BOOL" && !name.endsWith("INT64"));

/** The tensors of a request beside the initial states, and the datatypes and ranks that the service accepts for them. */
const INPUTS = [
  ["inputs", { datatypes: NUMBERS, rank: 3 }],
  ["lengths", { datatypes: INTEGERS, rank: 1 }],
  ["mask", { datatypes: ["BOOL", ...NUMBERS], rank: 2 }],
];

/** The layer's names of the datatypes whose arrays do not tell them apart. */
const DTYPES = { BOOL: "bool", FP16: "float16", BF16: "bfloat16" };

/** A GRU or Bidirectional of a Keras file, as the service offers it. */
export class Model {
  /**
   * @param {string} name what clients call it
   * @param {string} path a `.keras` or whole-model `.h5` file
   * @param options `layer`: which GRU or Bidirectional, by its Keras name, where the file has several; `batching`: whether concurrent
   *   requests share calls; `maxBatch`, `maxDelayMs`, `maxQueue`: createBatcher's; `maxElements`: the most elements of a
   *   request's tensor, and of an output; `maxJson`: the most bytes of JSON; `use_cudnn`: the layer's
   */
  static async load(name, path, { layer, use_cudnn = "auto", ...options }) {
    const gru = await loadLayer(path, { layer, name, use_cudnn, stateful: false });
    const model = new Model(name, gru, options);
    await gru.warmUp({ batch: options.batching ? options.maxBatch : 1, timesteps: 1 });
    return model;
  }

  #layer;
  #about;
  #batcher;
  #maxElements;

  constructor(name, layer, { batching, maxBatch, maxDelayMs, maxQueue, maxElements, maxJson }) {
    this.name = name;
    this.#layer = layer;
    this.#about = describeLayer(layer);
    this.#maxElements = maxElements;
    const outputs = this.metadata().outputs.map((output) => output.name);
    const states = this.#stateNames().map((state) => [state, { datatypes: NUMBERS, rank: 2 }]);
    /** Reads the body of an inference request: see `makeReader`. */
    this.readRequest = makeReader({ inputs: new Map([...INPUTS, ...states]), outputs, maxElements, maxJson });
    this.maxJson = maxJson;
    this.#batcher = batching ? createBatcher(layer, { maxBatch, maxDelayMs, maxQueue }) : null;
  }

  /** The names of a request's initial states. */
  #stateNames() {
    const { states } = this.#about;
    return states.length === 1 ? ["initial_state"] : states.map(({ name }) => `initial_${name}`);
  }

  /** The number of requests that wait for their call to start. */
  get waiting() {
    return this.#batcher?.waiting ?? 0;
  }

  /** The path that calls take, and the unmet requirements for cuDNN. */
  get path() {
    return explainLayer(this.#layer);
  }

  /** The model's metadata in the protocol's form, and the path. */
  metadata() {
    const { features, sequences, returnsStates, outputs, states } = this.#about;
    const datatype = datatypeOf(this.#layer);
    const { path, unmet } = this.path;
    const optional = { parameters: { optional: true } };
    const names = this.#stateNames();
    return {
      name: this.name,
      platform: "cudnn-gru",
      inputs: [
        { name: "inputs", datatype, shape: [-1, -1, features] },
        { name: "lengths", datatype: "INT32", shape: [-1], ...optional },
        { name: "mask", datatype: "BOOL", shape: [-1, -1], ...optional },
        ...states.map(({ units }, index) => ({ name: names[index], datatype, shape: [-1, units], ...optional })),
      ],
      outputs: [
        ...outputs.map(({ name, units }) => ({ name, datatype, shape: sequences ? [-1, -1, units] : [-1, units] })),
        ...(returnsStates ? states.map(({ name, units }) => ({ name, datatype, shape: [-1, units] })) : []),
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
    const states = this.#initialStates(tensors);
    if (states !== null) args.initial_state = states.length === 1 ? states[0] : states;
    const result = await (this.#batcher ?? this.#layer).callAsync(asTensor(inputs), args);
    const { outputs, states: last } = this.#about;
    return new Map(
      (Array.isArray(result) ? result : [result]).map((tensor, index) => [
        (outputs[index] ?? last[index - outputs.length]).name,
        this.#answer(tensor),
      ]),
    );
  }

  /** The initial states of a request, which has all of them or none. */
  #initialStates(tensors) {
    const names = this.#stateNames();
    const given = names.filter((name) => tensors.has(name));
    if (given.length === 0) return null;
    if (given.length === names.length) return names.map((name) => asTensor(tensors.get(name)));
    throw new HttpError(400, `Expected the tensors "${names.join('", "')}" together but received "${given[0]}" alone.`);
  }

  /** The limits of an answer's memory and time are those of a request. */
  #checkOutput([rows, timesteps]) {
    for (const { name, units } of this.#about.outputs) {
      const count = rows * (this.#about.sequences ? timesteps : 1) * units;
      if (count <= this.#maxElements) continue;
      const message = `Expected a request for at most ${this.#maxElements} elements of "${name}" but received one for ${count}.`;
      throw new HttpError(400, message);
    }
  }

  #answer(result) {
    const datatype = datatypeOf(this.#layer);
    const narrow = result.data instanceof Uint16Array;
    const data = narrow ? Float32Array.from(result.toArray().flat(Number.POSITIVE_INFINITY)) : result.data;
    return { datatype, shape: result.shape, data };
  }

  /** Waits until the accepted requests have ended, and frees the layer. */
  async close() {
    await this.#batcher?.drain();
    this.#batcher?.dispose();
    this.#layer.dispose();
  }
}

function asTensor({ datatype, shape, data }) {
  return tensor(data, shape, DTYPES[datatype]);
}
