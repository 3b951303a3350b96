import { fileError, quotedList } from "../file_errors.js";
import { isKeras1Cell, type Keras1Run, keras1Runs } from "../keras_files/keras1_weights.js";
import { MAX_HDF5_OBJECTS, MAX_LAYER_DEPTH } from "../limits.js";
import type { Hdf5File } from "./hdf5_file.js";

/**
 * The variables of one GRU cell: kernel, recurrent_kernel and sometimes bias, or in Keras 1 one of each for every gate.
 */
export interface StoredCell {
  /** The cell's group in Keras 3, such as `layers/gru/cell`. In legacy files, the start of the variables' names. */
  group: string;
  variables: { path: string; shape: number[] }[];
  /** The name of each part of `group`, where the file contains it. Only for Keras 3. */
  names: (string | undefined)[];
}

/** A top-level layer of a legacy file. Its arrays have an order. */
export interface LegacyLayer {
  name: string;
  /** The number of its arrays. */
  arrays: number;
  /** Its GRU cells, in the order of their arrays. */
  cells: StoredCell[];
}

/** The structure of an HDF5 model file, without the numbers. */
export type Hdf5Outline =
  /** Keras 3's `.weights.h5`, with groups named after classes. */
  | { kind: "weights"; cells: StoredCell[] }
  /** `.h5` of Keras 1 and 2, tf.keras and Keras 3's legacy writer. Files with weights only have no `modelConfig`. */
  | { kind: "legacy"; kerasVersion: string | undefined; modelConfig: string | undefined; layers: LegacyLayer[] };

/**
 * Reads the structure of an HDF5 model file.
 *
 * @throws GRUError `ERR_FILE_FORMAT` if it is not a model file, or is damaged, too large, or held together by links.
 */
export function outline(file: Hdf5File): Hdf5Outline {
  const root = file.names("/").has("model_weights") ? "model_weights" : "";
  const weights = file.group(root)!;
  const layerNames = file.texts(weights, "layer_names");
  const modelConfig = file.text("/", "model_config");
  if (layerNames !== undefined) {
    if (layerNames.length > MAX_HDF5_OBJECTS) throw tooMany();
    const kerasVersion = file.text("/", "keras_version") ?? file.text(weights, "keras_version");
    if (new Set(layerNames).size < layerNames.length) {
      throw fileError("expected each layer once in layer_names but found one twice");
    }
    let arrays = 0;
    const layers = layerNames.map((name) => {
      const layer = legacyLayer(file, root, name);
      arrays += layer.arrays;
      if (arrays > MAX_HDF5_OBJECTS) throw tooMany();
      return layer;
    });
    return { kind: "legacy", kerasVersion, modelConfig, layers };
  }
  if (root !== "" || modelConfig !== undefined) {
    throw fileError(`expected layer_names in ${root || "the file"} but found none`);
  }
  return { kind: "weights", cells: weightCells(file) };
}

function tooMany(): Error {
  return fileError(`expected at most ${MAX_HDF5_OBJECTS} layers but found more`);
}

/** True for the shapes of a GRU cell's variables, in Keras's layout or in CuDNNGRU's. */
export function isGruCell([kernel, recurrent, bias, ...more]: readonly (readonly number[])[]): boolean {
  if (kernel?.length !== 2 || recurrent?.length !== 2 || more.length > 0) return false;
  const units = recurrent[0]!;
  const gates = 3 * units;
  if (units < 1 || recurrent[1] !== gates || kernel[1] !== gates) return false;
  if (bias === undefined) return true;
  return bias.length === 2 ? bias[0] === 2 && bias[1] === gates : bias[0] === gates || bias[0] === 2 * gates;
}

function legacyLayer(file: Hdf5File, root: string, name: string): LegacyLayer {
  const group = root === "" ? name : `${root}/${name}`;
  const path = file.group(group);
  if (path === undefined) throw fileError(`expected a group for layer ${JSON.stringify(name)} but found none`);
  const weightNames = file.texts(path, "weight_names");
  if (weightNames === undefined) throw fileError(`expected weight_names of layer ${JSON.stringify(name)}`);
  if (weightNames.length > MAX_HDF5_OBJECTS) throw tooMany();
  const cells: StoredCell[] = [];
  for (const { names, prefix } of runsOf(weightNames)) {
    const variables = names.map((weight) => {
      const shape = file.shape(`${group}/${weight}`);
      if (shape === undefined) throw fileError(`expected an array ${weight} in ${path} but found none`);
      return { path: `${path}/${weight}`, shape };
    });
    const shapes = variables.map(({ shape }) => shape);
    if (isGruCell(shapes) || isKeras1Cell(shapes)) cells.push({ group: prefix, variables, names: [] });
  }
  return { name, arrays: weightNames.length, cells };
}

