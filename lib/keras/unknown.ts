import { describe } from "../errors/describe.js";
import { expectedText } from "../errors/messages.js";

import { nearest } from "../errors/suggestion.js";
import type { NativeArray } from "../native/binding.js";
import { Constraint } from "./constraints.js";
import { Initializer } from "./initializer.js";
import { Regularizer } from "./regularizers.js";
import type { KerasObject, SerializedObject } from "./serialization.js";

/** What a config holds for an object that is not known here: a name, or a serialized object. */
export type Written = string | SerializedObject;

/** What a config says of an object that is not known here. */
export interface UnknownObject {
  /** What it is, such as "a constraint". */
  readonly kind: string;
  /** The key of the config. */
  readonly argument: string;
  /** The name that the config has for it. */
  readonly name: string;
  /** The names that are known. */
  readonly known: Iterable<string>;
  /** As the config has it. */
  readonly written: Written;
}

/** Keeps what a config says, and refuses what only the object itself could do. */
class Keeper {
  readonly #object: UnknownObject;
  readonly #remedy: string;
  readonly #written: Written;

  /** Throws `ERR_ARGUMENT` unless what the config has can be copied, as JSON can. */
  constructor(object: UnknownObject, remedy = "") {
    this.#object = object;
    this.#remedy = remedy;
    this.#written = copied(object.written, object.argument);
  }

  /** A copy. Keras 2 wrote functions by their bare names, which the type of all other objects has no room for. */
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
    // By way of JSON, which is what configs are: it refuses loops, and leaves the caller nothing to change.
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

/** A constraint that a config names and nobody here knows: an optimizer refuses to be built for its variable. */
export class UnknownConstraint extends Constraint {
  readonly #keeper: Keeper;

  constructor(object: UnknownObject) {
    super();
    this.#keeper = new Keeper(object);
  }

  override requireAxes(): void {
    this.#keeper.refuse();
  }

  override apply(): void {
    this.#keeper.refuse();
  }

  override getConfig(): Record<string, unknown> {
    return configOf(this.#keeper.written());
  }

  override serialize(): SerializedObject {
    return this.#keeper.written();
  }
}

/** A regularizer that a config names and nobody here knows: whoever asks for its loss is refused. */
export class UnknownRegularizer extends Regularizer {
  readonly #keeper: Keeper;

  constructor(object: UnknownObject) {
    super();
    this.#keeper = new Keeper(object);
  }

  /** Throws what `loss` throws. */
  refuse(): never {
    this.#keeper.refuse();
  }

  override loss(): number {
    return this.#keeper.refuse();
  }

  override addGradient(): void {
    this.#keeper.refuse();
  }

  override getConfig(): Record<string, unknown> {
    return configOf(this.#keeper.written());
  }

  override serialize(): SerializedObject {
    return this.#keeper.written();
  }
}

/** An initializer that a config names and nobody here knows: weights that come from a file do not need it. */
export class UnknownInitializer extends Initializer {
  readonly #keeper: Keeper;

  constructor(object: UnknownObject) {
    super();
    this.#keeper = new Keeper(object, " Weights that loadWeights reads need none.");
  }

  override fill(_out: NativeArray, _shape: readonly number[]): void {
    this.#keeper.refuse();
  }

  override getConfig(): Record<string, unknown> {
    return configOf(this.#keeper.written());
  }

  override serialize(): SerializedObject {
    return this.#keeper.written();
  }
}

function configOf({ config }: SerializedObject): Record<string, unknown> {
  return typeof config === "object" ? config : {};
}

/** Throws `ERR_UNSUPPORTED` if one of `regularizers` is known by its name alone. */
export function requireKnown(...regularizers: (KerasObject | null)[]): void {
  for (const one of regularizers) if (one instanceof UnknownRegularizer) one.refuse();
}
