import * as nodeModule from "node:module";
import { dirname, isAbsolute, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

// webpack replaces the calls of a `createRequire` that is imported by name, and fails for files that it cannot know.
const { createRequire } = nodeModule;

/**
 * Returns `__filename`, which a CommonJS bundle has. In an ES module it is not declared, or someone else's global variable.
 */
function commonJsFile(): string | undefined {
  try {
    return typeof __filename === "string" && isAbsolute(__filename) ? __filename : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns the URLs of the file that holds this code, the likeliest first. esbuild leaves `import.meta.url` undefined in a
 * CommonJS bundle, and webpack puts the URL that the source file had during the build in its place.
 */
function ownUrls(): string[] {
  const url = import.meta.url as string | undefined;
  const file = commonJsFile();
  const urls = [...(url?.startsWith("file:") ? [url] : []), ...(file === undefined ? [] : [pathToFileURL(file).href])];
  return urls.length > 0 ? urls : [pathToFileURL(process.execPath).href];
}

const urls = ownUrls();

/**
 * The package's root folder, with a separator at its end. Hazard: a published package holds this code in a bundle, so this
 * file, like every bundle, must lie directly in dist/. In a user's bundle it is the folder above that of the bundle.
 */
export const packageRoot = fileURLToPath(new URL("..", urls[0]));

/** The folders, with a separator at their end, that the files which a bundle needs may be copied to: that of the bundle. */
export const besideThisCode: readonly string[] = [...new Set(urls.map((url) => fileURLToPath(new URL(".", url))))];

/** Loads the module with this absolute path, or the package with this name that Node.js finds from this code. */
export function requireFrom(module: string): unknown {
  return createRequire(urls[0] as string)(module);
}

/** Returns the folders in which Node.js looks for the package `name` from this code, the nearest first. */
export function foldersOf(name: string): string[] {
  const folders = createRequire(urls[0] as string).resolve.paths(name) ?? [];
  return folders.map((folder) => `${folder}${sep}${name}${sep}`);
}

/**
 * Returns the root folder of the package as Node.js finds it from this code, with a separator at its end. It is
 * `packageRoot`, but for code in a user's bundle, which may have an installed package beside it, or none.
 */
export function installedRoot(): string | undefined {
  for (const url of urls) {
    try {
      return dirname(createRequire(url).resolve("cudnn-gru/package.json")) + sep;
    } catch {
      // It is not installed here, or the runtime does not permit this process to look.
    }
  }
  return undefined;
}

/** Whether this code is in a user's bundle rather than in the package. */
export function isInBundle(): boolean {
  return installedRoot() !== packageRoot;
}
