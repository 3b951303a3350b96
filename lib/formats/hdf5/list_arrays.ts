import { fileError } from "../file_errors.js";
import { MAX_HDF5_OBJECTS, MAX_LAYER_DEPTH } from "../limits.js";
import { storedDtype } from "./dtype.js";
import type { Hdf5File } from "./hdf5_file.js";
import type { LegacyArray } from "./legacy_arrays.js";
import { readDatasetHeader } from "./object_header.js";

/**
 * Lists the arrays of floating-point numbers that a layer has in a Keras 3 weights file: its own, in order, and then those
 * of the groups inside of its group, by their names.
 *
 * @throws GRUError `ERR_FILE_FORMAT` if the file is damaged, or has too many.
 */
export function listArrays(file: Hdf5File, group: string): LegacyArray[] {
  const found: LegacyArray[] = [];
  let visited = 0;
  const visit = (parts: readonly string[], depth: number): void => {
    visited += 1;
    if (visited > MAX_HDF5_OBJECTS || depth > 2 * MAX_LAYER_DEPTH) throw fileError("expected fewer groups of weights");
    const path = file.group(parts.join("/"));
    if (path === undefined) return;
    const members = [...file.names(path)];
    if (members.includes("vars") && file.isGroup(path, "vars")) found.push(...ownArrays(file, [...parts, "vars"]));
    for (const name of members.sort())
      if (name !== "vars" && file.isGroup(path, name)) visit([...parts, name], depth + 1);
  };
  visit(group.split("/"), 0);
  return found;
}

function ownArrays(file: Hdf5File, parts: readonly string[]): LegacyArray[] {
  const path = file.group(parts.join("/")) as string;
  const names = [...file.names(path)].sort((a, b) => Number(a) - Number(b));
  if (names.length > MAX_HDF5_OBJECTS) throw fileError("expected fewer arrays of weights");
  return names.flatMap((name) => {
    const relative = [...parts, name].join("/");
    const shape = file.isGroup(path, name) ? undefined : file.shape(relative);
    if (shape === undefined || !isFloat(file, `${path}/${name}`)) return [];
    return [{ name: relative, path: `${path}/${name}`, shape }];
  });
}

function isFloat(file: Hdf5File, path: string): boolean {
  try {
    storedDtype(readDatasetHeader(file.bytes, file.address(file.real(path) as string)), file.text(path, "dtype"), path);
    return true;
  } catch {
    return false;
  }
}
