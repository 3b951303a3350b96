import { types } from "node:util";
import { describe } from "../errors/describe.js";
import { GRUError } from "../errors/gru_error.js";
import { expected, expectedText, inPlace } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import { suggestion } from "../errors/suggestion.js";

/**
 * A serialized object as arguments accept it. `{ class_name, config }` is enough, and `{ class_name }` is enough where
 * there is nothing to configure. Every `SerializedObject` is one.
 */
export interface SerializedLike {
  /** The name of the class, or `"function"`. */
  class_name: string;
  /** The arguments of the class, or the name of the function. */
  config?: Record<string, unknown> | string | undefined;
  /** The Python module of the class. A foreign module, or `null`, marks a custom object. */
  module?: string | null | undefined;
  /** The name under which the class is registered in Keras, such as `package>Name`. */
  registered_name?: string | null | undefined;
  /** Keras may write this key. It means nothing for objects without weights. */
  build_config?: unknown;
  /** Keras may write this key. It means nothing for objects without weights. */
  compile_config?: unknown;
  /** Keras may write this key. It means nothing for objects without weights. */
  shared_object_id?: unknown;
}

/**
 * An object as Keras writes it into a config (`keras.saving.serialize_keras_object`). Keras 2 omitted `module` and
 * `registered_name`. A function has `class_name: "function"` and its name as `config`.
 */
export interface SerializedObject {
  /** The Python module of the class, or `null` for a custom object and in configs of Keras 2. */
  module: string | null;
  /** The name of the class, or `"function"`. */
  class_name: string;
  /** The arguments of the class, or the name of the function. */
  config: Record<string, unknown> | string;
  /** The name under which a custom class is registered, or `null` for Keras's own classes. */
  registered_name: string | null;
}

/** The keys that Keras may write beside those of `SerializedObject`. They mean nothing for objects without weights. */
const TOLERATED = ["build_config", "compile_config", "shared_object_id"];
const KEYS = ["module", "class_name", "config", "registered_name"];

/** Modules of Keras's own objects: Keras 3, tf_keras, and Keras 2 as part of TensorFlow. */
const KERAS_MODULE = /^(keras|tf_keras|tensorflow|builtins)(\.|$)/;

function optionalString(value: unknown, key: string, argument: string): string | null | undefined {
  if (value === undefined || value === null || typeof value === "string") return value;
  throw expected("ERR_ARGUMENT", `${argument}.${key}`, "a string or null", value);
}

/**
 * A serialized object that may be custom. Keras marks custom objects by a foreign or `null` module, or by a registered
 * name with a package (`package>name`).
 */
export interface SerializedForm extends SerializedObject {
  readonly custom: boolean;
}

/**
 * Checks that `value` has the form of a serialized Keras object, and adds the keys that Keras 2 omitted: `module`
 * becomes `null` and a missing `config` becomes `{}`. Throws `ERR_ARGUMENT`, naming `argument`, for any other form.
 */
export function readForm(value: unknown, argument: string): SerializedForm {
  const object = typeof value === "object" && value !== null && !types.isPromise(value);
  if (!object || Array.isArray(value) || ArrayBuffer.isView(value)) {
    throw expected("ERR_ARGUMENT", argument, "a serialized Keras object", value);
  }
  for (const key of Object.keys(value)) {
    if (KEYS.includes(key) || TOLERATED.includes(key)) continue;
    throw expected("ERR_ARGUMENT", argument, "the keys of a serialized Keras object", key, {
      remedy: suggestion(key, KEYS),
    });
  }
  const { module, class_name, config, registered_name } = value as Record<string, unknown>;
  if (typeof class_name !== "string") {
    throw expected("ERR_ARGUMENT", `${argument}.class_name`, "a string", class_name);
  }
  const home = optionalString(module, "module", argument);
  const registered = optionalString(registered_name, "registered_name", argument);
  if (config !== undefined && typeof config !== "string" && (typeof config !== "object" || Array.isArray(config))) {
    throw expected("ERR_ARGUMENT", `${argument}.config`, "an object or a string", config);
  }
  return {
    module: home ?? null,
    class_name,
    config: (config ?? {}) as SerializedObject["config"],
    registered_name: registered ?? null,
    custom: home === null || (home !== undefined && !KERAS_MODULE.test(home)) || registered?.includes(">") === true,
  };
}

