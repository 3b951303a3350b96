import type * as tfjs from "@tensorflow/tfjs";
import { expectedText } from "../../errors/messages.js";
import { requireFrom } from "../../package_root.js";

/** The package `@tensorflow/tfjs` as it is imported. */
export type Tfjs = typeof tfjs;

const NAME = "@tensorflow/tfjs";

/**
 * Loads the peer from the place where this package is installed, which gives the same module as an `import` there. It
 * is done by hand, because a failed `import` could not be explained in an error message.
 */
function load(): Tfjs {
  let loaded: Tfjs;
  try {
    loaded = requireFrom(NAME) as Tfjs;
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

/** tfjs itself. */
export const tf: Tfjs = load();
