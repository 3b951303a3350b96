/**
 * A worker thread that reads one HDF5 file. HDF5 on WebAssembly never returns memory to the system, and a damaged file
 * can break it, so each file gets a thread of its own that ends with it.
 */
import { parentPort, workerData } from "node:worker_threads";
import { GRUError, type GRUErrorCode } from "../../errors/gru_error.js";
import { incompleteError } from "../../errors/messages.js";
import { PACKAGE_VERSION } from "../../package_version.js";
import { fileError } from "../file_errors.js";
import { importDependency } from "../import_dependency.js";
import type { StoredVariable } from "./dataset.js";
import type { Hdf5File } from "./hdf5_file.js";
import type { LegacyArray, LegacyModel } from "./legacy_arrays.js";
import type { Hdf5Outline } from "./outline.js";
import type { DatasetRequest, GroupRequest } from "./reader.js";

/** The data with which the thread is started. The thread takes over the buffer. */
export interface Hdf5Task {
  bytes: Uint8Array<ArrayBuffer>;
  /** The number of bytes that the stored file takes. */
  stored: number;
  /** The version of the package that starts the thread. */
  version: string;
}

/** The questions that the thread answers, one at a time. */
export type Hdf5Request = "outline" | "legacyModel" | { list: string } | GroupRequest | DatasetRequest;

/** The thread's answer to each question. */
export type Hdf5Answer =
  | { outline: Hdf5Outline }
  | { legacyModel: LegacyModel }
  | { arrays: LegacyArray[] }
  | { variables: StoredVariable[] }
  | { code: GRUErrorCode; message: string; detail?: string };

let opened: Hdf5File | undefined;

async function open(): Promise<Hdf5File> {
  const { bytes, stored, version } = workerData as Hdf5Task;
  if (version !== PACKAGE_VERSION) {
    const found = `the hdf5_worker.js that reads its HDF5 weights is of cudnn-gru ${PACKAGE_VERSION}, but ${version} is needed`;
    throw incompleteError("ERR_UNSUPPORTED", `${found}. Copy that of ${version}`);
  }
  const h5 = await importDependency("h5wasm", () => import("h5wasm"));
  await h5.ready;
  const { openHdf5 } = await import("./hdf5_file.js");
  return openHdf5(h5, bytes, stored);
}

async function answer(request: Hdf5Request): Promise<Hdf5Answer> {
  try {
    opened ??= await open();
    if (request === "outline") return { outline: (await import("./outline.js")).outline(opened) };
    if (request === "legacyModel") return { legacyModel: (await import("./legacy_arrays.js")).legacyModel(opened) };
    if ("list" in request) return { arrays: (await import("./list_arrays.js")).listArrays(opened, request.list) };
    return { variables: (await import("./reader.js")).readVariables(opened, request) };
  } catch (error) {
    // Any other error from the WebAssembly module was caused by the file.
    const failure =
      error instanceof GRUError ? error : fileError(`expected an HDF5 file but found a damaged one: ${error}`);
    const cause = failure.cause instanceof Error ? failure.cause.message : undefined;
    return { code: failure.code, message: failure.message, ...(cause === undefined ? {} : { detail: cause }) };
  }
}

parentPort?.on("message", async (request: Hdf5Request) => {
  const result = await answer(request);
  parentPort?.postMessage(result, "variables" in result ? result.variables.map(({ data }) => data) : []);
});