/**
 * Reads a serialized object as {@link readForm} does, but only Keras's own objects. Throws `ERR_ARGUMENT`, naming
 * `argument`, for custom objects too, since their code is not available here.
 */
export function readSerialized(value: unknown, argument: string): SerializedObject {
  const { custom, ...serialized } = readForm(value, argument);
  if (!custom) return serialized;
  const { module, class_name, registered_name } = serialized;
  throw expectedText(
    "ERR_ARGUMENT",
    argument,
    "an object of Keras's own",
    `the custom ${describe(registered_name ?? class_name)} of module ${describe(module)}`,
  );
}

/** The names that a config had for objects that were made from it. */
const origins = new WeakMap<KerasObject, Omit<SerializedObject, "config">>();

/** Makes `serialize` write `object` under the names that the config had for it. */
export function rememberOrigin(object: KerasObject, { module, class_name, registered_name }: SerializedObject): void {
  // Keras 2 wrote only the class's name. Keras 3 finds custom classes by their registered name.
  origins.set(object, { module, class_name, registered_name: registered_name ?? class_name });
}

/**
 * The objects that a constructor has made. `Object.create(type.prototype)` passes `instanceof` too, but has none of the
 * fields, and its methods throw errors of the language.
 */
const constructed = new WeakSet<object>();

/**
 * True for an object of `type`. An object that only has the prototype of a class of this package is none. A proxy and an
 * object of a class of the user's are, however they were made.
 */
export function isObjectOf<T extends KerasObject>(
  value: unknown,
  type: abstract new (...args: never) => T,
): value is T {
  if (!(value instanceof type)) return false;
  return constructed.has(value) || types.isProxy(value) || !isPrototypeOfOurs(Object.getPrototypeOf(value));
}

/** True for the prototype of one of Keras's own classes. Objects over the base class of a family are the user's. */
function isPrototypeOfOurs(prototype: object): boolean {
  if (!Object.hasOwn(prototype, "constructor")) return false;
  const type: unknown = prototype.constructor;
  return typeof type === "function" && Object.hasOwn(type, "className");
}

/** The base class of objects that Keras can write into a config and read back. */
export abstract class KerasObject {
  /** The public Keras module of the class, such as `keras.initializers`. */
  static readonly module: string = "";
  /** The name of the class in Keras. Set only on Keras's own classes, each for itself. */
  static readonly className: string;

  /** Takes no arguments. Subclasses take theirs as one object of Keras's names. */
  constructor() {
    constructed.add(this);
  }

  /** Returns the constructor's arguments with the keys and values of Keras's `get_config()`. */
  abstract getConfig(): Record<string, unknown>;

  /** Returns the class's name with its config, such as `L2({"l2":0.01})`. */
  toString(): string {
    const type = this.constructor as typeof KerasObject;
    const name = Object.hasOwn(type, "className") ? type.className : type.name;
    return `${name}(${typeof this.getConfig === "function" ? JSON.stringify(this.getConfig()) : "…"})`;
  }

  /**
   * Returns the object as Keras 3.15 writes it into a layer's config. Objects of a subclass of yours are written as
   * custom objects. A subclass without `getConfig` throws `ERR_UNSUPPORTED`.
   */
  serialize(): SerializedObject | null {
    const type = this.constructor as typeof KerasObject;
    if (typeof this.getConfig !== "function") {
      throw expectedText("ERR_UNSUPPORTED", "getConfig", "a class with this method", `${type.name}, which has none`);
    }
    const own = Object.hasOwn(type, "className");
    const origin = own ? undefined : origins.get(this);
    if (origin !== undefined) return { ...origin, config: this.getConfig() };
    return {
      module: own ? type.module : null,
      class_name: own ? type.className : type.name,
      config: this.getConfig(),
      registered_name: own ? null : `Custom>${type.name}`,
    };
  }
}

