import { Worker } from "node:worker_threads";
import { GRUError } from "../errors.js";
import type { GroupRequest, StoredVariable } from "./hdf5_reader.js";
import type { Hdf5Answer, Hdf5Task } from "./hdf5_worker.js";
import { HDF5_DEADLINE_MS } from "./limits.js";
import { fileProblem } from "./problem.js";

/**
 * Reads the variables of one layer from the HDF5 file `bytes` on a thread of its own. `bytes` is given away: its buffer
 * is detached.
 *
 * @param deadline milliseconds after which the file counts as damaged.
 * @throws GRUError `ERR_FILE_FORMAT` if the file is damaged or does not hold what `request` asks for.
 */
export async function readHdf5Variables(
  bytes: Uint8Array<ArrayBuffer>,
  request: GroupRequest,
  deadline: number = HDF5_DEADLINE_MS,
): Promise<StoredVariable[]> {
  const worker = startWorker({ bytes, request });
  let timer: NodeJS.Timeout | undefined;
  try {
    const answer = await new Promise<Hdf5Answer>((resolve, reject) => {
      const late = `expected its HDF5 weights to be readable within ${deadline / 1000} s but they were not: damaged?`;
      timer = setTimeout(() => reject(fileProblem(late)), deadline);
      worker.once("message", resolve);
      worker.once("error", (cause) => reject(workerProblem(cause)));
      worker.once("exit", () => reject(fileProblem("reading its HDF5 weights ended without a result")));
    });
    if ("variables" in answer) return answer.variables;
    const cause = answer.detail === undefined ? undefined : new Error(answer.detail);
    throw new GRUError(answer.code, answer.message, cause && { cause });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

function startWorker(task: Hdf5Task): Worker {
  try {
    return new Worker(new URL("./hdf5_worker.js", import.meta.url), {
      workerData: task,
      transferList: [task.bytes.buffer as ArrayBuffer],
      // Threads inherit the process's options, but refuse to start with this one (`node --input-type=module -e`).
      execArgv: process.execArgv.some((option) => option.startsWith("--input-type")) ? [] : undefined,
      // The thread's output is not passed on: HDF5 prints its error stacks.
      stdout: true,
      stderr: true,
    });
  } catch (cause) {
    throw workerProblem(cause as Error);
  }
}

/** The file's own errors come as an answer; what ends the thread is a lack of memory or of permission to start. */
function workerProblem(cause: Error): GRUError {
  return new GRUError("ERR_UNSUPPORTED", `the thread that reads its HDF5 weights failed: ${cause.message}`, { cause });
}
