import { incompleteError } from "../errors/messages.js";

/**
 * Runs `load`, the dynamic import of the runtime dependency `name`. Throws `ERR_UNSUPPORTED` if it is not installed.
 */
export async function importDependency<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw incompleteError("ERR_UNSUPPORTED", `reading it needs the package ${name}, which could not be loaded`, {
      cause,
    });
  }
}
