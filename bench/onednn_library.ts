// Finds the installation of oneDNN that bench/native/onednn_gru.cc is compiled with.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./compile.js";
import { Unavailable } from "./contender.js";

/** An installation of oneDNN. */
export interface OnednnLibrary {
  /** The folder that has `include` and `lib`. */
  readonly prefix: string;
  /** The version that its header states. */
  readonly version: string;
  /** The compiler's arguments to use it. */
  readonly flags: readonly string[];
}

/** The folders in which an installation may have its library, relative to its prefix. */
const LIBRARY_FOLDERS = ["lib", "lib64", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu"];

/**
 * The newest oneDNN of this machine. `ONEDNN_ROOT` names the only one that counts, if it is set: the prefix of an
 * installation, or a Python environment with the packages `onednn-devel` and `onednn-cpu-gomp`. Otherwise the repository's
 * `.venv`, the active Python environment, /usr/local and /usr are looked at. Throws `Unavailable` when there is none.
 */
export function findOnednn(env: Readonly<Record<string, string | undefined>> = process.env): OnednnLibrary {
  const given = env.ONEDNN_ROOT;
  if (given !== undefined && given !== "") {
    const library = onednnIn(given);
    if (library !== null) return library;
    throw new Unavailable(`ONEDNN_ROOT is ${given}, which lacks include/dnnl.hpp or libdnnl in lib`);
  }
  const prefixes = [join(root, ".venv"), env.VIRTUAL_ENV, env.CONDA_PREFIX, "/usr/local", "/usr"];
  const found = prefixes.flatMap((prefix) => (prefix === undefined ? [] : (onednnIn(prefix) ?? [])));
  const [newest] = found.sort((a, b) => compareVersions(b.version, a.version));
  if (newest === undefined) {
    throw new Unavailable("oneDNN was not found (Debian and Ubuntu have it in libdnnl-dev, or set ONEDNN_ROOT)");
  }
  return newest;
}

/** The installation with a prefix; null where the headers or the library are missing. */
export function onednnIn(prefix: string): OnednnLibrary | null {
  const version = versionIn(join(prefix, "include"));
  if (version === null || !existsSync(join(prefix, "include/dnnl.hpp"))) return null;
  const [major] = version.split(".");
  for (const folder of LIBRARY_FOLDERS.map((name) => join(prefix, name))) {
    // Packages without the development files have only names that end with a number.
    const names = existsSync(folder) ? readdirSync(folder) : [];
    const name = ["libdnnl.so", `libdnnl.so.${major}`, "libdnnl.dylib"].find((one) => names.includes(one));
    if (name === undefined) continue;
    // The compiler looks at /usr by itself, and in another order if it is told to.
    const include = prefix === "/usr" ? [] : ["-isystem", join(prefix, "include")];
    return { prefix, version, flags: [...include, join(folder, name), `-Wl,-rpath,${folder}`] };
  }
  return null;
}

/** The version in oneDNN's headers, which have moved between its releases. */
function versionIn(include: string): string | null {
  const file = ["oneapi/dnnl/dnnl_version.h", "dnnl_version.h"]
    .map((name) => join(include, name))
    .find((path) => existsSync(path));
  if (file === undefined) return null;
  const text = readFileSync(file, "utf8");
  const numbers = ["MAJOR", "MINOR", "PATCH"].map(
    (part) => new RegExp(`^#define DNNL_VERSION_${part} (\\d+)`, "m").exec(text)?.[1],
  );
  return numbers.includes(undefined) ? null : numbers.join(".");
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number)) as [number[], number[]];
  const at = left.findIndex((number, index) => number !== right[index]);
  return at < 0 ? 0 : (left[at] as number) - (right[at] ?? 0);
}