/**
 * Returns the groups of arrays that may each belong to one recurrent cell, in their order, with the start of their
 * names.
 */
function runsOf(names: readonly string[]): Keras1Run[] {
  const old = keras1Runs(names);
  if (old.length === 0) return cellRuns(names);
  // The layer may still be one of Keras 2 in which somebody named arrays as Keras 1 did.
  const taken = new Set(old.flatMap((run) => run.names));
  const others = cellRuns(
    names.filter((name) => !taken.has(name)),
    false,
  );
  const places = new Map(names.map((name, place) => [name, place]));
  return [...old, ...others].sort((one, other) => places.get(one.names[0]!)! - places.get(other.names[0]!)!);
}

/**
 * Returns the arrays that may belong to one recurrent cell each: those named kernel, recurrent_kernel and bias, in a
 * row.
 */
function cellRuns(names: readonly string[], whole = true): Keras1Run[] {
  const runs: string[][] = [];
  for (let index = 0; index + 1 < names.length; index += 1) {
    if (role(names[index]!) !== "kernel" || role(names[index + 1]!) !== "recurrent_kernel") continue;
    const end = index + (role(names[index + 2] ?? "") === "bias" ? 3 : 2);
    runs.push(names.slice(index, end));
    index = end - 1;
  }
  // Whatever the names are, the arrays have Keras's order.
  const found = whole && runs.length === 0 && (names.length === 2 || names.length === 3) ? [[...names]] : runs;
  return found.map((run) => ({ names: run, prefix: run[0]!.split("/").slice(0, -1).join("/") }));
}

/** Returns `kernel` for `gru/gru_cell/kernel:0`. TensorFlow numbers names that would repeat (`kernel_1:0`). */
function role(name: string): string {
  return name.split("/").at(-1)!.replace(/:\d+$/, "").replace(/_\d+$/, "");
}

function weightCells(file: Hdf5File): StoredCell[] {
  const cells: StoredCell[] = [];
  let groups = 0;
  const visit = (parts: readonly string[]): void => {
    groups += 1;
    if (groups > MAX_HDF5_OBJECTS) throw tooMany();
    if (parts.length > 2 * MAX_LAYER_DEPTH) {
      throw fileError(`expected layers nested at most ${MAX_LAYER_DEPTH} deep but found more`);
    }
    const path = file.group(parts.join("/"))!;
    const members = file.names(path);
    if (members.has("vars") && file.isGroup(path, "vars")) {
      const cell = cellIn(file, parts);
      if (cell) cells.push(cell);
    }
    for (const name of members) {
      if (name !== "vars" && name !== "optimizer" && file.isGroup(path, name)) visit([...parts, name]);
    }
  };
  visit([]);
  if (groups === 1) {
    const found = quotedList([...file.names("/")]) || "nothing";
    throw fileError(`expected the weights of a Keras model but found an HDF5 file with ${found} in it`);
  }
  return cells;
}

function cellIn(file: Hdf5File, parts: readonly string[]): StoredCell | undefined {
  const vars = [...parts, "vars"].join("/");
  const path = file.group(vars)!;
  const count = file.names(path).size;
  if (count !== 2 && count !== 3) return undefined;
  const variables: StoredCell["variables"] = [];
  for (let index = 0; index < count; index += 1) {
    if (!file.names(path).has(String(index)) || file.isGroup(path, String(index))) return undefined;
    variables.push({ path: `${path}/${index}`, shape: file.shape(`${vars}/${index}`)! });
  }
  if (!isGruCell(variables.map(({ shape }) => shape))) return undefined;
  const names = parts.map((_, index) => {
    const noted = file.group([...parts.slice(0, index + 1), "vars"].join("/"));
    return noted === undefined ? undefined : file.text(noted, "name");
  });
  return { group: parts.join("/"), variables, names };
}
