/**
 * Worker thread that reads one HDF5 file. HDF5 on WebAssembly never gives memory back and can be left broken by a damaged
 * file, so each file gets a thread of its own that ends with it.
 */
import { parentPort, workerData } from "node:worker_threads";
import { GRUError, type GRUErrorCode } from "../errors/gru_error.js";
import type { StoredVariable } from "./hdf5_dataset.js";
import type { Hdf5File } from "./hdf5_file.js";
import type { Hdf5Outline } from "./hdf5_outline.js";
import type { DatasetRequest, GroupRequest } from "./hdf5_reader.js";
import { dependency, fileProblem } from "./problem.js";

/** What the thread is started with; its buffer is given to it. */
export interface Hdf5Task {
  bytes: Uint8Array<ArrayBuffer>;
  /** The bytes that the file has where it is stored. */
  stored: number;
}

/** What it can be asked for, one question at a time. */
export type Hdf5Request = "outline" | GroupRequest | DatasetRequest;

/** Its answer to each. */
export type Hdf5Answer =
  | { outline: Hdf5Outline }
  | { variables: StoredVariable[] }
  | { code: GRUErrorCode; message: string; detail?: string };

let opened: Hdf5File | undefined;

async function open(): Promise<Hdf5File> {
  const h5 = await dependency("h5wasm", () => import("h5wasm"));
  await h5.ready;
  const { openHdf5 } = await import("./hdf5_file.js");
  const { bytes, stored } = workerData as Hdf5Task;
  return openHdf5(h5, bytes, stored);
}

async function answer(request: Hdf5Request): Promise<Hdf5Answer> {
  try {
    opened ??= await open();
    if (request === "outline") return { outline: (await import("./hdf5_outline.js")).outline(opened) };
    return { variables: (await import("./hdf5_reader.js")).readVariables(opened, request) };
  } catch (error) {
    // Anything else that comes out of the WebAssembly module was provoked by the file.
    const problem =
      error instanceof GRUError ? error : fileProblem(`expected an HDF5 file but found a damaged one: ${error}`);
    const cause = problem.cause instanceof Error ? problem.cause.message : undefined;
    return { code: problem.code, message: problem.message, ...(cause === undefined ? {} : { detail: cause }) };
  }
}

parentPort?.on("message", async (request: Hdf5Request) => {
  const result = await answer(request);
  parentPort?.postMessage(result, "variables" in result ? result.variables.map(({ data }) => data) : []);
});
