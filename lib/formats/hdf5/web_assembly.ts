/** The parts of WebAssembly that are used here. The types of Node.js do not declare it. */
interface WebAssemblyParts {
  readonly Memory: { readonly prototype: WasmMemory };
  readonly Instance: new (module: WasmModule, imports: object) => object;
  compile(bytes: Uint8Array): Promise<WasmModule>;
}

/** A compiled WebAssembly module. Threads can share it. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

/** The memory of a WebAssembly instance. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** `undefined` in a runtime that was started without WebAssembly (`node --jitless`). */
export const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyParts | undefined };
