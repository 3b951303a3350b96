import { existsSync, statSync } from "node:fs";
import { incompleteError } from "../../errors/messages.js";
import { besideThisCode, installedRoot } from "../../package_root.js";

/** Whether the thread's file is where the package has it: beside the code that starts the thread. */
function isInPlace(): boolean {
  try {
    // webpack, which makes a file of its own for the thread, puts a path that exists in the place of this one.
    statSync(new URL("./hdf5_worker.js", import.meta.url));
    return true;
  } catch (error) {
    // If the runtime does not permit this process to look, then the start of the thread fails, and says so.
    const { code } = error as NodeJS.ErrnoException;
    return code !== "ENOENT" && code !== "ENOTDIR" && code !== "ERR_INVALID_URL";
  }
}

/**
 * Returns the path of the thread's file for code in a user's bundle: beside the bundle, or in the package that is installed
 * there. Returns `undefined` if the file is where the package has it.
 *
 * @throws GRUError `ERR_UNSUPPORTED` if there is none.
 */
export function workerFileOfBundle(): string | undefined {
  if (isInPlace()) return undefined;
  const installed = installedRoot();
  const paths = [
    ...besideThisCode.flatMap((folder) => [".js", ".mjs", ".cjs"].map((ending) => `${folder}hdf5_worker${ending}`)),
    ...(installed === undefined ? [] : [`${installed}dist/hdf5_worker.js`]),
  ];
  const found = paths.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw incompleteError(
    "ERR_UNSUPPORTED",
    `reading its HDF5 weights needs cudnn-gru's file hdf5_worker.js beside the bundle, in ${besideThisCode.join(" or ")}. ` +
      "Copy it there from node_modules/cudnn-gru/dist/ and install h5wasm, or leave cudnn-gru out of the bundle " +
      "(docs/bundlers.md)",
  );
}
