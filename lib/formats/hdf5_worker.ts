/**
 * Worker thread that reads the variables of one layer from one HDF5 file. HDF5 on WebAssembly never gives memory back
 * and can be left broken by a damaged file, so each file gets a thread of its own that ends with it.
 */
import { parentPort, workerData } from "node:worker_threads";
import { GRUError, type GRUErrorCode } from "../errors.js";
import type { GroupRequest, StoredVariable } from "./hdf5_reader.js";
import { dependency, fileProblem } from "./problem.js";

/** What the thread is started with. */
export interface Hdf5Task {
  bytes: Uint8Array;
  request: GroupRequest;
}

/** What it answers, once. */
export type Hdf5Answer = { variables: StoredVariable[] } | { code: GRUErrorCode; message: string; detail?: string };

async function answer({ bytes, request }: Hdf5Task): Promise<Hdf5Answer> {
  try {
    const h5 = await dependency("h5wasm", () => import("h5wasm"));
    await h5.ready;
    const { readVariables } = await import("./hdf5_reader.js");
    return { variables: readVariables(h5, bytes, request) };
  } catch (error) {
    // Anything else that comes out of the WebAssembly module was provoked by the file.
    const problem =
      error instanceof GRUError ? error : fileProblem(`expected an HDF5 file but found a damaged one: ${error}`);
    const cause = problem.cause instanceof Error ? problem.cause.message : undefined;
    return { code: problem.code, message: problem.message, ...(cause === undefined ? {} : { detail: cause }) };
  }
}

const result = await answer(workerData as Hdf5Task);
parentPort?.postMessage(result, "variables" in result ? result.variables.map(({ data }) => data) : []);
