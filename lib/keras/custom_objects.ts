import { describe, describeThrown } from "../errors/describe.js";
import { GRUError } from "../errors/gru_error.js";
import { expected, expectedText } from "../errors/messages.js";
import { CONSTRAINTS, type Constraint } from "./constraints.js";
import { CustomFunction, looksCustom } from "./custom_activation.js";
import { type CustomActivation, GateActivation } from "./gate_activation.js";
import { INITIALIZERS, type Initializer } from "./initializers.js";
import { REGULARIZERS, type Regularizer } from "./regularizers.js";
import {
  type KerasObject,
  type KerasType,
  readForm,
  rememberOrigin,
  type SerializedForm,
  type Vocabulary,
} from "./serialization.js";
import { UnknownConstraint, UnknownInitializer, type UnknownObject, UnknownRegularizer } from "./unknown_objects.js";

/**
 * An entry of `custom_objects`: an activation, or a class that extends `constraints.Constraint`,
 * `initializers.Initializer` or `regularizers.Regularizer`. The class is made from the config that Keras wrote, by its
 * static `fromConfig` if it has one, otherwise by its constructor. An object instead of a class is used as it is, and
 * the config is ignored.
 */
export type CustomObject =
  | CustomActivation
  | GateActivation
  | KerasType<Constraint>
  | KerasType<Initializer>
  | KerasType<Regularizer>
  | Constraint
  | Initializer
  | Regularizer;

/** Your own objects, by the names that configs use for them: a class's name, or its registered name (`pkg>Name`). */
export type CustomObjects = Readonly<Record<string, CustomObject>>;

/** A family of objects that a GRU's config may name. Activations are not among them. */
interface Family {
  readonly vocabulary: Vocabulary<KerasObject>;
  /** The class that stands in for an unknown object of the family. */
  readonly unknown: new (
    object: UnknownObject,
  ) => KerasObject;
}

const FAMILIES: Readonly<Record<string, Family>> = {
  constraint: { vocabulary: CONSTRAINTS, unknown: UnknownConstraint },
  regularizer: { vocabulary: REGULARIZERS, unknown: UnknownRegularizer },
  initializer: { vocabulary: INITIALIZERS, unknown: UnknownInitializer },
};

/** Checks a `custom_objects` map. Throws `ERR_ARGUMENT`, naming the entry. */
export function readCustomObjects(value: unknown): CustomObjects {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw expected("ERR_ARGUMENT", "custom_objects", "an object of your own objects by name", value);
  }
  for (const [name, entry] of Object.entries(value)) checkEntry(name, entry);
  return value as CustomObjects;
}

function checkEntry(name: string, entry: unknown): void {
  if (entry instanceof GateActivation) return;
  const known = Object.values(FAMILIES).some(({ vocabulary }) => vocabulary.owns(entry) || vocabulary.isClass(entry));
  if (known) return;
  if (typeof entry === "object" && entry !== null && looksCustom(entry)) {
    new CustomFunction(entry, `custom_objects.${name}`);
    return;
  }
  throw expected(
    "ERR_ARGUMENT",
    `custom_objects.${name}`,
    "an activation ({ name, forward, backward } or an Activation), or a class or an object of " +
      "constraints.Constraint, initializers.Initializer or regularizers.Regularizer",
    entry,
  );
}

/**
 * Returns the object in `objects` that `value` names. `value` is the config's entry for `argument`, such as
 * `kernel_constraint`. With `keep`, an unknown name becomes an object that keeps its config and refuses everything
 * else. Any other value is returned unchanged, and the constructor then checks it.
 *
 * Throws `ERR_ARGUMENT` for a malformed object and for one in `objects` of another kind, and `ERR_CALLBACK` when making
 * the object throws.
 */
export function withCustomObjects(value: unknown, argument: string, objects: CustomObjects, keep: boolean): unknown {
  if (argument.endsWith("activation")) return withCustomActivations(value, objects);
  const family = FAMILIES[argument.slice(argument.lastIndexOf("_") + 1)];
  if (family === undefined || value === undefined || value === null || family.vocabulary.owns(value)) return value;
  const form = typeof value === "object" ? readForm(value, argument) : null;
  if (form === null && typeof value !== "string") return value;
  const names = form === null ? [value as string] : namesOf(form);
  const found = names.find((name) => Object.hasOwn(objects, name));
  if (found !== undefined) return makeObject({ family, argument, name: found, entry: objects[found], form });
  const name = names.at(-1) as string;
  if (!keep || (form?.custom !== true && family.vocabulary.names.has(name))) return value;
  const { kind, names: known } = family.vocabulary;
  return new family.unknown({ kind, argument, name, known, written: value as UnknownObject["written"] });
}

/** Returns the names under which a serialized object is looked up. A function has its name in its config. */
function namesOf({ class_name, config, registered_name }: SerializedForm): string[] {
  if (class_name === "function" && typeof config === "string") return [config];
  return registered_name === null ? [class_name] : [registered_name, class_name];
}

interface Request {
  readonly family: Family;
  readonly argument: string;
  readonly name: string;
  readonly entry: unknown;
  readonly form: SerializedForm | null;
}

function makeObject({ family: { vocabulary }, argument, name, entry, form }: Request): KerasObject {
  if (vocabulary.owns(entry)) return entry;
  const where = `custom_objects.${name}`;
  const remedy = `The config has it for \`${argument}\`.`;
  if (!vocabulary.isClass(entry)) {
    throw expected("ERR_ARGUMENT", where, `${vocabulary.kind}, or a class of its kind,`, entry, { remedy });
  }
  const config = (form === null || typeof form.config === "string" ? {} : form.config) as never;
  let object: unknown;
  try {
    object = typeof entry.fromConfig === "function" ? entry.fromConfig(config) : new entry(config);
  } catch (cause) {
    if (cause instanceof GRUError) throw cause;
    throw expectedText(
      "ERR_CALLBACK",
      where,
      `a class that makes ${vocabulary.kind}`,
      `one that throws: ${describeThrown(cause)}`,
      { remedy, cause },
    );
  }
  if (!vocabulary.owns(object)) {
    throw expectedText(
      "ERR_ARGUMENT",
      where,
      `a class that makes ${vocabulary.kind}`,
      `one that makes ${describe(object)}`,
      { remedy },
    );
  }
  if (form !== null && typeof form.config !== "string") rememberOrigin(object, form);
  return object;
}

/**
 * Returns `value`, the config's entry for an activation, with every function replaced that `objects` has an entry for.
 * The function may be a name, a serialized function, or one of these inside a serialized activation layer. Any other
 * value is returned unchanged.
 */
function withCustomActivations(value: unknown, objects: CustomObjects): unknown {
  if (typeof value === "string") return Object.hasOwn(objects, value) ? objects[value] : value;
  if (typeof value !== "object" || value === null || value instanceof GateActivation) return value;
  const { class_name, config } = value as Record<string, unknown>;
  if (class_name === "function") {
    return typeof config === "string" && Object.hasOwn(objects, config) ? objects[config] : value;
  }
  if (typeof config !== "object" || config === null || !("activation" in config)) return value;
  const inner = withCustomActivations(config.activation, objects);
  return inner === config.activation ? value : { ...value, config: { ...config, activation: inner } };
}
