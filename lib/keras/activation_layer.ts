import { GRUError } from "../errors/gru_error.js";
import { expected, expectedText, inPlace } from "../errors/messages.js";
import { suggestion } from "../errors/suggestion.js";
import type { NativeActivation } from "../native/binding.js";
import { Options } from "../options/options.js";
import { autoName } from "./auto_name.js";
import { type DTypePolicy, getDTypePolicy } from "./dtype_policy.js";
import { type CustomActivation, GateActivation } from "./gate_activation.js";
import type { SerializedObject } from "./serialization.js";

/** The result of reading a layer's own arguments. */
interface ReadArguments {
  /** The arguments as Keras 3.15 writes them. Name, trainable and dtype are kept elsewhere. */
  config: Record<string, unknown>;
  /** The function that the layer computes. */
  function: NativeActivation | GateActivation;
}

/** The context in which a layer is read. */
interface ReadingContext {
  /** The place of the layer, for messages. */
  argument: string;
  /** Reads the activation inside an `Activation` layer. */
  activation: (value: unknown, argument: string) => GateActivation;
}

/** A kind of Keras layer that has no weights and computes an activation. */
interface Kind {
  /** The names of the arguments that only this kind has. */
  keys: readonly string[];
  read(options: Options, context: ReadingContext): ReadArguments;
}

const NOT_NEGATIVE = { min: 0 };

const KINDS: Readonly<Record<string, Kind>> = {
  LeakyReLU: {
    // Keras 2 called the slope `alpha`. Keras 3 still reads that name, but writes `negative_slope`.
    keys: ["negative_slope", "alpha"],
    read(options) {
      const key = options.raw("alpha", undefined) === undefined ? "negative_slope" : "alpha";
      const negative_slope = options.number(key, 0.3, NOT_NEGATIVE);
      return { config: { negative_slope }, function: { name: "leaky_relu", parameters: [negative_slope] } };
    },
  },
  ELU: {
    keys: ["alpha"],
    read(options) {
      const alpha = options.number("alpha", 1);
      return { config: { alpha }, function: { name: "elu", parameters: [alpha] } };
    },
  },
  ReLU: {
    keys: ["max_value", "negative_slope", "threshold"],
    read(options) {
      const unlimited = options.raw("max_value", null) === null;
      const max_value = unlimited ? null : options.number("max_value", 0, NOT_NEGATIVE);
      const negative_slope = options.number("negative_slope", 0, NOT_NEGATIVE);
      const threshold = options.number("threshold", 0, NOT_NEGATIVE);
      const parameters = [negative_slope, max_value ?? Number.POSITIVE_INFINITY, threshold];
      return { config: { max_value, negative_slope, threshold }, function: { name: "relu", parameters } };
    },
  },
  Softmax: {
    keys: ["axis"],
    read(options, { argument }) {
      const axis = options.axisOrAxes("axis", -1);
      const [only, ...more] = typeof axis === "number" ? [axis] : (axis ?? []);
      if (more.length > 0 || (only !== -1 && only !== 1)) {
        throw expected("ERR_UNSUPPORTED", `${argument}.config.axis`, "an axis of -1, that of the units,", axis);
      }
      return { config: { axis }, function: { name: "softmax", parameters: [] } };
    },
  },
  Activation: {
    keys: ["activation"],
    read(options, { argument, activation }) {
      const inner = activation(options.raw("activation", undefined), `${argument}.config.activation`);
      return { config: { activation: inner.serialize() }, function: inner };
    },
  },
};

/** The arguments that every Keras layer has and that change nothing here. */
const COMMON_KEYS = ["name", "trainable", "dtype", "autocast", "activity_regularizer"];

/** A Keras layer used as an activation function, such as `keras.layers.LeakyReLU`. Immutable. */
export class ActivationLayer extends GateActivation {
  override readonly name: string;
  readonly #read: ReadArguments;
  readonly #common: { name: string; trainable: boolean };
  readonly #policy: DTypePolicy;

  /**
   * Reads a serialized layer. `policy` is the GRU's policy, which also applies to a layer without a dtype. Throws
   * `ERR_UNSUPPORTED` for other layers (PReLU has weights), `ERR_ARGUMENT` for bad arguments, and `ERR_DTYPE` for a
   * compute dtype other than the GRU's, which Keras cannot run either.
   */
  constructor(serialized: SerializedObject, policy: DTypePolicy, context: ReadingContext) {
    super();
    const { argument } = context;
    const { class_name, config } = serialized;
    const kind = Object.hasOwn(KINDS, class_name) ? KINDS[class_name] : undefined;
    if (kind === undefined) throw unsupported(class_name, argument);
    this.name = class_name;
    const options = within(argument, () => new Options(class_name, config, [...COMMON_KEYS, ...kind.keys]));
    this.#read = within(argument, () => kind.read(options, context));
    this.#common = within(argument, () => readCommon(options, class_name));
    this.#policy = readPolicy(options, policy, class_name, argument);
  }

  override get custom(): CustomActivation | null {
    const inner = this.#read.function;
    return inner instanceof GateActivation ? inner.custom : null;
  }

  override serialize(): SerializedObject {
    const { name, trainable } = this.#common;
    const common = { name, trainable, dtype: this.#policy.serialize() };
    return {
      module: "keras.layers",
      class_name: this.name,
      config: { ...common, ...this.#read.config },
      registered_name: null,
    };
  }

  override native(): NativeActivation {
    const inner = this.#read.function;
    return inner instanceof GateActivation ? inner.native() : inner;
  }
}

function unsupported(className: string, argument: string): GRUError {
  const reason = className === "PReLU" ? "PReLU has weights of its own." : suggestion(className, Object.keys(KINDS));
  return expected("ERR_UNSUPPORTED", argument, "an activation layer without weights", className, { remedy: reason });
}

/** Runs `read`. Errors that do not name the place of the layer yet get it in front of their message. */
function within<T>(argument: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof GRUError) || error.message.includes(`\`${argument}`)) throw error;
    throw inPlace(`\`${argument}\``, error);
  }
}

function readCommon(options: Options, className: string): { name: string; trainable: boolean } {
  const name = options.nullableString("name");
  const regularizer = options.raw("activity_regularizer", null);
  if (regularizer !== null) {
    throw expected("ERR_UNSUPPORTED", "activity_regularizer", "null", regularizer, {
      owner: className,
      remedy: "Its loss is not counted.",
    });
  }
  return { name: name ?? autoName(snakeCase(className)), trainable: options.boolean("trainable", true) };
}

function readPolicy(options: Options, policy: DTypePolicy, className: string, argument: string): DTypePolicy {
  const given = options.raw("dtype", null);
  const own = given === null ? policy : getDTypePolicy(given, `${argument}.config.dtype`);
  if (own.computeDtype === policy.computeDtype) return own;
  throw expectedText(
    "ERR_DTYPE",
    `${argument}.config.dtype`,
    `a ${className} that computes in ${policy.computeDtype}, as the GRU does,`,
    `"${own.name}"`,
  );
}

/** Returns the default name that Keras gives to layers of a class: `leaky_re_lu` for `LeakyReLU`. */
function snakeCase(className: string): string {
  return className
    .replace(/(.)([A-Z][a-z0-9]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}
