import { compileFunction } from "node:vm";
import { importDependency } from "../import_dependency.js";
import type { H5Wasm } from "./library.js";
import type { LibraryCode } from "./library_code.js";
import { WebAssembly } from "./web_assembly.js";

/** The function of h5wasm that makes an instance. */
type Factory = (settings: object) => Promise<H5Wasm["Module"]>;

/** Makes instances of the HDF5 library. What happens in one does not change another. */
export class Library {
  readonly #code: LibraryCode | null;
  #factory: Factory | null;

  /** @param code the library's code, or `null` to import the package h5wasm, which makes one instance. */
  constructor(code: LibraryCode | null) {
    this.#code = code;
    this.#factory = code === null ? null : factoryOf(code);
  }

  /** Whether `fresh` may be called again. */
  get isRenewable(): boolean {
    return this.#factory !== null;
  }

  /** Returns an instance that has read no file. Throws `ERR_UNSUPPORTED` if h5wasm cannot be loaded. */
  async fresh(): Promise<H5Wasm> {
    try {
      if (this.#factory !== null) return await instance(this.#factory, this.#code!);
    } catch {
      // The code did not survive the way to this thread. Some runtimes cannot send a compiled module.
      this.#factory = null;
    }
    return imported();
  }
}

function factoryOf({ glue }: LibraryCode): Factory | null {
  try {
    const factory: unknown = compileFunction(glue)();
    return typeof factory === "function" ? (factory as Factory) : null;
  } catch {
    // A later version of h5wasm has another form.
    return null;
  }
}

async function instance(factory: Factory, { module }: LibraryCode): Promise<H5Wasm> {
  const settings = {
    noInitialRun: true,
    print: () => {},
    printErr: () => {},
    instantiateWasm: (imports: object, done: (instance: object, module: object) => void) => {
      done(new WebAssembly!.Instance(module, imports), module);
      return {};
    },
  };
  const Module = await factory(settings);
  return { Module, FS: Module.FS };
}

async function imported(): Promise<H5Wasm> {
  return importDependency("h5wasm", async () => {
    const h5 = await import("h5wasm");
    await h5.ready;
    return h5;
  });
}
