import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { foldersOf } from "../../package_root.js";
import { decodeLiteral } from "./string_literal.js";
import { type WasmModule, WebAssembly } from "./web_assembly.js";

/** The code of the HDF5 library, from which each thread makes its instances. */
export interface LibraryCode {
  /** The compiled module. Threads share what the engine has compiled of it. */
  readonly module: WasmModule;
  /** The body of a function that returns the function which makes instances: the JavaScript around the module. */
  readonly glue: string;
}

let code: Promise<LibraryCode | null> | undefined;

/**
 * Returns the code of the HDF5 library, which is read and compiled once, without a pause of the event loop.
 *
 * h5wasm keeps its WebAssembly module in a JavaScript file, as a string literal of 3.5 MB, which makes it slow to import. So
 * the file is read as bytes here, and the module is taken out of them. Returns `null` where that is not possible, for
 * example in a bundle. Then threads import h5wasm.
 */
export function libraryCode(): Promise<LibraryCode | null> {
  code ??= readCode().catch(() => null);
  return code;
}

/**
 * The file of h5wasm with its code. It is found by its path, because h5wasm does not export it, and because webpack cannot
 * resolve the package's name with `import.meta.resolve`.
 */
const CODE_FILE = "dist/esm/hdf5_util.js";

/** The text before the string literal. */
const BEFORE = "binaryDecode('";

async function readCode(): Promise<LibraryCode> {
  if (WebAssembly === undefined) throw new Error("no WebAssembly");
  const path = foldersOf("h5wasm")
    .map((folder) => `${folder}${CODE_FILE}`)
    .find(existsSync);
  if (path === undefined) throw new Error(`no ${CODE_FILE}`);
  const text = await readAtOnce(path);
  const start = text.indexOf(BEFORE) + BEFORE.length;
  if (start < BEFORE.length) throw new SyntaxError(`no ${BEFORE} in ${path}`);
  const head = text.toString("utf8", 0, start);
  const { bytes, end } = await decodeLiteral(text, start);
  // Compiling fails, and threads import h5wasm, if the characters of the literal do not stand for these bytes.
  const module = await WebAssembly.compile(bytes);
  const glue = `${head}${text.toString("utf8", end)}`
    .replace("import.meta.url", () => JSON.stringify(pathToFileURL(path).href))
    .replace("export default Module;", "return Module;");
  return { module, glue };
}

/** Reads a file in one piece. `readFile` goes to the thread pool for each half megabyte. */
async function readAtOnce(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafeSlow(size), 0, size, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
