// biome-ignore lint/style/useNodejsImportProtocol: webpack recognises a thread's file, which it bundles, only by this name.
import { Worker, type WorkerOptions } from "worker_threads";
import type { GRUError } from "../../errors/gru_error.js";
import { incompleteError, maybeCause } from "../../errors/messages.js";
import { isPermissionError, permissionAdvice } from "../../errors/permissions.js";
import { PACKAGE_VERSION } from "../../package_version.js";
import { fileError } from "../file_errors.js";
import type { Hdf5Answer, Hdf5Order, Hdf5Request, Hdf5ThreadData } from "./hdf5_worker.js";
import type { LibraryCode } from "./library_code.js";
import { workerFileOfBundle } from "./worker_file.js";

/** A thread that reads HDF5 files, one after the other, and answers one question at a time. */
export class Hdf5Thread {
  readonly #worker: Worker | undefined;
  /** Why the thread cannot answer any more. */
  #failure: GRUError | undefined;
  #isSpent = false;
  #waiting: { resolve(answer: Hdf5Answer): void; reject(error: GRUError): void } | undefined;

  /** Starts the thread. Where that fails, the first question gets the error. */
  constructor() {
    try {
      this.#worker = startWorker();
    } catch (cause) {
      this.#failure = threadError(cause as Error);
      return;
    }
    this.#worker.on("message", (answer: Hdf5Answer) => {
      this.#isSpent ||= answer.isSpent;
      this.#waiting?.resolve(answer);
      this.#waiting = undefined;
    });
    this.#worker.once("error", (cause) => this.fail(threadError(cause)));
    this.#worker.once("exit", () => this.fail(fileError("reading its HDF5 weights ended without a result")));
  }

  /** Whether the thread may read another file. It may not after an error, or while a question waits for its answer. */
  get isReusable(): boolean {
    return this.#failure === undefined && this.#waiting === undefined && !this.#isSpent;
  }

  /** Sends the thread the library's code. */
  start(code: LibraryCode | null): void {
    try {
      this.#order({ order: "start", code });
    } catch {
      // This runtime cannot send a compiled module to a thread.
      this.#order({ order: "start", code: null });
    }
  }

  /** Lets the thread make an instance of the library, and keeps the process alive until `rest`. */
  prepare(): void {
    this.#worker?.ref();
    this.#order({ order: "prepare" });
  }

  /** Sends the thread the next file. The buffer of `bytes` is detached. */
  take(bytes: Uint8Array<ArrayBuffer>, stored: number): void {
    this.#order({ order: "take", bytes, stored }, [bytes.buffer]);
  }

  /** Lets go of the file. From here on the thread does not keep the process alive. */
  rest(): void {
    this.#order({ order: "close" });
    this.#worker?.unref();
  }

  /** Returns the answer to a question about the file. Throws what the thread answers, or why it cannot answer. */
  async ask(question: Hdf5Request): Promise<Exclude<Hdf5Answer, { code: unknown }>> {
    const answer = await new Promise<Hdf5Answer>((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      this.#waiting = { resolve, reject };
      this.#order({ order: "answer", question });
    });
    if (!("code" in answer)) return answer;
    const cause = answer.detail === undefined ? undefined : new Error(answer.detail);
    throw incompleteError(answer.code, answer.message, maybeCause(cause));
  }

  /** Makes the open question, and every later one, throw `error`, unless the thread has failed already. */
  fail(error: GRUError): void {
    this.#failure ??= error;
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }

  /** Ends the thread, whatever it does. */
  async end(): Promise<void> {
    await this.#worker?.terminate();
  }

  #order(order: Hdf5Order, transfer: ArrayBuffer[] = []): void {
    this.#worker?.postMessage(order, transfer);
  }
}

/** The most megabytes of JavaScript values that the thread may hold. The numbers of arrays do not count. */
const MAX_HEAP_MB = 128;

function startWorker(): Worker {
  const file = workerFileOfBundle();
  const options: WorkerOptions = {
    workerData: { version: PACKAGE_VERSION } satisfies Hdf5ThreadData,
    // Threads inherit the process's options but refuse to start with this one (`node --input-type=module -e`).
    execArgv: process.execArgv.some((option) => option.startsWith("--input-type")) ? [] : undefined,
    // The thread's output is discarded: HDF5 prints its error stacks there.
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  };
  // Bundlers and file tracers find the thread's file by this expression.
  return file ? new Worker(file, options) : new Worker(new URL("./hdf5_worker.js", import.meta.url), options);
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
