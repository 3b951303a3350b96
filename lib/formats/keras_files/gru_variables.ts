import { incompleteError } from "../../errors/messages.js";
import { fileError } from "../file_errors.js";
import type { StoredVariable, VariableRequest } from "../hdf5/dataset.js";
import type { ConfigLayer } from "./config_tree.js";

/**
 * One weight of a GRU as it is in the file. `data` is row-major, with the bits of 16-bit elements in a `Uint16Array`.
 */
export interface WeightData {
  shape: number[];
  dtype: StoredVariable["dtype"];
  data: Float32Array | Float64Array | Uint16Array;
}

const POLICIES = new Set(["float32", "float64", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16"]);

/**
 * Returns the names and shapes of the weights of a GRU with `layer`'s config, in Keras's order: kernel `(F, 3U)`,
 * recurrent_kernel `(U, 3U)` and, with `use_bias`, bias `(2, 3U)`, or `(3U,)` with `reset_after=False`, or `(6U,)` for
 * CuDNNGRU. `null` stands for an unknown F.
 *
 * @throws GRUError `ERR_FILE_FORMAT` if the config is not the config of a GRU.
 */
export function expectedVariables(layer: ConfigLayer): VariableRequest[] {
  const { units, use_bias = true, reset_after = true } = layer.config;
  if (typeof units !== "number" || !Number.isSafeInteger(units) || units < 1 || units >= 2 ** 31) {
    throw fileError(`expected a positive integer for units of layer ${layer.name} but found ${JSON.stringify(units)}`);
  }
  for (const [key, value] of Object.entries({ use_bias, reset_after })) {
    if (typeof value !== "boolean") {
      throw fileError(`expected a boolean for ${key} of layer ${layer.name} but found ${JSON.stringify(value)}`);
    }
  }
  const variables: VariableRequest[] = [
    { label: "kernel", shape: [inputFeatures(layer), 3 * units] },
    { label: "recurrent_kernel", shape: [units, 3 * units] },
  ];
  if (layer.className === "CuDNNGRU") variables.push({ label: "bias", shape: [6 * units] });
  else if (use_bias) variables.push({ label: "bias", shape: reset_after ? [2, 3 * units] : [3 * units] });
  return variables;
}

/** Returns the last dimension of the input that the layer was built for, or `null` if the file does not contain it. */
function inputFeatures({ inputShape }: ConfigLayer): number | null {
  if (!Array.isArray(inputShape) || inputShape.length !== 3) return null;
  const features: unknown = inputShape[2];
  return typeof features === "number" && Number.isSafeInteger(features) && features >= 0 ? features : null;
}

/** Returns the name of the dtype policy in `config`. */
function policyName(config: Record<string, unknown>): string {
  const { dtype = null } = config;
  if (dtype === null) return "float32";
  if (typeof dtype === "string") return dtype;
  const serialized = dtype as { class_name?: unknown; config?: { name?: unknown } };
  const name = serialized.class_name === "DTypePolicy" ? serialized.config?.name : serialized.class_name;
  return typeof name === "string" ? name : JSON.stringify(dtype);
}

/**
 * Returns the layer's config as `GRU.get_config()` returns it, without the marks that saving leaves in it.
 *
 * @throws GRUError `ERR_UNSUPPORTED` for a dtype policy that is not a floating-point one.
 */
export function loadableConfig(layer: ConfigLayer): Record<string, unknown> {
  const config = withoutSharingMarks(layer.config) as Record<string, unknown>;
  const policy = policyName(config);
  if (POLICIES.has(policy)) return config;
  throw incompleteError("ERR_UNSUPPORTED", `layer ${layer.name} has the dtype policy ${policy}, which cannot be read`);
}

function withoutSharingMarks(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSharingMarks);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== "shared_object_id");
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutSharingMarks(inner)]));
}

const ARRAYS = { float32: Float32Array, float64: Float64Array, float16: Uint16Array, bfloat16: Uint16Array } as const;

/** Returns the elements of `variable` in the array of their dtype. */
export function toWeight({ shape, dtype, data }: StoredVariable): WeightData {
  return { shape, dtype, data: new ARRAYS[dtype](data) };
}
