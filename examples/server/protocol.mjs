// The Open Inference Protocol's requests and responses (KServe's "v2", REST), with the binary tensor data extension:
// https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol

/** An answer with this HTTP status; its body is `{ "error": message }`. */
export class HttpError extends Error {
  constructor(statusCode, message) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** By datatype: how a tensor's elements lie in memory, little-endian as in the protocol. */
const ARRAYS = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  INT8: Int8Array,
  UINT16: Uint16Array,
  INT16: Int16Array,
  UINT32: Uint32Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP32: Float32Array,
  FP64: Float64Array,
};

const bad = (message) => new HttpError(400, message);
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Reads the body of an inference request.
 *
 * @param {Buffer} body JSON, and with the header `Inference-Header-Content-Length` (its value is `headerLength`) binary
 *   tensors after that many bytes of it
 * @returns `{ id, parameters, outputs, tensors }`, the tensors by name: `{ datatype, shape, data }`
 */
export function readRequest(body, headerLength) {
  const length = headerLength === undefined ? body.length : Number(headerLength);
  if (!Number.isInteger(length) || length < 0 || length > body.length) {
    throw bad(`Expected Inference-Header-Content-Length from 0 to ${body.length} but received "${headerLength}".`);
  }
  let request;
  try {
    request = JSON.parse(body.toString("utf8", 0, length));
  } catch (error) {
    throw bad(`Expected JSON but received something else: ${error.message}`);
  }
  if (!isObject(request) || !Array.isArray(request.inputs)) throw bad("Expected an object with `inputs`, an array.");
  const { id, parameters = {}, outputs, inputs } = request;
  if (id !== undefined && typeof id !== "string") throw bad("Expected a string for `id`.");
  if (!isObject(parameters)) throw bad("Expected an object for `parameters`.");
  if (outputs !== undefined && !(Array.isArray(outputs) && outputs.every((each) => typeof each?.name === "string"))) {
    throw bad("Expected an array of objects with `name` for `outputs`.");
  }
  const tensors = new Map();
  let at = length;
  for (const [index, input] of inputs.entries()) {
    if (typeof input?.name !== "string") throw bad(`Expected an object with \`name\` for \`inputs[${index}]\`.`);
    if (tensors.has(input.name)) throw bad(`Expected one tensor "${input.name}" but received two.`);
    const bytes = input.parameters?.binary_data_size;
    tensors.set(input.name, readTensor(input, bytes === undefined ? null : slice(body, at, bytes, input.name)));
    at += bytes ?? 0;
  }
  if (at !== body.length) throw bad(`Expected ${at} bytes (JSON and binary tensors) but received ${body.length}.`);
  return { id, parameters, outputs, tensors };
}

function slice(body, at, bytes, name) {
  if (!Number.isInteger(bytes) || bytes < 0 || at + bytes > body.length) {
    throw bad(`Expected the bytes of tensor "${name}" after the JSON (binary_data_size: ${bytes}) but received fewer.`);
  }
  return body.subarray(at, at + bytes);
}

function readTensor({ name, datatype, shape, data }, bytes) {
  const ArrayType = ARRAYS[datatype];
  if (ArrayType === undefined) {
    throw bad(`Expected a datatype of ${Object.keys(ARRAYS).join(", ")} for "${name}" but received "${datatype}".`);
  }
  const sizes = Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size >= 0 && size < 2 ** 31);
  if (!sizes) throw bad(`Expected a shape of non-negative integers for "${name}".`);
  const count = shape.reduce((product, size) => product * size, 1);
  if (bytes !== null) {
    if (bytes.length !== count * ArrayType.BYTES_PER_ELEMENT) {
      throw bad(
        `Expected ${count} ${datatype} elements in ${bytes.length} bytes for "${name}" but received another number.`,
      );
    }
    // A copy: the elements are aligned in it, and the body's memory is free to go.
    return { datatype, shape, data: new ArrayType(new Uint8Array(bytes).buffer) };
  }
  if (!Array.isArray(data)) throw bad(`Expected an array for \`data\` of "${name}".`);
  const flat = Array.isArray(data[0]) ? data.flat(Number.POSITIVE_INFINITY) : data;
  if (flat.length !== count) throw bad(`Expected ${count} elements for "${name}" but received ${flat.length}.`);
  const kind = datatype === "BOOL" ? "boolean" : "number";
  const wrong = flat.find((element) => typeof element !== kind);
  if (wrong !== undefined) throw bad(`Expected ${kind}s in "${name}" but received ${JSON.stringify(wrong)}.`);
  return {
    datatype,
    shape,
    data: ArrayType === BigInt64Array ? BigInt64Array.from(flat, BigInt) : ArrayType.from(flat),
  };
}

/**
 * Writes an inference response.
 *
 * @param about `{ model_name, id?, parameters? }`
 * @param tensors by name: `{ datatype, shape, data }`
 * @returns `{ body, headers }`; with binary tensors the body is a Buffer
 */
export function writeResponse(about, tensors, { outputs, parameters }) {
  const wanted = outputs ?? [...tensors.keys()].map((name) => ({ name }));
  const binary = [];
  const written = wanted.map(({ name, parameters: own = {} }) => {
    const tensor = tensors.get(name);
    if (tensor === undefined)
      throw bad(`Expected outputs of ${[...tensors.keys()].join(", ")} but received "${name}".`);
    const { datatype, shape, data } = tensor;
    if (!(own.binary_data ?? parameters.binary_data_output ?? false)) {
      return { name, datatype, shape, data: Array.from(data) };
    }
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    binary.push(bytes);
    return { name, datatype, shape, parameters: { binary_data_size: bytes.length } };
  });
  const json = JSON.stringify({ ...about, outputs: written });
  if (binary.length === 0) return { body: json, headers: { "content-type": "application/json; charset=utf-8" } };
  const header = Buffer.from(json);
  return {
    body: Buffer.concat([header, ...binary]),
    headers: { "content-type": "application/octet-stream", "inference-header-content-length": header.length },
  };
}
