import { describe } from "../errors/describe.js";
import { expected, expectedText } from "../errors/messages.js";
import { type CustomObjects, readCustomObjects, withCustomObjects } from "../keras/custom_objects.js";
import type { DtypeName } from "../keras/dtype_policy.js";
import type { MergeMode } from "../keras/merge_mode.js";
import { isRecord, refuseUnknown } from "../options/record.js";
import type { GRUConfig } from "./config.js";
import { layerArguments, readConfig } from "./from_config.js";
import { builtShape, type SerializedLayer, unwrapConfig } from "./wrapper_config.js";

type Config = Record<string, unknown>;

/**
 * The config of a Bidirectional in the form that Keras 3.15 writes; it can be written as JSON. The type of a config that
 * `getConfig()` returned includes the merge mode, the dtype and, in `layer`, the `return_state` of the layer.
 */
export type BidirectionalConfig<
  S extends boolean = boolean,
  M extends MergeMode = MergeMode,
  D extends DtypeName = DtypeName,
  H extends DtypeName = DtypeName,
> = Record<string, unknown> & {
  /** The merge mode. */
  merge_mode?: M | undefined;
  /** The dtype policy of the Bidirectional itself. */
  dtype?: GRUConfig<S, D>["dtype"];
  /** The forward half. */
  layer?: SerializedHalf<S, H> | SerializedLayer | undefined;
};

/** A serialized GRU whose config's type is known. */
export type SerializedHalf<S extends boolean, H extends DtypeName> = Record<string, unknown> & {
  /** The config of the GRU. */
  config: GRUConfig<S, H>;
};

/** Arguments of the Bidirectional itself that override a config. */
const OWN = ["merge_mode", "name", "trainable", "dtype", "autocast", "activity_regularizer"];
/** Arguments of both halves that override a config. Configs do not have the last two. */
const HALVES = ["return_state", "stateful", "use_cudnn", "cuda_device"];
/** All arguments that override a config. */
export const OVERRIDES: ReadonlySet<string> = new Set([...OWN, ...HALVES, "custom_objects"]);

/** The constructor's arguments that a config stands for. */
export interface ConfigArguments {
  /** The arguments of the Bidirectional itself. */
  readonly own: Config;
  /** The arguments of the forward half. */
  readonly forward: Config;
  /** The arguments of the backward half; `null` for a copy of the forward one. */
  readonly backward: Config | null;
  /** The shape that the config's layers are built for; `null` when they are not built. */
  readonly builtFor: readonly [number | null, null, number] | null;
}

/**
 * Reads a config that `fromConfig` takes, of Keras 3, tf.keras, Keras 2 or Keras 1, bare or inside a serialized layer.
 * `extra` overrides it. Throws `ERR_ARGUMENT` or `ERR_UNSUPPORTED`.
 */
export function readBidirectionalConfig(given: unknown, extra: unknown): ConfigArguments {
  const { layer, backward_layer = null, ...own } = unwrapConfig(given, "Bidirectional");
  return argumentsOfBidirectional(
    {
      own,
      forward: readHalf(layer, "layer"),
      backward: backward_layer === null ? null : readHalf(backward_layer, "backward_layer"),
    },
    extra,
    builtShape(layer),
  );
}

/** The configs of a Bidirectional and its halves, in the form of Keras 3. */
export interface HalfConfigs {
  readonly own: Config;
  readonly forward: Config;
  readonly backward: Config | null;
}

/** Returns the constructor's arguments for configs in the form of Keras 3, and `extra`, which overrides them. */
export function argumentsOfBidirectional(
  { own, forward, backward }: HalfConfigs,
  extra: unknown,
  builtFor: ConfigArguments["builtFor"] = null,
): ConfigArguments {
  if (extra !== undefined && !isRecord(extra)) throw expected("ERR_ARGUMENT", "extra", "an object", extra);
  refuseUnknown(extra ?? {}, OVERRIDES, "Bidirectional.fromConfig");
  const given = { ...extra };
  const objects: CustomObjects = readCustomObjects(given.custom_objects);
  const overrides = (names: readonly string[]) =>
    Object.fromEntries(names.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]));
  const ofHalves = { ...overrides(HALVES), custom_objects: given.custom_objects };
  return {
    own: { ...readOwn(own, objects), ...overrides(OWN) },
    forward: layerArguments(forward, ofHalves),
    backward: backward === null ? reversed(forward, ofHalves) : layerArguments(backward, ofHalves),
    builtFor,
  };
}

/**
 * Returns the arguments of the backward half of a config that has none. Keras 3 always writes one. Keras 2 makes one
 * that goes the other way, also where the forward half goes backwards, which Keras 3 does not.
 */
function reversed(forward: Config, extra: Config): Config | null {
  if (forward.go_backwards !== true) return null;
  const name = `backward_${String(forward.name ?? "gru").replace(/^forward_/, "")}`;
  return layerArguments({ ...forward, name, go_backwards: false }, extra);
}

function readHalf(serialized: unknown, argument: string): Config {
  if (!isRecord(serialized) || !("class_name" in serialized)) {
    throw expected("ERR_ARGUMENT", `config.${argument}`, "a serialized layer ({ class_name, config })", serialized);
  }
  if (serialized.class_name !== "GRU" && serialized.class_name !== "CuDNNGRU") {
    const received = `a ${describe(serialized.class_name)}`;
    throw expectedText("ERR_UNSUPPORTED", `config.${argument}`, "a GRU", received);
  }
  return readConfig(serialized);
}

/** Keys that earlier versions of Keras wrote, and that Keras 3 does not know. */
const DROPPED = new Set(["batch_input_shape", "input_dtype", "dynamic", "weights"]);

function readOwn(own: Config, objects: CustomObjects): Config {
  const kept = Object.fromEntries(Object.entries(own).filter(([key]) => !DROPPED.has(key)));
  const { activity_regularizer } = kept;
  if (activity_regularizer !== undefined) {
    kept.activity_regularizer = withCustomObjects(activity_regularizer, "activity_regularizer", objects, true);
  }
  return kept;
}