/** A class of a vocabulary. Its constructor takes an object of Keras's constructor arguments. */
export interface KerasClass<T extends KerasObject> {
  readonly className: string;
  new (options: never): T;
}

/** A class of your own, as `custom_objects` accepts it. */
export interface KerasType<T extends KerasObject> {
  /** Makes an object from the config that Keras wrote. */
  new (config: never): T;
  /** Makes the object instead of the constructor, as Keras's `from_config` does. Optional. */
  fromConfig?(config: never): T;
}

/** Returns Keras's second name of a class: `GlorotUniform` is also `glorot_uniform`, and `L1L2` is also `l1l2`. */
function snakeCase(className: string): string {
  return className.replace(/([a-z])(?=[A-Z])/g, "$1_").toLowerCase();
}

/** One of Keras's families of named classes. It finds a member by any form that names one. */
export class Vocabulary<T extends KerasObject> {
  readonly #kind: string;
  readonly #base: abstract new (
    ...args: never
  ) => T;
  readonly #classes = new Map<string, KerasClass<T>>();
  readonly #refused: ReadonlyMap<string, string>;
  readonly #secondName: (className: string) => string;

  /**
   * `kind` describes the family ("an initializer"), and `base` is its base class. `aliases` maps Keras's extra names to
   * class names. `refused` maps names that Keras knows but that cannot be used here to the reason, as a sentence.
   * `secondName` returns the other name of each class.
   */
  constructor(
    kind: string,
    base: abstract new (...args: never) => T,
    classes: readonly KerasClass<T>[],
    aliases: Readonly<Record<string, string>> = {},
    refused: Readonly<Record<string, string>> = {},
    secondName: (className: string) => string = snakeCase,
  ) {
    this.#kind = kind;
    this.#base = base;
    this.#secondName = secondName;
    for (const type of classes) {
      this.#classes.set(type.className, type);
      this.#classes.set(secondName(type.className), type);
    }
    for (const [alias, name] of Object.entries(aliases)) {
      this.#classes.set(alias, this.#classes.get(name) as KerasClass<T>);
    }
    this.#refused = new Map(Object.entries(refused));
  }

  /** The family in words, such as "a constraint". */
  get kind(): string {
    return this.#kind;
  }

  /** All names of its members. */
  get names(): ReadonlySet<string> {
    return new Set(this.#classes.keys());
  }

  /** True for an object of the family. */
  owns(value: unknown): value is T {
    return isObjectOf(value, this.#base);
  }

  /** True for a class of the family's objects. */
  isClass(value: unknown): value is KerasType<T> {
    return typeof value === "function" && (value as { prototype?: unknown }).prototype instanceof this.#base;
  }

  /**
   * Returns the object that `value` stands for: a name or a serialized object. An instance and `null` are returned
   * unchanged. Throws `ERR_ARGUMENT`, naming `argument`, for everything else.
   */
  get(value: unknown, argument: string): T | null {
    return reading(argument, () => this.#get(value, argument));
  }

  #get(value: unknown, argument: string): T | null {
    if (value === null || isObjectOf(value, this.#base)) return value;
    if (typeof value === "string") return this.#create(value, {}, argument);
    if (typeof value !== "object" || value instanceof KerasObject) {
      throw expected(
        "ERR_ARGUMENT",
        argument,
        `${this.#kind} (a name, a serialized object, an instance or null)`,
        value,
      );
    }
    const { class_name, config } = readSerialized(value, argument);
    return this.#create(class_name, config, argument);
  }

  #create(name: string, config: unknown, argument: string): T {
    const type = this.#classes.get(name);
    if (type === undefined) {
      const listed = new Set([...this.#classes.values()].map(({ className }) => this.#secondName(className)));
      const hint = this.#refused.get(name) ?? suggestion(name, this.#classes.keys(), listed);
      throw expected("ERR_ARGUMENT", argument, `the name of ${this.#kind}`, name, { remedy: hint });
    }
    try {
      return new type(config as never);
    } catch (error) {
      if (!(error instanceof GRUError)) throw error;
      throw inPlace(`\`${argument}\``, error);
    }
  }
}
