import { fileURLToPath } from "node:url";
import { importPackage } from "../packages.js";
import { joined, type Problem, swapLeadingAxes } from "../problem.js";

/** The part of protobufjs's interface that is used here. */
interface Protobuf {
  Root: new () => {
    loadSync(path: string, options: { keepCase: boolean }): { lookupType(name: string): MessageType };
  };
}

interface MessageType {
  verify(message: object): string | null;
  encode(message: object): { finish(): Uint8Array };
}

const FLOAT = 1;
const INT64 = 7;
const INT_ATTRIBUTE = 2;
const STRING_ATTRIBUTE = 3;

/**
 * A problem as an ONNX model of one GRU node for each layer, from `x` (timesteps, batch, features) to `y` (timesteps,
 * directions, batch, units). ONNX's gate order is Keras's, its weights are Keras's transposed, and `linear_before_reset` is
 * `reset_after`.
 */
export async function onnxModel(problem: Problem): Promise<Uint8Array> {
  const { shape, form } = problem;
  const { batch, timesteps, features, units } = shape;
  const loaded = await importPackage<{ default: Protobuf }>("protobufjs");
  const root = new loaded.default.Root();
  const path = fileURLToPath(new URL("onnx_subset.proto", import.meta.url));
  const Model = root.loadSync(path, { keepCase: true }).lookupType("onnx.ModelProto");
  const layers = Array.from({ length: form.layers }, (_, layer) => layerOf(problem, layer));
  const model = {
    ir_version: 8,
    opset_import: [{ domain: "", version: 14 }],
    graph: {
      name: "gru",
      node: layers.flatMap(({ nodes }) => nodes),
      initializer: layers.flatMap(({ initializers }) => initializers),
      input: [value("x", [timesteps, batch, features])],
      output: [value("y", [timesteps, form.directions, batch, units])],
    },
  };
  const problemOfModel = Model.verify(model);
  if (problemOfModel !== null) throw new TypeError(`onnx_subset.proto and the model differ: ${problemOfModel}`);
  return Model.encode(model).finish();
}

/** The nodes and weights of one layer. A layer behind another one gets its output without the axis of directions. */
function layerOf({ shape: { features, units }, form: { layers, directions }, grus }: Problem, layer: number) {
  if (layers > 1 && directions > 1) throw new RangeError("Expected layers of one direction, or one layer.");
  const width = layer === 0 ? features : units;
  const own = grus.slice(layer * directions, (layer + 1) * directions);
  const output = layer === layers - 1 ? "y" : `y${layer}`;
  const [w, r, b, axis, input] = [`w${layer}`, `r${layer}`, `b${layer}`, `axis${layer}`, `x${layer}`];
  const gru = {
    op_type: "GRU",
    input: [layer === 0 ? "x" : input, w, r, b],
    output: [output],
    attribute: [
      integer("hidden_size", units),
      integer("linear_before_reset", 1),
      text("direction", directions === 2 ? "bidirectional" : "forward"),
    ],
  };
  const transposed = (weights: Float32Array, rows: number) => swapLeadingAxes(weights, rows, 3 * units, 1);
  const weights = [
    initializer(w, [directions, 3 * units, width], joined(own.map(({ kernel }) => transposed(kernel, width)))),
    initializer(r, [directions, 3 * units, units], joined(own.map((one) => transposed(one.recurrentKernel, units)))),
    initializer(b, [directions, 6 * units], joined(own.map(({ bias }) => bias))),
  ];
  if (layer === 0) return { nodes: [gru], initializers: weights };
  const squeeze = { op_type: "Squeeze", input: [`y${layer - 1}`, axis], output: [input], attribute: [] };
  return { nodes: [squeeze, gru], initializers: [...weights, { ...initializer(axis, [1], ONE), data_type: INT64 }] };
}

/** The number 1 in 64 bits. */
const ONE = new Uint32Array([1, 0]);

function text(name: string, value: string): object {
  return { name, s: new TextEncoder().encode(value), type: STRING_ATTRIBUTE };
}

function integer(name: string, i: number): object {
  return { name, i, type: INT_ATTRIBUTE };
}

function initializer(name: string, dims: number[], data: Float32Array | Uint32Array): object {
  return { name, dims, data_type: FLOAT, raw_data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

function value(name: string, dims: number[]): object {
  return {
    name,
    type: { tensor_type: { elem_type: FLOAT, shape: { dim: dims.map((size) => ({ dim_value: size })) } } },
  };
}
