import { describe } from "../errors/describe.js";
import { expectedText } from "../errors/messages.js";

import { nearest } from "../errors/suggestion.js";
import type { NativeArray } from "../native/binding.js";
import { Constraint } from "./constraints.js";
import { Initializer } from "./initializer.js";
import { Regularizer } from "./regularizers.js";
import type { KerasObject, SerializedObject } from "./serialization.js";

/** The config's entry for an unknown object: a name, or a serialized object. */
export type Written = string | SerializedObject;

/** The parts of a config that describe an unknown object. */
export interface UnknownObject {
  /** The kind of object, such as "a constraint". */
  readonly kind: string;
  /** The config's key of the object. */
  readonly argument: string;
  /** The name of the object in the config. */
  readonly name: string;
  /** The names of the known objects of this kind. */
  readonly known: Iterable<string>;
  /** The config's entry, unchanged. */
  readonly written: Written;
}

/** Keeps the config's entry for an unknown object, and throws for everything that needs the object's code. */
class KeptConfig {
  readonly #object: UnknownObject;
  readonly #remedy: string;
  readonly #written: Written;

  /** Throws `ERR_ARGUMENT` unless JSON can hold the config's entry. */
  constructor(object: UnknownObject, remedy = "") {
    this.#object = object;
    this.#remedy = remedy;
    this.#written = copied(object.written, object.argument);
  }

  /**
   * Returns a copy of the config's entry. Keras 2 wrote functions as bare names, which this type does not allow for any
   * other object.
   */
  written(): SerializedObject {
    return copied(this.#written, this.#object.argument) as SerializedObject;
  }

  refuse(): never {
    const { kind, argument, name, known } = this.#object;
    const like = nearest(name, known);
    const hint = like === undefined ? "" : `Did you mean "${like}"? `;
    throw expectedText(
      "ERR_UNSUPPORTED",
      argument,
      `${kind} whose code is known`,
      `${describe(name)}, which the config only names`,
      {
        remedy:
          `${hint}Pass its class to fromConfig or fromKeras in \`custom_objects\` under this name, or another ` +
          `\`${argument}\`.${this.#remedy}`,
      },
    );
  }
}

function copied(value: Written, argument: string): Written {
  try {
    // Copy through JSON, which is the format of configs. JSON refuses loops, and the caller cannot change the copy.
    const text = JSON.stringify(value, (_, inner: unknown) => {
      if (typeof inner === "function" || typeof inner === "symbol") throw new TypeError(`a ${typeof inner} in it`);
      return inner;
    });
    return JSON.parse(text) as Written;
  } catch (cause) {
    throw expectedText(
      "ERR_ARGUMENT",
      argument,
      "what JSON can hold",
      `${describe(value)} (${(cause as Error).message})`,
      { cause },
    );
  }
}

/**
 * A constraint that a config names but nobody has given the code of. An optimizer refuses to be built for its variable.
 */
export class UnknownConstraint extends Constraint {
  readonly #kept: KeptConfig;

  constructor(object: UnknownObject) {
    super();
    this.#kept = new KeptConfig(object);
  }

  override requireAxes(): void {
    this.#kept.refuse();
  }

  override apply(): void {
    this.#kept.refuse();
  }

  override getConfig(): Record<string, unknown> {
    return configOf(this.#kept.written());
  }

  override serialize(): SerializedObject {
    return this.#kept.written();
  }
}

/** A regularizer that a config names but nobody has given the code of. Computing its loss throws. */
export class UnknownRegularizer extends Regularizer {
  readonly #kept: KeptConfig;

  constructor(object: UnknownObject) {
    super();
    this.#kept = new KeptConfig(object);
  }

  /** Throws the error that `loss` throws. */
  refuse(): never {
    this.#kept.refuse();
  }

  override loss(): number {
    return this.#kept.refuse();
  }

  override addGradient(): void {
    this.#kept.refuse();
  }

  override getConfig(): Record<string, unknown> {
    return configOf(this.#kept.written());
  }

  override serialize(): SerializedObject {
    return this.#kept.written();
  }
}

/**
 * An initializer that a config names but nobody has given the code of. Weights that are read from a file do not need
 * it.
 */
export class UnknownInitializer extends Initializer {
  readonly #kept: KeptConfig;

  constructor(object: UnknownObject) {
    super();
    this.#kept = new KeptConfig(object, " Weights that loadWeights reads need none.");
  }

  override fill(_out: NativeArray, _shape: readonly number[]): void {
    this.#kept.refuse();
  }

  override getConfig(): Record<string, unknown> {
    return configOf(this.#kept.written());
  }

  override serialize(): SerializedObject {
    return this.#kept.written();
  }
}

function configOf({ config }: SerializedObject): Record<string, unknown> {
  return typeof config === "object" ? config : {};
}

/** Throws `ERR_UNSUPPORTED` if only the name of one of `regularizers` is known. */
export function requireKnown(...regularizers: (KerasObject | null)[]): void {
  for (const one of regularizers) if (one instanceof UnknownRegularizer) one.refuse();
}
