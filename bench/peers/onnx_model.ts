import type { Problem } from "../problem.js";

// Field numbers of onnx.proto3 (onnx/onnx.proto3 of the ONNX project), as far as one GRU node needs them.
const MODEL = { irVersion: 1, graph: 7, opsetImport: 8 };
const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12 };
const NODE = { input: 1, output: 2, opType: 4, attribute: 5 };
const ATTRIBUTE = { name: 1, i: 3, type: 20 };
const TENSOR = { dims: 1, dataType: 2, name: 8, rawData: 9 };
const VALUE_INFO = { name: 1, type: 2 };
const FLOAT = 1;
const INT_ATTRIBUTE = 2;

function varint(value: number): number[] {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  bytes.push(value);
  return bytes;
}

/** One field of a protobuf message: a varint for a number, length-delimited for the rest. */
function field(number: number, value: number | string | Uint8Array): Uint8Array {
  if (typeof value === "number") return Uint8Array.from([...varint(number * 8), ...varint(value)]);
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  return Buffer.concat([Uint8Array.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);
}

function message(...fields: Uint8Array[]): Uint8Array {
  return Buffer.concat(fields);
}

function initializer(name: string, dims: number[], values: Float32Array): Uint8Array {
  return message(
    ...dims.map((dim) => field(TENSOR.dims, dim)),
    field(TENSOR.dataType, FLOAT),
    field(TENSOR.name, name),
    field(TENSOR.rawData, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
  );
}

function value(name: string, dims: number[]): Uint8Array {
  const shape = message(...dims.map((dim) => field(1, message(field(1, dim)))));
  return message(
    field(VALUE_INFO.name, name),
    field(VALUE_INFO.type, field(1, message(field(1, FLOAT), field(2, shape)))),
  );
}

function integerAttribute(name: string, i: number): Uint8Array {
  return message(field(ATTRIBUTE.name, name), field(ATTRIBUTE.i, i), field(ATTRIBUTE.type, INT_ATTRIBUTE));
}

function transpose(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(matrix.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = matrix[r * columns + c]!;
  return out;
}

/**
 * A problem as an ONNX model of one GRU node: `x` (T, B, F) to `state` (1, B, U). ONNX's gate order is Keras's, its
 * weights are Keras's transposed, and `linear_before_reset` is `reset_after`.
 */
export function onnxModel(problem: Problem): Uint8Array {
  const { batch, timesteps, features, units, resetAfter } = problem;
  const bias = new Float32Array(6 * units);
  bias.set(problem.bias);
  const node = message(
    ...["x", "w", "r", "b"].map((name) => field(NODE.input, name)),
    ...["", "state"].map((name) => field(NODE.output, name)),
    field(NODE.opType, "GRU"),
    field(NODE.attribute, integerAttribute("hidden_size", units)),
    field(NODE.attribute, integerAttribute("linear_before_reset", resetAfter ? 1 : 0)),
  );
  const graph = message(
    field(GRAPH.node, node),
    field(GRAPH.name, "gru"),
    field(
      GRAPH.initializer,
      initializer("w", [1, 3 * units, features], transpose(problem.kernel, features, 3 * units)),
    ),
    field(
      GRAPH.initializer,
      initializer("r", [1, 3 * units, units], transpose(problem.recurrentKernel, units, 3 * units)),
    ),
    field(GRAPH.initializer, initializer("b", [1, 6 * units], bias)),
    field(GRAPH.input, value("x", [timesteps, batch, features])),
    field(GRAPH.output, value("state", [1, batch, units])),
  );
  return message(
    field(MODEL.irVersion, 8),
    field(MODEL.graph, graph),
    field(MODEL.opsetImport, message(field(1, ""), field(2, 14))),
  );
}
