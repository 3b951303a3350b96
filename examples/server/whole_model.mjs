import { createBatcher, tensor } from "cudnn-gru";
import { loadKerasModel } from "cudnn-gru/models";
import { ARRAYS, HttpError, makeReader } from "./protocol.mjs";

const INTEGERS = [...ARRAYS.keys()].filter((name) => name.includes("INT"));
const NUMBERS = [...ARRAYS.keys()].filter((name) => name !== "BOOL" && !name.endsWith("INT64"));

/** The protocol's datatype of a tensor of a model; 16-bit floats are widened, and integers have 32 bits. */
function datatypeOf(dtype) {
  if (dtype === "bool") return "BOOL";
  if (dtype === "float64") return "FP64";
  return dtype.includes("float") ? "FP32" : "INT32";
}

/** The datatypes that the service converts to that of an input. */
function acceptedFor(dtype) {
  if (dtype === "bool") return ["BOOL", ...NUMBERS];
  return dtype.includes("float") ? NUMBERS : INTEGERS;
}

const DTYPES = { BOOL: "bool", FP16: "float16", BF16: "bfloat16" };

function asTensor({ datatype, shape, data }) {
  if (datatype.endsWith("INT64")) return tensor(Int32Array.from(data, Number), shape);
  return tensor(data, shape, DTYPES[datatype]);
}

/** The tensors of a model's results in the order of `model.outputs`: lists in order, objects by their sorted keys. */
function inOrder(result) {
  if (Array.isArray(result)) return result.flatMap(inOrder);
  if ("data" in result) return [result];
  return Object.keys(result)
    .sort()
    .flatMap((key) => inOrder(result[key]));
}

/** A whole Keras model, as the service offers it: the same surface as `Model` in model.mjs. */
export class WholeModel {
  /**
   * @param {string} name what clients call it
   * @param {string} path a `.keras` or whole-model `.h5` file
   * @param options those of `Model.load`, without `layer` and `use_cudnn`
   */
  static async load(name, path, options) {
    return new WholeModel(name, await loadKerasModel(path), options);
  }

  #model;
  #batcher;
  #maxElements;

  constructor(name, model, { batching, maxBatch, maxDelayMs, maxQueue, maxElements, maxJson }) {
    this.name = name;
    this.maxJson = maxJson;
    this.#model = model;
    this.#maxElements = maxElements;
    const inputs = model.inputs.map(({ name: own, shape, dtype }) => [
      own,
      { datatypes: acceptedFor(dtype), rank: shape.length },
    ]);
    const outputs = model.outputs.map(({ name: own }) => own);
    /** Reads the body of an inference request: see `makeReader`. */
    this.readRequest = makeReader({ inputs: new Map(inputs), outputs, maxElements, maxJson });
    this.#batcher = batching ? createBatcher(model, { maxBatch, maxDelayMs, maxQueue }) : null;
  }

  /** The number of requests that wait for their call to start. */
  get waiting() {
    return this.#batcher?.waiting ?? 0;
  }

  /** The path that the GRUs take, and the unmet requirements for cuDNN, each with the name of its GRU. */
  get path() {
    const { path, layers } = this.#model.explain();
    const unmet = layers.flatMap(({ name, requirements }) =>
      requirements.filter(({ met }) => !met).map(({ id, detail }) => `${name}: ${id}: ${detail}`),
    );
    return { path, unmet };
  }

  /** The model's metadata in the protocol's form, and the path. */
  metadata() {
    const { path, unmet } = this.path;
    const described = ({ name, shape, dtype }) => ({
      name,
      datatype: datatypeOf(dtype),
      shape: shape.map((size) => size ?? -1),
    });
    return {
      name: this.name,
      platform: "cudnn-gru",
      inputs: this.#model.inputs.map(described),
      outputs: this.#model.outputs.map(described),
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
    const inputs = this.#model.inputs.map(({ name }) => {
      const given = tensors.get(name);
      if (given === undefined) throw new HttpError(400, `Expected a tensor "${name}".`);
      return asTensor(given);
    });
    const given = inputs.length === 1 ? inputs[0] : inputs;
    const result = await (this.#batcher === null
      ? this.#model.predictAsync(given, { signal })
      : this.#batcher.callAsync(given, { signal }));
    const results = inOrder(result);
    return new Map(
      this.#model.outputs.map(({ name, dtype }, index) => [name, this.#answer(name, dtype, results[index])]),
    );
  }

  /** The limits of an answer's memory are those of a request. */
  #answer(name, dtype, result) {
    const { data, shape } = result;
    if (data.length > this.#maxElements) {
      const message = `Expected a request for at most ${this.#maxElements} elements of "${name}" but received one for ${data.length}.`;
      throw new HttpError(400, message);
    }
    const narrow = data instanceof Uint16Array && dtype.includes("float");
    const widened = narrow ? Float32Array.from(result.toArray().flat(Number.POSITIVE_INFINITY)) : data;
    return { datatype: datatypeOf(dtype), shape, data: widened };
  }

  /** Waits until the accepted requests have ended, and frees the model. */
  async close() {
    await this.#batcher?.drain();
    this.#batcher?.dispose();
    this.#model.dispose();
  }
}
