import { Worker } from "node:worker_threads";
import type { GRUError } from "../errors/gru_error.js";
import { inner, maybeCause } from "../errors/messages.js";
import type { StoredVariable } from "./hdf5_dataset.js";
import type { Hdf5Outline } from "./hdf5_outline.js";
import type { DatasetRequest, GroupRequest } from "./hdf5_reader.js";
import type { Hdf5Answer, Hdf5Request, Hdf5Task } from "./hdf5_worker.js";
import { HDF5_DEADLINE_MS } from "./limits.js";
import { fileProblem } from "./problem.js";

/** An HDF5 file open on a thread of its own; to be asked one thing at a time. */
export interface Hdf5Handle {
  /** What the file holds, without the numbers. */
  outline(): Promise<Hdf5Outline>;
  /** The variables of one layer. */
  variables(request: GroupRequest | DatasetRequest): Promise<StoredVariable[]>;
}

/**
 * Opens the HDF5 file `bytes` on a thread of its own, passes it to `use`, and ends the thread. `bytes` is given away: its
 * buffer is detached.
 *
 * @param stored the bytes that the file has where it is stored, which are fewer where it is compressed: they bound what
 *   reading it may take.
 * @param deadline milliseconds after which the file counts as damaged.
 * @throws GRUError `ERR_FILE_FORMAT` if the file is damaged or does not hold what it is asked for.
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
    timer = setTimeout(() => reject(fileProblem(late)), deadline);
    worker.once("error", (cause) => reject(workerProblem(cause)));
    worker.once("exit", () => reject(fileProblem("reading its HDF5 weights ended without a result")));
  });
  broken.catch(() => {});
  const ask = async (request: Hdf5Request) => {
    const answered = new Promise<Hdf5Answer>((resolve) => worker.once("message", resolve));
    worker.postMessage(request);
    const answer = await Promise.race([answered, broken]);
    if (!("code" in answer)) return answer;
    const cause = answer.detail === undefined ? undefined : new Error(answer.detail);
    throw inner(answer.code, answer.message, maybeCause(cause));
  };
  try {
    return await use({
      outline: async () => ((await ask("outline")) as { outline: Hdf5Outline }).outline,
      variables: async (request) => ((await ask(request)) as { variables: StoredVariable[] }).variables,
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

/** Reads the variables of one layer from the HDF5 file `bytes`; otherwise as {@link withHdf5}. */
export function readHdf5Variables(
  bytes: Uint8Array<ArrayBuffer>,
  request: GroupRequest,
  deadline?: number,
): Promise<StoredVariable[]> {
  return withHdf5(bytes, (file) => file.variables(request), deadline === undefined ? {} : { deadline });
}

/** Most megabytes of JavaScript values that the thread may hold; numbers of arrays are not among them. */
const MAX_HEAP_MB = 128;

function startWorker(task: Hdf5Task): Worker {
  try {
    return new Worker(new URL("./hdf5_worker.js", import.meta.url), {
      workerData: task,
      transferList: [task.bytes.buffer],
      // Threads inherit the process's options, but refuse to start with this one (`node --input-type=module -e`).
      execArgv: process.execArgv.some((option) => option.startsWith("--input-type")) ? [] : undefined,
      // The thread's output is not passed on: HDF5 prints its error stacks.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
  } catch (cause) {
    throw workerProblem(cause as Error);
  }
}

/** The file's own errors come as an answer; what ends the thread is a lack of memory or of permission to start. */
function workerProblem(cause: Error): GRUError {
  return inner("ERR_UNSUPPORTED", `the thread that reads its HDF5 weights failed: ${cause.message}`, { cause });
}
