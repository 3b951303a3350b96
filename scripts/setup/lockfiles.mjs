import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";

const KINDS = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

const readJson = (file) => JSON.parse(readFileSync(file, "utf8"));

/**
 * Returns a sentence for each of `lockfiles`, paths below the folder `base`, that records other dependencies of the
 * package in `base` than its package.json has: the package's own lockfile, and those of packages that link to it.
 */
export function lockfileProblems(base, lockfiles) {
  const own = readJson(join(base, "package.json"));
  return lockfiles.flatMap((lockfile) => {
    const folder = dirname(join(base, lockfile));
    const { packages } = readJson(join(base, lockfile));
    const recorded = Object.entries(packages).find(([path]) => resolve(folder, path) === resolve(base))?.[1];
    if (recorded === undefined) return [];
    const stale = KINDS.filter((kind) => !isDeepStrictEqual(recorded[kind] ?? {}, own[kind] ?? {}));
    if (stale.length === 0) return [];
    const remedy = `Run \`npm install --package-lock-only\` in ${dirname(lockfile)}`;
    return [`${lockfile} has other ${stale.join(" and ")} of ${own.name} than package.json. ${remedy}`];
  });
}
