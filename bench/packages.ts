import { createRequire } from "node:module";
import { Unavailable } from "./contender.js";

const require = createRequire(import.meta.url);

/**
 * A package of bench/package.json, as the part of it that `T` describes. Not imported by name, so that the types of this
 * folder can be checked where these packages are not installed. Rejects with `Unavailable`.
 */
export async function importPackage<T>(name: string): Promise<T> {
  try {
    return (await import(name)) as T;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_MODULE_NOT_FOUND") throw new Unavailable(`the package ${name} is not installed in bench/`);
    throw new Unavailable(`the package ${name} could not be loaded: ${message.split("\n")[0]}`);
  }
}

/** The version of an installed package. */
export function packageVersion(name: string): string {
  return (require(`${name}/package.json`) as { version: string }).version;
}
