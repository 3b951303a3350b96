import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * The package's root folder, with a separator at its end. Hazard: a published package holds this code in a bundle, so this
 * file, like every bundle, must lie directly in dist/.
 */
export const packageRoot = fileURLToPath(new URL("..", import.meta.url));

/** The package's version, such as "1.0.0". */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(`${packageRoot}package.json`, "utf8")) as { version: string }).version;
}
