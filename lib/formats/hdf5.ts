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
  const task: Hdf5Task = { bytes, request };
  // The thread's output is not passed on: HDF5 prints its error stacks.
  const worker = new Worker(new URL("./hdf5_worker.js", import.meta.url), {
    workerData: task,
    transferList: [bytes.buffer],
    execArgv: [],
    env: {},
    stdout: true,
    stderr: true,
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    const answer = await new Promise<Hdf5Answer>((resolve, reject) => {
      const late = `expected its HDF5 weights to be readable within ${deadline / 1000} s but they were not: damaged?`;
      timer = setTimeout(() => reject(fileProblem(late)), deadline);
      worker.once("message", resolve);
      worker.once("error", (cause) => reject(fileProblem(`reading its HDF5 weights failed: ${cause.message}`, cause)));
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
