// biome-ignore lint/style/useNodejsImportProtocol: webpack recognises a thread's file, which it bundles, only by this name.
import { Worker, type WorkerOptions } from "worker_threads";
import type { GRUError } from "../../errors/gru_error.js";
import { incompleteError, maybeCause } from "../../errors/messages.js";
import { isPermissionError, permissionAdvice } from "../../errors/permissions.js";
import { PACKAGE_VERSION } from "../../package_version.js";
import { fileError } from "../file_errors.js";
import { HDF5_DEADLINE_MS } from "../limits.js";
import type { StoredVariable } from "./dataset.js";
import type { Hdf5Answer, Hdf5Request, Hdf5Task } from "./hdf5_worker.js";
import type { LegacyArray, LegacyModel } from "./legacy_arrays.js";
import type { Hdf5Outline } from "./outline.js";
import type { DatasetRequest, GroupRequest } from "./reader.js";
import { workerFileOfBundle } from "./worker_file.js";

/** An HDF5 file that is open on a thread of its own. It answers one question at a time. */
export interface Hdf5Handle {
  /** Returns the structure of the file, without the numbers. */
  outline(): Promise<Hdf5Outline>;
  /** Returns the config of a whole-model `.h5` file, and the names of its arrays. */
  legacyModel(): Promise<LegacyModel>;
  /** Lists the arrays of a layer in a Keras 3 weights file, by its group. */
  list(group: string): Promise<LegacyArray[]>;
  /** Returns the variables of one layer. */
  variables(request: GroupRequest | DatasetRequest): Promise<StoredVariable[]>;
}

/**
 * Opens the HDF5 file `bytes` on a thread of its own, passes it to `use`, and ends the thread. `bytes` is given away:
 * its buffer is detached.
 *
 * @param stored the number of bytes that the stored file takes, which is smaller than its length when it is compressed.
 * It limits the memory that reading the file may take.
 * @param deadline the number of milliseconds after which the file is considered damaged.
 * @throws GRUError `ERR_FILE_FORMAT` if the file is damaged or does not contain what it is asked for.
 */
export async function withHdf5<T>(
  bytes: Uint8Array<ArrayBuffer>,
  use: (file: Hdf5Handle) => Promise<T>,
  { stored = bytes.length, deadline = HDF5_DEADLINE_MS }: { stored?: number; deadline?: number } = {},
): Promise<T> {
  const worker = startWorker({ bytes, stored });
  let timer: NodeJS.Timeout | undefined;
  const broken = new Promise<never>((_, reject) => {
    const late = `expected its HDF5 weights to be readable within ${deadline / 1000} s but they were not: damaged?`;
    timer = setTimeout(() => reject(fileError(late)), deadline);
    worker.once("error", (cause) => reject(threadError(cause)));
    worker.once("exit", () => reject(fileError("reading its HDF5 weights ended without a result")));
  });
  broken.catch(() => {});
  const ask = async (request: Hdf5Request) => {
    const answered = new Promise<Hdf5Answer>((resolve) => worker.once("message", resolve));
    worker.postMessage(request);
    const answer = await Promise.race([answered, broken]);
    if (!("code" in answer)) return answer;
    const cause = answer.detail === undefined ? undefined : new Error(answer.detail);
    throw incompleteError(answer.code, answer.message, maybeCause(cause));
  };
  try {
    return await use({
      outline: async () => ((await ask("outline")) as { outline: Hdf5Outline }).outline,
      legacyModel: async () => ((await ask("legacyModel")) as { legacyModel: LegacyModel }).legacyModel,
      list: async (group) => ((await ask({ list: group })) as { arrays: LegacyArray[] }).arrays,
      variables: async (request) => ((await ask(request)) as { variables: StoredVariable[] }).variables,
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

/** Reads the variables of one layer from the HDF5 file `bytes`, under the same conditions as {@link withHdf5}. */
export function readHdf5Variables(
  bytes: Uint8Array<ArrayBuffer>,
  request: GroupRequest,
  deadline?: number,
): Promise<StoredVariable[]> {
  return withHdf5(bytes, (file) => file.variables(request), deadline === undefined ? {} : { deadline });
}

/** The most megabytes of JavaScript values that the thread may hold. The numbers of arrays do not count. */
const MAX_HEAP_MB = 128;

function startWorker({ bytes, stored }: { bytes: Uint8Array<ArrayBuffer>; stored: number }): Worker {
  const file = workerFileOfBundle();
  const options: WorkerOptions = {
    workerData: { bytes, stored, version: PACKAGE_VERSION } satisfies Hdf5Task,
    transferList: [bytes.buffer],
    // Threads inherit the process's options but refuse to start with this one (`node --input-type=module -e`).
    execArgv: process.execArgv.some((option) => option.startsWith("--input-type")) ? [] : undefined,
    // The thread's output is discarded: HDF5 prints its error stacks there.
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  };
  try {
    // Bundlers and file tracers find the thread's file by this expression.
    return file ? new Worker(file, options) : new Worker(new URL("./hdf5_worker.js", import.meta.url), options);
  } catch (cause) {
    throw threadError(cause as Error);
  }
}

/**
 * Returns the error of a thread that ended. The file's own errors come as an answer, so the thread must have lacked
 * memory, or the permission to start.
 */
function threadError(cause: Error): GRUError {
  // The caller adds which file it is, and a full stop.
  const reason = isPermissionError(cause)
    ? `${cause.message.replace(/\.$/, "")}. ${permissionAdvice("thread")}`
    : cause.message;
  return incompleteError("ERR_UNSUPPORTED", `the thread that reads its HDF5 weights failed: ${reason}`, { cause });
}
