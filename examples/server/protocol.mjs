// The Open Inference Protocol's requests and responses (KServe's "v2", REST), with the binary tensor data extension:
// https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol
import { Ajv } from "ajv";

/** An answer with this HTTP status and, where given, headers; its body is `{ "error": message }`. */
export class HttpError extends Error {
  constructor(statusCode, message, headers = {}) {
    super(message);
    this.statusCode = statusCode;
    this.headers = headers;
  }
}

/** How a tensor's elements lie in memory, little-endian as in the protocol, by datatype. */
export const ARRAYS = new Map([
  ["BOOL", Uint8Array],
  ["UINT8", Uint8Array],
  ["UINT16", Uint16Array],
  ["UINT32", Uint32Array],
  ["UINT64", BigUint64Array],
  ["INT8", Int8Array],
  ["INT16", Int16Array],
  ["INT32", Int32Array],
  ["INT64", BigInt64Array],
  ["FP16", Uint16Array],
  ["BF16", Uint16Array],
  ["FP32", Float32Array],
  ["FP64", Float64Array],
]);

/** The approximate number of bytes of a number in JSON. */
const JSON_NUMBER = 20;

/** Parameters of extensions that would change what an answer means or where it lies. */
const UNSUPPORTED = ["classification", "shared_memory_region", "shared_memory_offset", "shared_memory_byte_size"];

const parameters = (known) => ({
  type: "object",
  properties: { ...known, ...Object.fromEntries(UNSUPPORTED.map((name) => [name, false])) },
  additionalProperties: { type: ["string", "number", "boolean"] },
});

/** The JSON schema of an inference request for a model with tensors of these names. */
const schemaOf = (inputs, outputs) => ({
  type: "object",
  required: ["inputs"],
  properties: {
    id: { type: "string" },
    parameters: parameters({ binary_data_output: { type: "boolean" } }),
    inputs: {
      type: "array",
      minItems: 1,
      maxItems: inputs.length,
      items: {
        type: "object",
        required: ["name", "shape", "datatype"],
        properties: {
          name: { enum: inputs },
          shape: { type: "array", maxItems: 8, items: { type: "integer", minimum: 0, maximum: 2 ** 31 - 1 } },
          datatype: { enum: [...ARRAYS.keys()] },
          parameters: parameters({ binary_data_size: { type: "integer", minimum: 0 } }),
          data: { type: "array" },
        },
      },
    },
    outputs: {
      type: "array",
      maxItems: outputs.length,
      items: {
        type: "object",
        required: ["name"],
        properties: { name: { enum: outputs }, parameters: parameters({ binary_data: { type: "boolean" } }) },
      },
    },
  },
});

const ajv = new Ajv({ allowUnionTypes: true, verbose: true });
const utf8 = new TextDecoder("utf-8", { fatal: true });
const bad = (message) => new HttpError(400, message);

/** Returns a client's value shortened so that a message can quote it. */
function show(value) {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/**
 * Makes a reader of inference requests for one model.
 *
 * @param signature `inputs`: by name, `{ datatypes, rank }` that the model takes; `outputs`: names; `maxElements`: the most
 *   elements of a tensor, where a size of 0 counts as 1; `maxJson`: the most bytes of JSON, whose parsing blocks the service
 */
export function makeReader({ inputs: known, outputs: names, maxElements, maxJson }) {
  const validate = ajv.compile(schemaOf([...known.keys()], names));

  /**
   * Reads the body of a request.
   *
   * @param {Buffer} body JSON, and with the header `Inference-Header-Content-Length` (its value is `headerLength`) binary
   *   tensors after that many bytes of it
   * @returns `id`; `outputs`: `{ name, binary }` of each that is wanted; `tensors` by name: `{ datatype, shape, data }`
   */
  return function readRequest(body, headerLength) {
    const length = readLength(headerLength, body.length);
    if (length > maxJson) {
      const message = `Expected at most ${maxJson} bytes of JSON but received ${length}. Send tensors as binary data.`;
      throw new HttpError(413, message);
    }
    const request = parse(body.subarray(0, length));
    if (!validate(request)) throw bad(explain(validate.errors[0]));
    const { id, parameters: { binary_data_output: binary = false } = {}, inputs, outputs = [] } = request;
    refuseTwice("inputs", inputs);
    refuseTwice("outputs", outputs);
    const tensors = new Map();
    let at = length;
    for (const input of inputs) {
      checkTensor(input, known.get(input.name), maxElements);
      const bytes = input.parameters?.binary_data_size;
      tensors.set(input.name, bytes === undefined ? readJson(input) : readBytes(input, body.subarray(at, at + bytes)));
      at += bytes ?? 0;
    }
    if (at !== body.length) throw bad(`Expected ${at} bytes (JSON and binary tensors) but received ${body.length}.`);
    const wanted = outputs.length > 0 ? outputs : names.map((name) => ({ name }));
    return {
      id,
      tensors,
      outputs: wanted.map(({ name, parameters: own }) => ({ name, binary: own?.binary_data ?? binary })),
    };
  };
}

function readLength(header, most) {
  if (header === undefined) return most;
  if (/^\d{1,15}$/.test(header) && Number(header) <= most) return Number(header);
  throw bad(`Expected Inference-Header-Content-Length from 0 to ${most} but received ${show(header)}.`);
}

function parse(bytes) {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw bad(`Expected JSON in UTF-8 but received something else: ${error.message}`);
  }
}

