import type { Config } from "../../graph/entry.js";

/** Returns an object of Keras's own as Keras 3 serializes it. */
export function serialized(module: string, className: string, config: Config): Config {
  return { module, class_name: className, config, registered_name: null };
}
