import type { GRUError, GRUErrorCode } from "../../errors/gru_error.js";
import { incompleteError } from "../../errors/messages.js";
import { fileError } from "../../formats/file_errors.js";
import { MAX_LAYER_DEPTH, MAX_PATH_LENGTH } from "../../formats/limits.js";

/** The config of a layer or operation: JSON. */
export type Config = Readonly<Record<string, unknown>>;

/** Where a layer is in the model file. */
export interface Place {
  /** The names of the layers from the outside in. The name of the model itself is not among them. */
  readonly names: readonly string[];
  /** The group of its weights in a Keras 3 file, such as `layers/gru_1`. The model itself has the group `""`. */
  readonly group: string;
  /** False for a layer that is frozen or inside a frozen one. `.h5` files list its weights after the others. */
  readonly trainable: boolean;
  /** True when Keras 1, Keras 2 or tf.keras 2 wrote the file, whose configs have other meanings. */
  readonly legacy: boolean;
}

/** One layer or operation of a model, as its config describes it. */
export interface Entry {
  readonly kind: "layer" | "operation";
  readonly className: string;
  /** The Python module of the class. Absent in `.h5` files. */
  readonly module: string | undefined;
  /** The name under which a custom class is registered, such as `package>Class`; `null` for Keras's own classes. */
  readonly registeredName: string | null;
  /** True for classes of Keras itself, and for those of `.h5` files, which do not say whose a class is. */
  readonly isKeras: boolean;
  readonly name: string;
  readonly config: Config;
  readonly place: Place;
}

/** Returns `value` if it is a JSON object. */
export function asObject(value: unknown): Config | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Config) : undefined;
}

/** The Python packages of Keras's own layers. */
const KERAS_MODULE = /^(keras|tf_keras|tensorflow)(\.|$)/;

/** The modules of Keras 3's operations, which write themselves into configs of functional models. */
const OPERATION_MODULE = /^keras\.(src\.)?ops(\.|$)/;

/**
 * Reads the description of a serialized layer or operation.
 *
 * @param outer the place of the layer around it.
 * @param group the group of its weights inside the group of the outer layer.
 * @throws GRUError `ERR_FILE_FORMAT` if it is not one.
 */
export function readEntry(serialized: unknown, outer: Place, group: string): Entry {
  const object = asObject(serialized);
  const className = object?.class_name;
  if (object === undefined || typeof className !== "string" || className === "") {
    throw fileError(`expected a serialised layer in ${shownPath(outer.names)} but found none`);
  }
  // Up to Keras 2.2.2 the config of a Sequential is the list of its layers.
  const config = Array.isArray(object.config) ? { layers: object.config } : asObject(object.config);
  if (config === undefined) {
    throw fileError(`expected the config of a ${className} in ${shownPath(outer.names)} but found none`);
  }
  const name = layerName(object, config, className);
  const module = typeof object.module === "string" ? object.module : undefined;
  const registered = typeof object.registered_name === "string" ? object.registered_name : null;
  return {
    kind: isOperation(className, module, config, outer) ? "operation" : "layer",
    className,
    module,
    registeredName: registered,
    isKeras: isKerasClass(className, module, registered),
    name,
    config,
    place: innerPlace(outer, name, group, config),
  };
}

function isKerasClass(className: string, module: string | undefined, registered: string | null): boolean {
  if (className.includes(">")) return false;
  return module === undefined ? registered === null : KERAS_MODULE.test(module);
}

function innerPlace(outer: Place, name: string, group: string, config: Config): Place {
  const names = [...outer.names, name];
  if (names.length > MAX_LAYER_DEPTH) throw fileError(`expected layers nested at most ${MAX_LAYER_DEPTH} deep`);
  const joined = outer.group === "" || group === "" ? outer.group + group : `${outer.group}/${group}`;
  if (joined.length > MAX_PATH_LENGTH || names.join("/").length > MAX_PATH_LENGTH) {
    throw fileError("expected shorter names of layers in its config");
  }
  return { names, group: joined, trainable: outer.trainable && config.trainable !== false, legacy: outer.legacy };
}

/** The layers whose configs have no `trainable`. */
const NO_TRAINABLE = /^(InputLayer|SpatialDropout\dD)$/;

/**
 * Operations have modules of their own. An `.h5` file of Keras 3 writes no modules, but the config of an operation has
 * no `trainable`, which nearly every layer has.
 */
function isOperation(className: string, module: string | undefined, config: Config, { legacy }: Place): boolean {
  if (module !== undefined) return OPERATION_MODULE.test(module);
  return !legacy && !("trainable" in config) && !("layers" in config) && !NO_TRAINABLE.test(className);
}

function layerName(object: Config, config: Config, className: string): string {
  const name = object.name ?? config.name;
  return typeof name === "string" && name !== "" ? name : snakeCase(className);
}

/** Keras's `to_snake_case` (Keras 3.15.1, `keras/src/utils/naming.py`). */
export function snakeCase(className: string): string {
  return className
    .replace(/[^\p{L}\p{N}_]+/gu, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

function shownPath(names: readonly string[]): string {
  return names.length === 0 ? "the model" : `layer ${JSON.stringify(names.join("/"))}`;
}

/** Returns the path and class of a layer for messages, such as `layer "encoder/gru" (GRU)`. */
export function shown({ className, place, kind }: Entry): string {
  const path = place.names.length === 0 ? "of the model" : JSON.stringify(place.names.join("/"));
  return `${kind} ${path} (${className})`;
}

/** Makes the error about a layer that a file describes. The caller that knows the file completes it. */
export function entryError(entry: Entry, message: string, code: GRUErrorCode = "ERR_FILE_FORMAT"): GRUError {
  return incompleteError(code, `${shown(entry)}: ${message}`);
}

/** Makes the error about a layer that this package does not compute. `remedy` says what can be done. */
export function unsupported(entry: Entry, message: string, remedy = ""): GRUError {
  return entryError(entry, `${message}${remedy === "" ? "" : `. ${remedy}`}`, "ERR_UNSUPPORTED");
}
