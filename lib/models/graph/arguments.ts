import { fileError } from "../../formats/file_errors.js";
import { asObject } from "./entry.js";

/** Names an output of a call in the same model: a layer, the number of its call there, and the number of the output. */
export class TensorRef {
  readonly layer: string;
  readonly node: number;
  /** `null` for all outputs of the call, in their structure. */
  readonly tensor: number | null;

  constructor(layer: string, node: number, tensor: number | null) {
    this.layer = layer;
    this.node = node;
    this.tensor = tensor;
  }
}

/** A slice in the arguments of an operation. */
export class SliceArgument {
  readonly start: Argument;
  readonly stop: Argument;
  readonly step: Argument;

  constructor(start: Argument, stop: Argument, step: Argument) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }
}

/** An array of numbers in the arguments of an operation. */
export class ArrayArgument {
  readonly value: unknown;
  readonly dtype: string;

  constructor(value: unknown, dtype: string) {
    this.value = value;
    this.dtype = dtype;
  }
}

/** Python's `...` in an index. */
export class EllipsisArgument {
  readonly kind = "ellipsis";
}

/** A serialized object that is none of the above, such as a function. */
export class ObjectArgument {
  readonly className: string;
  readonly config: unknown;

  constructor(className: string, config: unknown) {
    this.className = className;
    this.config = config;
  }
}

/** An argument that is not a tensor, nor a list or an object of arguments. */
export type PlainArgument =
  | null
  | boolean
  | number
  | string
  | SliceArgument
  | ArrayArgument
  | ObjectArgument
  | EllipsisArgument;

/** An argument of a call in a functional model. Tuples are lists. */
export type Argument = PlainArgument | TensorRef | readonly Argument[] | { readonly [key: string]: Argument };

/**
 * Reads an argument that Keras 3 serialized (`keras/src/saving/serialization_lib.py`).
 *
 * @throws GRUError `ERR_FILE_FORMAT` if it is malformed.
 */
export function readArgument(value: unknown): Argument {
  if (value === null || typeof value === "boolean" || typeof value === "number" || typeof value === "string") {
    return value;
  }
  if (Array.isArray(value)) return value.map(readArgument);
  const object = asObject(value);
  if (object === undefined) throw fileError("expected JSON in the arguments of a call");
  if (typeof object.class_name !== "string" || !("config" in object)) return readEntries(object);
  return readSpecial(object.class_name, object.config);
}

function readEntries(object: Readonly<Record<string, unknown>>): Argument {
  return Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, readArgument(inner)]));
}

function readSpecial(className: string, config: unknown): Argument {
  const fields = asObject(config) ?? {};
  switch (className) {
    case "__keras_tensor__":
      return readHistory(fields.keras_history);
    case "__tensor__":
    case "__numpy__":
      return new ArrayArgument(fields.value, String(fields.dtype));
    case "__slice__":
      return readSlice(fields);
    case "__ellipsis__":
      return new EllipsisArgument();
    default:
      return new ObjectArgument(className, config);
  }
}

function readSlice({ start = null, stop = null, step = null }: Readonly<Record<string, unknown>>): SliceArgument {
  return new SliceArgument(readArgument(start), readArgument(stop), readArgument(step));
}

function readHistory(history: unknown): TensorRef {
  const [layer, node, tensor] = Array.isArray(history) ? history : [];
  if (typeof layer !== "string" || !isIndex(node) || !isIndex(tensor)) {
    throw fileError(`expected the origin of a tensor in the arguments of a call but found ${JSON.stringify(history)}`);
  }
  return new TensorRef(layer, node, tensor);
}

/** True for a number that can be an index. */
export function isIndex(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Returns all references to tensors in an argument. */
export function referencesIn(argument: Argument): TensorRef[] {
  if (argument instanceof TensorRef) return [argument];
  if (argument instanceof SliceArgument) {
    return [argument.start, argument.stop, argument.step].flatMap(referencesIn);
  }
  if (argument instanceof ArrayArgument || argument instanceof ObjectArgument) return [];
  if (Array.isArray(argument)) return argument.flatMap(referencesIn);
  if (typeof argument === "object" && argument !== null) return Object.values(argument).flatMap(referencesIn);
  return [];
}