/** Returns the message about a request that does not match the schema. */
function explain({ instancePath, message, params, data, schema }) {
  const where = `\`${["request", ...instancePath.split("/").slice(1)].join(".").slice(0, 80)}\``;
  if (schema === false) return `Expected no ${where}, of an extension that this service does not have.`;
  const allowed = params.allowedValues === undefined ? "" : ` (${params.allowedValues.join(", ")})`;
  return `Expected an inference request whose ${where} ${message}${allowed} but received ${show(data)}.`;
}

function refuseTwice(what, tensors) {
  const seen = new Set();
  for (const { name } of tensors) {
    if (seen.has(name)) throw bad(`Expected one tensor "${name}" in \`${what}\` but received two.`);
    seen.add(name);
  }
}

function checkTensor({ name, datatype, shape, data, parameters: own }, { datatypes, rank }, maxElements) {
  if (!datatypes.includes(datatype)) {
    throw bad(`Expected a datatype of ${datatypes.join(", ")} for "${name}" but received "${datatype}".`);
  }
  if (shape.length !== rank) throw bad(`Expected a shape of ${rank} sizes for "${name}" but received ${shape.length}.`);
  // Sizes of 0 must not hide others that are huge.
  if (shape.reduce((product, size) => product * Math.max(size, 1), 1) > maxElements) {
    throw bad(`Expected at most ${maxElements} elements for "${name}" but received the shape [${shape.join(", ")}].`);
  }
  if ((data === undefined) === (own?.binary_data_size === undefined)) {
    throw bad(`Expected either \`data\` or \`binary_data_size\` for "${name}" but received both or neither.`);
  }
}

const countOf = (shape) => shape.reduce((product, size) => product * size, 1);

function readBytes({ name, datatype, shape, parameters: { binary_data_size: size } }, bytes) {
  const ArrayType = ARRAYS.get(datatype);
  const expected = countOf(shape) * ArrayType.BYTES_PER_ELEMENT;
  if (size !== expected || bytes.length !== size) {
    throw bad(`Expected ${expected} bytes of ${datatype} for "${name}" but received ${Math.min(size, bytes.length)}.`);
  }
  // The elements are copied, so that they are aligned and the body's memory can be freed.
  const data = new ArrayType(new Uint8Array(bytes).buffer);
  if (datatype === "BOOL" && data.some((byte) => byte > 1)) throw bad(`Expected bytes of 0 and 1 in "${name}".`);
  return { datatype, shape, data };
}

function readJson({ name, datatype, shape, data: given }) {
  if (datatype === "FP16" || datatype === "BF16") {
    throw bad(`Expected ${datatype} as binary data for "${name}" but received it in JSON.`);
  }
  const elements = flatten(given, shape, name);
  const data = new (ARRAYS.get(datatype))(elements.length);
  const put = putter(datatype, data);
  elements.forEach((element, index) => {
    if (!put(element, index)) throw bad(`Expected elements of ${datatype} in "${name}" but received ${show(element)}.`);
  });
  return { datatype, shape, data };
}

/**
 * Returns a function that stores an element of a datatype. It returns whether the element has the type and is in its
 * range.
 */
function putter(datatype, data) {
  if (datatype === "BOOL") {
    return (element, index) => {
      data[index] = element;
      return typeof element === "boolean";
    };
  }
  if (datatype.startsWith("FP")) {
    return (element, index) => {
      data[index] = element;
      return typeof element === "number" && Number.isFinite(data[index]);
    };
  }
  const convert = datatype.endsWith("64") ? BigInt : Number;
  return (element, index) => {
    // Beyond 2^53 JSON's numbers are no longer those that the client wrote.
    if (!Number.isSafeInteger(element)) return false;
    data[index] = convert(element);
    return Number(data[index]) === element;
  };
}

/** The elements of `data`, which is flat or nested as `shape` says. */
function flatten(data, shape, name) {
  let rows = [data];
  for (const size of Array.isArray(data[0]) ? shape : [countOf(shape)]) {
    if (!rows.every((row) => Array.isArray(row) && row.length === size)) {
      throw bad(`Expected ${countOf(shape)} elements, flat or nested as the shape says, for "${name}".`);
    }
    rows = rows.flat();
  }
  return rows;
}

/**
 * Writes an inference response.
 *
 * @param about `{ model_name, id? }`
 * @param tensors by name: `{ datatype, shape, data }`
 * @param wanted `{ name, binary }` of each output
 * @param maxJson about the most bytes of JSON
 * @returns `{ body, headers }`; with binary tensors the body is a Buffer
 */
export function writeResponse(about, tensors, wanted, maxJson) {
  const binary = [];
  let numbers = 0;
  const outputs = wanted.map(({ name, binary: asBytes }) => {
    const { datatype, shape, data } = tensors.get(name);
    if (asBytes) {
      const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      binary.push(bytes);
      return { name, datatype, shape, parameters: { binary_data_size: bytes.length } };
    }
    numbers += data.length;
    if (numbers * JSON_NUMBER > maxJson) {
      throw bad(`Expected an answer of at most ${maxJson} bytes of JSON. Ask for "${name}" as binary data.`);
    }
    if (!data.every(Number.isFinite)) {
      throw new HttpError(
        422,
        `The output "${name}" has NaN or infinite elements, which JSON cannot express. Ask for it as binary data.`,
      );
    }
    return { name, datatype, shape, data: Array.from(data) };
  });
  const json = JSON.stringify({ ...about, outputs });
  if (binary.length === 0) return { body: json, headers: { "content-type": "application/json; charset=utf-8" } };
  const header = Buffer.from(json);
  return {
    body: Buffer.concat([header, ...binary]),
    headers: { "content-type": "application/octet-stream", "inference-header-content-length": header.length },
  };
}
