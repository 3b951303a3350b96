import type * as tfjs from "@tensorflow/tfjs";
import { Bidirectional } from "./bidirectional.js";
import { GRU } from "./gru.js";
import { tf } from "./load_tfjs.js";

type Config = tfjs.serialization.ConfigDict;
type FromConfig = (cls: unknown, config: Config, ...rest: unknown[]) => unknown;

/**
 * True when tfjs's own GRU wrote `config`, which is in tfjs's spelling. tfjs's GRU has no `resetAfter`. It writes
 * `implementation` even where it was given none, which Keras never does, and it writes the cell's arguments before the
 * layer's.
 */
export function isOwnGru(config: Config): boolean {
  if (config.resetAfter === true || !("implementation" in config)) return false;
  if (config.implementation === null || config.implementation === undefined) return true;
  const isKeras = "timeMajor" in config || "zeroOutputForMask" in config;
  if (isKeras || ("dtype" in config && !("batchInputShape" in config))) return false;
  const keys = Object.keys(config);
  return keys.indexOf("units") < keys.indexOf("returnSequences");
}

function isOurs(layer: unknown): boolean {
  const { className, config } = (layer ?? {}) as { className?: unknown; config?: Config };
  return className === GRU.className && typeof config === "object" && config !== null && !isOwnGru(config);
}

/**
 * Makes `make` deserialize the configs of a class of tfjs's for which `isWanted` is true. tfjs's class, and all other
 * configs of it, are unchanged.
 */
function divert(className: string, isWanted: (config: Config) => boolean, make: (config: Config) => unknown): void {
  const registry = tf.serialization.SerializationMap.getMap().classNameMap as unknown as Record<
    string,
    [unknown, FromConfig]
  >;
  const [own, fromConfig] = registry[className] as [unknown, FromConfig];
  registry[className] = [
    own,
    (cls, config, ...rest) => (isWanted(config) ? make(config) : fromConfig(cls, config, ...rest)),
  ];
}

/** Makes tfjs use this package's layer for every GRU that tfjs's own GRU did not write, alone or in a Bidirectional. */
export function register(): void {
  divert(
    GRU.className,
    (config) => !isOwnGru(config),
    (config) => GRU.fromConfig(GRU as never, config),
  );
  divert(
    Bidirectional.className,
    ({ layer }) => isOurs(layer),
    (config) => Bidirectional.fromConfig(Bidirectional as never, config),
  );
}
