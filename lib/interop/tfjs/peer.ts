import { createRequire } from "node:module";
import type * as tfjs from "@tensorflow/tfjs";
import { expectedText } from "../../errors/messages.js";

/** The package `@tensorflow/tfjs`, as it is imported. */
export type Tfjs = typeof tfjs;

const NAME = "@tensorflow/tfjs";

/**
 * Loads the peer from where this package is installed: the very module that `import` of it gives there. Done by hand, as a
 * failed `import` could not be explained.
 */
function load(): Tfjs {
  let loaded: Tfjs;
  try {
    loaded = createRequire(import.meta.url)(NAME) as Tfjs;
  } catch (cause) {
    throw expectedText("ERR_UNSUPPORTED", "cudnn-gru/tfjs", `the package ${NAME} (^4.22)`, "none that loads", {
      remedy: `npm install ${NAME} installs it.`,
      cause,
    });
  }
  const version = loaded.version?.tfjs;
  const [major, minor] = String(version).split(".").map(Number);
  if (major === 4 && minor !== undefined && minor >= 22) return loaded;
  throw expectedText("ERR_UNSUPPORTED", "cudnn-gru/tfjs", `the package ${NAME} of version ^4.22`, version);
}

/** tfjs. */
export const tf: Tfjs = load();
