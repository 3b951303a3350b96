import { fileError } from "../file_errors.js";
import type { StoredVariable } from "../hdf5/dataset.js";
import type { StoredLayer } from "../keras_files/stored_layers.js";
import type { SafetensorsTensor } from "./safetensors.js";

/**
 * The parameters of one layer and direction of `torch.nn.GRU` in a safetensors file: `weight_ih_l0` (3 * units,
 * features), `weight_hh_l0` (3 * units, units), and without `bias=False` `bias_ih_l0` and `bias_hh_l0` (3 * units,).
 * Further layers have `_l1`, `_l2`, and the other direction has `_reverse`. `torch.nn.GRUCell` omits `_l0`. The rows
 * are the gates r, z, n. Keras's GRU with `reset_after` has the same weights transposed, the gates in the order z, r,
 * h, and both biases in one array.
 */

type Tensors = ReadonlyMap<string, SafetensorsTensor>;

/** A layer of PyTorch's in a file. */
export interface TorchLayer extends StoredLayer {
  /** Converts its parameters, which `load` reads, to those of a Keras GRU. Throws `ERR_FILE_FORMAT`. */
  readonly convert: (load: (path: string) => StoredVariable) => StoredVariable[];
}

/** PyTorch's recurrent layers, by the number of rows for each unit. */
const KINDS: ReadonlyMap<number, string> = new Map([
  [1, "RNN"],
  [3, "GRU"],
  [4, "LSTM"],
]);
const GATES = 3;

/**
 * Returns PyTorch's recurrent layers in `tensors`. The `className` of those that are not GRUs names the other class.
 */
export function torchLayers(tensors: Tensors): TorchLayer[] {
  const layers: TorchLayer[] = [];
  for (const name of tensors.keys()) {
    const found = /^(.*[./])?weight_ih(?:_(l\d+(?:_reverse)?))?$/s.exec(name);
    if (found) layers.push(layerOf(found[1] ?? "", found[2] ?? "", tensors));
  }
  return layers;
}

function layerOf(prefix: string, suffix: string, tensors: Tensors): TorchLayer {
  const named = (name: string) => `${prefix}${name}${suffix && `_${suffix}`}`;
  const shapeOf = (name: string) => tensors.get(named(name))?.shape;
  const module = prefix.slice(0, -1);
  const label = suffix === "" ? module || "gru" : `${prefix}${suffix}`;
  const [rows, units] = shapeOf("weight_hh") ?? [];
  // An LSTM with projections has one more parameter, and any number of rows.
  const kind = shapeOf("weight_hr") === undefined ? KINDS.get((rows ?? 0) / (units ?? 0)) : "LSTM";
  const isGru = kind === "GRU" || kind === undefined;
  const names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map(named).filter((name) => tensors.has(name));
  return {
    segments: segmentsOf(label),
    // The module's name alone also stands for its only layer and direction.
    sharedAt: module === "" || label === module ? [] : [[[module]], segmentsOf(module)],
    className: isGru ? "GRU" : `PyTorch ${kind}`,
    isGru,
    group: label,
    label,
    cell: { group: label, names: [], variables: names.map((path) => ({ path, shape: [...tensors.get(path)!.shape] })) },
    resetAfter: true,
    convert: (load) => {
      check(named, shapeOf);
      return inKerasLayout(names.map(load));
    },
  };
}

function segmentsOf(path: string): string[][] {
  return path.split(/[./]/).map((part) => [part]);
}

function check(named: (name: string) => string, shapeOf: (name: string) => readonly number[] | undefined): void {
  const recurrent = shapeOf("weight_hh");
  const [rows, units] = recurrent ?? [];
  if (recurrent?.length !== 2 || !units || rows !== GATES * units) {
    throw wrong(named("weight_hh"), "(3 * units, units)", recurrent);
  }
  const input = shapeOf("weight_ih");
  if (input?.length !== 2 || input[0] !== rows) throw wrong(named("weight_ih"), `(${rows}, features)`, input);
  const biases = ["bias_ih", "bias_hh"];
  if (biases.every((name) => shapeOf(name) === undefined)) return;
  for (const name of biases) {
    const shape = shapeOf(name);
    if (shape?.length !== 1 || shape[0] !== rows) throw wrong(named(name), `(${rows},)`, shape);
  }
}

function wrong(path: string, shape: string, found: readonly number[] | undefined): Error {
  return fileError(`expected ${path} of shape ${shape} but found ${found ? `(${found.join(", ")})` : "none"}`);
}

function inKerasLayout([input, recurrent, ...biases]: readonly StoredVariable[]): StoredVariable[] {
  const kernels = [transposed(input!), transposed(recurrent!)];
  const [first, second] = biases;
  return first === undefined || second === undefined ? kernels : [...kernels, bothBiases(first, second)];
}

/** The place in PyTorch's order of each of Keras's gates z, r, h. */
const PLACES = [1, 0, 2];

type Elements = Float64Array | Float32Array | Uint16Array;
const ARRAYS = { float64: Float64Array, float32: Float32Array, float16: Uint16Array, bfloat16: Uint16Array } as const;

/** Turns rows into columns, gate after gate. */
function transposed({ shape, dtype, data }: StoredVariable): StoredVariable {
  const [rows, columns] = shape as [number, number];
  const units = rows / GATES;
  const from: Elements = new ARRAYS[dtype](data);
  const out = new ARRAYS[dtype](from.length);
  for (let row = 0; row < rows; row += 1) {
    const source = (PLACES[Math.floor(row / units)]! * units + (row % units)) * columns;
    for (let column = 0; column < columns; column += 1) out[column * rows + row] = from[source + column]!;
  }
  return { shape: [columns, rows], dtype, data: out.buffer };
}

/** Joins the bias of the inputs and the bias of the state, which must have one dtype. */
function bothBiases(input: StoredVariable, recurrent: StoredVariable): StoredVariable {
  const [rows] = input.shape as [number];
  const units = rows / GATES;
  if (input.dtype !== recurrent.dtype) {
    throw fileError(`expected biases of one dtype but found ${input.dtype} and ${recurrent.dtype}`);
  }
  const out = new ARRAYS[input.dtype](2 * rows);
  [input, recurrent].forEach(({ dtype, data }, at) => {
    const from: Elements = new ARRAYS[dtype](data);
    for (const [gate, place] of PLACES.entries()) {
      out.set(from.subarray(place * units, (place + 1) * units), at * rows + gate * units);
    }
  });
  return { shape: [2, rows], dtype: input.dtype, data: out.buffer };
}
