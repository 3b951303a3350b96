import { fileError } from "../file_errors.js";
import { HDF5_DEADLINE_MS, KEPT_THREAD_MS, MAX_HDF5_THREADS } from "../limits.js";
import type { StoredVariable } from "./dataset.js";
import { startDeadline } from "./deadline.js";
import type { LegacyArray, LegacyModel } from "./legacy_arrays.js";
import { libraryCode } from "./library_code.js";
import type { Hdf5Outline } from "./outline.js";
import { Places } from "./places.js";
import type { DatasetRequest, GroupRequest } from "./reader.js";
import { Hdf5Thread } from "./thread.js";

/** An HDF5 file that is open on a thread. It answers one question at a time. */
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

/** How a file may be read. */
export interface ReadingLimits {
  /**
   * The number of bytes that the stored file takes, which is smaller than its length when it is compressed. It limits
   * the memory that reading the file may take.
   */
  stored?: number;
  /** The number of milliseconds after which the file is considered damaged. Pauses of the event loop count little. */
  deadline?: number;
}

/**
 * Opens the HDF5 file `bytes`, which is given away: its buffer is detached. A file that was opened before is closed. The
 * first question throws `ERR_FILE_FORMAT` if the file is damaged.
 */
export type OpenHdf5 = (bytes: Uint8Array<ArrayBuffer>, limits?: ReadingLimits) => Hdf5Handle;

/** A thread that has read a file without an error, and waits for the next one. */
let resting: Hdf5Thread | undefined;
let restEnds: NodeJS.Timeout | undefined;

const places = new Places(MAX_HDF5_THREADS);

/**
 * Passes a function that opens HDF5 files to `use`. It opens them on a thread, which is ended afterwards if there was any
 * error, and is otherwise kept for a while. The thread starts while `use` still prepares the file. Only so many threads
 * read at once, and further callers wait, so `use` must not open a file in another way.
 */
export function withHdf5Thread<T>(use: (open: OpenHdf5) => Promise<T>): Promise<T> {
  return places.with(() => onThread(use));
}

async function onThread<T>(use: (open: OpenHdf5) => Promise<T>): Promise<T> {
  const thread = await takeThread();
  let endDeadline = () => {};
  try {
    return await use((bytes, { stored = bytes.length, deadline = HDF5_DEADLINE_MS } = {}) => {
      endDeadline();
      const late = `expected its HDF5 weights to be readable within ${deadline / 1000} s but they were not: damaged?`;
      endDeadline = startDeadline(deadline, () => thread.fail(fileError(late)));
      thread.take(bytes, stored);
      return {
        outline: async () => ((await thread.ask("outline")) as { outline: Hdf5Outline }).outline,
        legacyModel: async () => ((await thread.ask("legacyModel")) as { legacyModel: LegacyModel }).legacyModel,
        list: async (group) => ((await thread.ask({ list: group })) as { arrays: LegacyArray[] }).arrays,
        variables: async (request) => ((await thread.ask(request)) as { variables: StoredVariable[] }).variables,
      };
    });
  } finally {
    endDeadline();
    await giveBack(thread);
  }
}

/** Opens the HDF5 file `bytes` on a thread and passes it to `use`, under the conditions of {@link withHdf5Thread}. */
export function withHdf5<T>(
  bytes: Uint8Array<ArrayBuffer>,
  use: (file: Hdf5Handle) => Promise<T>,
  limits?: ReadingLimits,
): Promise<T> {
  return withHdf5Thread((open) => use(open(bytes, limits)));
}

/** Reads the variables of one layer from the HDF5 file `bytes`, under the same conditions as {@link withHdf5}. */
export function readHdf5Variables(
  bytes: Uint8Array<ArrayBuffer>,
  request: GroupRequest,
  deadline?: number,
): Promise<StoredVariable[]> {
  return withHdf5(bytes, (file) => file.variables(request), deadline === undefined ? {} : { deadline });
}

async function takeThread(): Promise<Hdf5Thread> {
  clearTimeout(restEnds);
  const rested = resting;
  resting = undefined;
  const thread = rested?.isReusable ? rested : new Hdf5Thread();
  // The thread takes longer to start than this.
  if (thread !== rested) thread.start(await libraryCode());
  thread.prepare();
  return thread;
}

async function giveBack(thread: Hdf5Thread): Promise<void> {
  if (!thread.isReusable || resting !== undefined) return thread.end();
  thread.rest();
  resting = thread;
  restEnds = setTimeout(() => {
    resting = undefined;
    void thread.end();
  }, KEPT_THREAD_MS);
  restEnds.unref();
}
