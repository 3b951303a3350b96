import { fileURLToPath } from "node:url";

/**
 * The package's root folder, with a separator at its end. Hazard: a published package holds this code in a bundle, so this
 * file, like every bundle, must lie directly in dist/.
 */
export const packageRoot = fileURLToPath(new URL("..", import.meta.url));
