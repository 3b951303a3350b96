import type * as tfjs from "@tensorflow/tfjs";
import { Bidirectional } from "./bidirectional.js";
import { GRU } from "./gru.js";
import { tf } from "./peer.js";

type Config = tfjs.serialization.ConfigDict;
type FromConfig = (cls: unknown, config: Config, ...rest: unknown[]) => unknown;

/**
 * Whether tfjs's own GRU wrote `config`, which is in tfjs's spelling. It has no `resetAfter`; it writes `implementation` also
 * where it was given none, which Keras never does, and otherwise tells the cell's arguments before the layer's.
 */
function isOwn(config: Config): boolean {
  if (config.resetAfter === true || !("implementation" in config)) return false;
  if (config.implementation === null || config.implementation === undefined) return true;
  const isKeras = "timeMajor" in config || "zeroOutputForMask" in config;
  if (isKeras || ("dtype" in config && !("batchInputShape" in config))) return false;
  const keys = Object.keys(config);
  return keys.indexOf("units") < keys.indexOf("returnSequences");
}

function isOurs(layer: unknown): boolean {
  const { className, config } = (layer ?? {}) as { className?: unknown; config?: Config };
  return className === GRU.className && typeof config === "object" && config !== null && !isOwn(config);
}

/** Has `make` deserialize those configs of a class of tfjs's that `isWanted`; tfjs's class and all other configs stay tfjs's. */
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

/** Lets tfjs make this package's layer of every GRU that its own did not write, by itself or in a Bidirectional. */
export function register(): void {
  divert(
    GRU.className,
    (config) => !isOwn(config),
    (config) => GRU.fromConfig(GRU as never, config),
  );
  divert(
    Bidirectional.className,
    ({ layer }) => isOurs(layer),
    (config) => Bidirectional.fromConfig(Bidirectional as never, config),
  );
}
