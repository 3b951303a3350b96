/**
 * A worker thread that reads HDF5 files, one after the other. HDF5 on WebAssembly never returns memory to the system, and
 * a damaged file can break it, so each file gets an instance of the library of its own, and the thread that reads it can
 * be ended.
 */
import { parentPort, workerData } from "node:worker_threads";
import { GRUError, type GRUErrorCode } from "../../errors/gru_error.js";
import { incompleteError } from "../../errors/messages.js";
import { PACKAGE_VERSION } from "../../package_version.js";
import { fileError } from "../file_errors.js";
import { MAX_KEPT_BYTES } from "../limits.js";
import type { StoredVariable } from "./dataset.js";
import { type Hdf5File, openHdf5 } from "./hdf5_file.js";
import { Library } from "./instances.js";
import { type LegacyArray, type LegacyModel, legacyModel } from "./legacy_arrays.js";
import type { H5Wasm } from "./library.js";
import type { LibraryCode } from "./library_code.js";
import { listArrays } from "./list_arrays.js";
import { type Hdf5Outline, outline } from "./outline.js";
import { type DatasetRequest, type GroupRequest, readVariables } from "./reader.js";

/** The data with which the thread is started. */
export interface Hdf5ThreadData {
  /** The version of the package that starts the thread. */
  version: string;
}

/** The questions about a file that the thread answers, one at a time. */
export type Hdf5Request = "outline" | "legacyModel" | { list: string } | GroupRequest | DatasetRequest;

/** An order to the thread. It answers only the order "answer". */
export type Hdf5Order =
  /** The first order: the library's code, or `null` when the thread has to load it. */
  | { order: "start"; code: LibraryCode | null }
  /** To make an instance of the library, because a file will come. */
  | { order: "prepare" }
  /** To take over the next file. `stored` is the number of bytes that the stored file takes. */
  | { order: "take"; bytes: Uint8Array<ArrayBuffer>; stored: number }
  | { order: "answer"; question: Hdf5Request }
  /** To let go of the file and of its instance of the library. */
  | { order: "close" };

/** The thread's answer to each question. */
export type Hdf5Answer = (
  | { outline: Hdf5Outline }
  | { legacyModel: LegacyModel }
  | { arrays: LegacyArray[] }
  | { variables: StoredVariable[] }
  | { code: GRUErrorCode; message: string; detail?: string }
) & {
  /** True when the thread cannot read another file, or holds so much memory that it should not. */
  isSpent: boolean;
};

let source: Library | undefined;
let prepared: Promise<H5Wasm> | undefined;
let taken: Extract<Hdf5Order, { order: "take" }> | undefined;
let opened: { file: Hdf5File; h5: H5Wasm } | undefined;

function prepare(): Promise<H5Wasm> {
  source ??= new Library(null);
  prepared ??= source.fresh();
  // Whoever needs the instance gets the error.
  prepared.catch(() => {});
  return prepared;
}

async function open(): Promise<Hdf5File> {
  const { version } = workerData as Hdf5ThreadData;
  if (version !== PACKAGE_VERSION) {
    const found = `the hdf5_worker.js that reads its HDF5 weights is of cudnn-gru ${PACKAGE_VERSION}, but ${version} is needed`;
    throw incompleteError("ERR_UNSUPPORTED", `${found}. Copy that of ${version}`);
  }
  const { bytes, stored } = taken!;
  const h5 = await prepare();
  opened = { file: openHdf5(h5, bytes, stored), h5 };
  return opened.file;
}

function isSpent(): boolean {
  if (opened === undefined || !source?.isRenewable) return true;
  return opened.file.bytes.length + opened.h5.Module.HEAPU8.length > MAX_KEPT_BYTES;
}

async function answer(question: Hdf5Request): Promise<Hdf5Answer> {
  try {
    const file = opened?.file ?? (await open());
    if (question === "outline") return { outline: outline(file), isSpent: isSpent() };
    if (question === "legacyModel") return { legacyModel: legacyModel(file), isSpent: isSpent() };
    if ("list" in question) return { arrays: listArrays(file, question.list), isSpent: isSpent() };
    return { variables: readVariables(file, question), isSpent: isSpent() };
  } catch (error) {
    // Any other error from the WebAssembly module was caused by the file.
    const failure =
      error instanceof GRUError ? error : fileError(`expected an HDF5 file but found a damaged one: ${error}`);
    const cause = failure.cause instanceof Error ? failure.cause.message : undefined;
    const detail = cause === undefined ? {} : { detail: cause };
    return { code: failure.code, message: failure.message, ...detail, isSpent: true };
  }
}

/** Forgets the file, and the instance of the library that has read it. */
function close(): void {
  if (opened !== undefined) prepared = undefined;
  taken = undefined;
  opened = undefined;
}

async function follow(order: Hdf5Order): Promise<void> {
  if (order.order === "start") source = new Library(order.code);
  else if (order.order === "prepare") prepare();
  else if (order.order === "close") close();
  else if (order.order === "take") {
    close();
    taken = order;
  } else {
    const result = await answer(order.question);
    parentPort?.postMessage(result, "variables" in result ? result.variables.map(({ data }) => data) : []);
  }
}

parentPort?.on("message", follow);
