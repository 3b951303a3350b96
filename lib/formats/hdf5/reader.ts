import { fileError, quotedList } from "../file_errors.js";
import { type OpenRequest, readDatasets, type StoredVariable } from "./dataset.js";
import type { Hdf5File } from "./hdf5_file.js";

/** A request for the variables of a Keras 3 layer, which `group` contains as `<group>/vars/0`, `/1`, .... */
export interface GroupRequest {
  group: string;
  /**
   * The group in which Keras notes the layer's name (`<named group>/vars`), and the expected name. It is checked if the
   * note is there.
   */
  named: { group: string; name: string };
  variables: OpenRequest[];
  /** How many variables come after these, which the group must have but nobody reads. */
  unread?: number;
}

/** A request for datasets anywhere in the file, each at its absolute `path`. */
export interface DatasetRequest {
  datasets: (OpenRequest & { path: string })[];
}

/**
 * Reads the variables of one layer.
 *
 * @throws GRUError `ERR_FILE_FORMAT` if the file is damaged, if a variable is missing or has another shape or dtype, or
 * if part of it is behind a soft link, an external link or a virtual dataset.
 */
export function readVariables(file: Hdf5File, request: GroupRequest | DatasetRequest): StoredVariable[] {
  if ("datasets" in request) return readDatasets(file, request.datasets);
  const group = inThisFile(file, request.group);
  const { named, variables, unread = 0 } = request;
  checkName(file, { group: inThisFile(file, named.group), name: named.name });
  const path = file.group(`${group}/vars`);
  if (path === undefined)
    throw fileError(`expected the layer's weights in ${request.group}/vars but found no such group`);
  const names = file.names(path);
  if (names.size !== variables.length + unread || !variables.every((_, index) => names.has(String(index)))) {
    const labels = variables.map(({ label }) => label).join(", ");
    throw fileError(
      `expected ${variables.length} variables (${labels}) in ${group}/vars but found ${names.size} (${quotedList([...names])})`,
    );
  }
  return readDatasets(
    file,
    variables.map((variable, index) => ({ ...variable, path: `${path}/${index}` })),
  );
}

/** The name of a model's layers in Keras 2.12 and 2.13. */
const OLD_CONTAINER = "_layer_checkpoint_dependencies";

/**
 * Returns the path at which this file keeps the contents of `group`. Files of Keras 2.12 and 2.13 keep a model's layers
 * in another container, which counts a layer with weights twice: the numbers of one class rise with the layers but skip
 * some.
 */
function inThisFile(file: Hdf5File, group: string): string {
  const root = file.names("/");
  if (root.has("layers") || !root.has(OLD_CONTAINER)) return group;
  const found: string[] = [];
  for (const part of group.split("/")) {
    const inContainer = found.at(-1) === OLD_CONTAINER;
    found.push(inContainer ? nthOfClass(file, found.join("/"), part) : part === "layers" ? OLD_CONTAINER : part);
  }
  return found.join("/");
}

/** Returns the member of `container` at the place of `name`: for `gru_1` the second of `gru`, `gru_2`, `gru_4`. */
function nthOfClass(file: Hdf5File, container: string, name: string): string {
  const path = file.group(container);
  const [, base, index = "0"] = /^(.*?)(?:_(\d+))?$/.exec(name)!;
  const number = (member: string) => (member === base ? 0 : Number(member.slice(base!.length + 1)));
  const members = path === undefined ? [] : [...file.names(path)];
  const alike = members.filter((member) =>
    /^(_\d+)?$/.test(member.startsWith(base!) ? member.slice(base!.length) : "?"),
  );
  return alike.sort((one, other) => number(one) - number(other))[Number(index)] ?? name;
}

/**
 * Throws when the file notes another name. Two layers of equal shape could be confused; newer Keras versions note the
 * name.
 */
function checkName(file: Hdf5File, { group, name }: GroupRequest["named"]): void {
  const path = file.group(`${group}/vars`);
  const found = path === undefined ? undefined : file.text(path, "name");
  if (found !== undefined && found !== name) {
    const names = `${JSON.stringify(name)} in ${group} but found ${JSON.stringify(found)}`;
    throw fileError(`expected the weights of layer ${names}: config.json and weights disagree`);
  }
}
