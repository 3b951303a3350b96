import { fileError } from "../file_errors.js";
import type { StoredVariable } from "../hdf5/dataset.js";
import { isGruCell, type StoredCell } from "../hdf5/outline.js";
import { parseJson } from "../json.js";
import type { WeightData } from "../keras_files/gru_variables.js";
import type { WeightsOnly } from "../keras_files/model_contents.js";
import type { StoredLayer } from "../keras_files/stored_layers.js";
import { decodeSafetensors, encodeSafetensors, type SafetensorsDtype, type SafetensorsTensor } from "./safetensors.js";
import { torchLayers } from "./torch_gru.js";

const DTYPES = { float64: "F64", float32: "F32", float16: "F16", bfloat16: "BF16" } as const;
const NAMES = ["kernel", "recurrent_kernel", "bias"] as const;
const CONFIG = "config";

/**
 * Returns the safetensors file of one GRU, in parts to be written one after the other. It contains the tensors
 * `kernel`, `recurrent_kernel` and sometimes `bias`, and the layer's config in its metadata.
 */
export function encodeGru(config: Record<string, unknown>, weights: readonly WeightData[]): Uint8Array[] {
  const tensors = weights.map(({ shape, dtype, data }, index): [string, SafetensorsTensor] => {
    return [NAMES[index]!, { dtype: DTYPES[dtype], shape, data } as SafetensorsTensor];
  });
  const metadata: [string, string][] = [
    ["format", "cudnn-gru"],
    ["class_name", "GRU"],
    [CONFIG, JSON.stringify(config)],
  ];
  return encodeSafetensors(tensors, metadata);
}

/**
 * Returns the GRUs in the safetensors file `bytes`: every `kernel` and `recurrent_kernel` (and sometimes `bias`) that
 * have the shapes of a GRU's, alone or under a common name such as `encoder.` or `encoder/`. PyTorch's recurrent layers
 * are included.
 *
 * @throws GRUError `ERR_FILE_FORMAT` for a config that is not one, and the errors of `decodeSafetensors`.
 */
export function openSafetensors(bytes: Uint8Array): WeightsOnly {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const text = metadata.get("class_name") === "GRU" ? metadata.get(CONFIG) : undefined;
  const config = text === undefined ? undefined : readConfig(text);
  const layers: StoredLayer[] = [];
  for (const name of tensors.keys()) {
    const prefix = /^(.*[./]|)kernel$/s.exec(name)?.[1];
    const cell = prefix === undefined ? undefined : cellAt(prefix, tensors);
    if (cell) layers.push(layerOf(cell, prefix === "" ? config : undefined));
  }
  const foreign = torchLayers(tensors);
  const load = (path: string) => stored(path, tensors);
  const read = async (layer: StoredLayer) =>
    foreign.find((one) => one === layer)?.convert(load) ?? layer.cell.variables.map(({ path }) => load(path));
  return { kind: "weights", layers: [...layers, ...foreign], read };
}

function readConfig(text: string): Record<string, unknown> {
  const config = parseJson("the config", text);
  if (typeof config === "object" && config !== null && !Array.isArray(config)) return config as Record<string, unknown>;
  throw fileError("expected a table for the config but found something else");
}

function cellAt(prefix: string, tensors: ReadonlyMap<string, SafetensorsTensor>): StoredCell | undefined {
  const variables = NAMES.flatMap((name) => {
    const tensor = tensors.get(prefix + name);
    return tensor === undefined ? [] : [{ path: prefix + name, shape: [...tensor.shape] }];
  });
  const complete = variables[1]?.path === `${prefix}recurrent_kernel`;
  if (!complete || !isGruCell(variables.map(({ shape }) => shape))) return undefined;
  return { group: prefix.slice(0, -1), variables, names: [] };
}

function layerOf(cell: StoredCell, config: Record<string, unknown> | undefined): StoredLayer {
  const label = cell.group || (typeof config?.name === "string" ? config.name : "gru");
  const segments = label.split(/[./]/).map((part) => [part]);
  const layer = { segments, sharedAt: [], className: "GRU", isGru: true, group: cell.group, label, cell };
  return config === undefined ? layer : { ...layer, config };
}

const KINDS: Partial<Record<SafetensorsDtype, StoredVariable["dtype"]>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
};

function stored(path: string, tensors: ReadonlyMap<string, SafetensorsTensor>): StoredVariable {
  const { dtype, shape, data } = tensors.get(path)!;
  const kind = KINDS[dtype];
  if (kind === undefined) {
    const floats = Object.keys(KINDS).join(", ");
    throw fileError(`expected ${path} of dtype ${floats} but found ${dtype}`);
  }
  return { shape: [...shape], dtype: kind, data: data.buffer as ArrayBuffer };
}
