// The files that state the package's version beside package.json: each side of the call contract has its own, so that a
// binary and JavaScript code of different versions can refuse each other.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Every such file, and the line of it that has the version. */
const statements = [
  { path: "lib/package_version.ts", line: /(PACKAGE_VERSION = ")([^"]*)(")/ },
  { path: "native/addon/package_version.h", line: /(kPackageVersion\[\] = ")([^"]*)(")/ },
];

/** Writes `version` into the files below the folder `base`. */
export function writeVersion(version, base) {
  for (const { path, line } of statements) {
    const file = join(base, path);
    const text = readFileSync(file, "utf8");
    if (!line.test(text)) throw new Error(`${path} does not state a version`);
    writeFileSync(file, text.replace(line, `$1${version}$3`));
  }
}

/** Returns the problems of the files below the folder `base`, one sentence for each that states another version. */
export function versionProblems(version, base) {
  return statements.flatMap(({ path, line }) => {
    const stated = line.exec(readFileSync(join(base, path), "utf8"))?.[2];
    if (stated === version) return [];
    return [`${path} states version ${stated ?? "none"}, but package.json states ${version}`];
  });
}
