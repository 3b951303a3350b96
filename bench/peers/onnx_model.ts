import { fileURLToPath } from "node:url";
import { importPackage } from "../packages.js";
import { type Problem, swapLeadingAxes } from "../problem.js";

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
const INT_ATTRIBUTE = 2;

/**
 * A problem as an ONNX model of one GRU node, from `x` (timesteps, batch, features) to `y` (timesteps, 1, batch, units).
 * ONNX's gate order is Keras's, its weights are Keras's transposed, and `linear_before_reset` is `reset_after`.
 */
export async function onnxModel({ shape, kernel, recurrentKernel, bias }: Problem): Promise<Uint8Array> {
  const { batch, timesteps, features, units } = shape;
  const loaded = await importPackage<{ default: Protobuf }>("protobufjs");
  const root = new loaded.default.Root();
  const path = fileURLToPath(new URL("onnx_subset.proto", import.meta.url));
  const Model = root.loadSync(path, { keepCase: true }).lookupType("onnx.ModelProto");
  const model = {
    ir_version: 8,
    opset_import: [{ domain: "", version: 14 }],
    graph: {
      name: "gru",
      node: [
        {
          op_type: "GRU",
          input: ["x", "w", "r", "b"],
          output: ["y"],
          attribute: [integer("hidden_size", units), integer("linear_before_reset", 1)],
        },
      ],
      initializer: [
        initializer("w", [1, 3 * units, features], swapLeadingAxes(kernel, features, 3 * units, 1)),
        initializer("r", [1, 3 * units, units], swapLeadingAxes(recurrentKernel, units, 3 * units, 1)),
        initializer("b", [1, 6 * units], bias),
      ],
      input: [value("x", [timesteps, batch, features])],
      output: [value("y", [timesteps, 1, batch, units])],
    },
  };
  const problem = Model.verify(model);
  if (problem !== null) throw new TypeError(`onnx_subset.proto and the model differ: ${problem}`);
  return Model.encode(model).finish();
}

function integer(name: string, i: number): object {
  return { name, i, type: INT_ATTRIBUTE };
}

function initializer(name: string, dims: number[], data: Float32Array): object {
  return { name, dims, data_type: FLOAT, raw_data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

function value(name: string, dims: number[]): object {
  return {
    name,
    type: { tensor_type: { elem_type: FLOAT, shape: { dim: dims.map((size) => ({ dim_value: size })) } } },
  };
}
