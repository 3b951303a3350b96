import { incompleteError } from "../errors/messages.js";

/**
 * Runs `load`, the dynamic import of the runtime dependency `name`. Throws `ERR_UNSUPPORTED` if it is not installed.
 */
export async function importDependency<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const reason = String((cause as Error)?.message ?? cause).split("\n")[0];
    const message = `reading it needs the package ${name}, which could not be loaded: ${reason}`;
    throw incompleteError("ERR_UNSUPPORTED", message, { cause });
  }
}
