import { fileURLToPath } from "node:url";
import { types } from "node:util";
import { describe } from "../errors/describe.js";
import type { GRUError } from "../errors/gru_error.js";
import { expectedText, maybeCause } from "../errors/messages.js";

/** A file to read: its path, its `file:` URL (a `URL` or a text that begins with `file:`), or its bytes. */
export type FileSource = string | URL | Uint8Array;

/** A {@link FileSource} that has been checked: a path, or bytes that nobody else has. */
export class Source {
  readonly file: { readonly path: string } | { readonly bytes: Uint8Array<ArrayBuffer> };

  constructor(file: Source["file"]) {
    this.file = file;
  }

  /** The name of the source in messages. */
  get shown(): string {
    return "path" in this.file ? JSON.stringify(this.file.path) : `${this.file.bytes.length} bytes`;
  }
}

/** The getters of the class itself. An array may have others of its own that return something else. */
const { prototype } = Object.getPrototypeOf(Uint8Array) as { prototype: Uint8Array };
const bufferOf = Object.getOwnPropertyDescriptor(prototype, "buffer")!.get!;
const lengthOf = Object.getOwnPropertyDescriptor(prototype, "length")!.get!;

/**
 * Reads the argument `source`. Bytes are copied at once, so that nothing changes when the caller's bytes are written
 * to, transferred, or shared with other threads. A `Source` is returned unchanged.
 *
 * @param kind the expected kind of file, for messages.
 * @throws GRUError `ERR_ARGUMENT` for anything but a path, a `file:` URL or bytes; `ERR_OUT_OF_MEMORY`.
 */
export function readSource(source: unknown, kind = "a Keras model file"): Source {
  if (types.isProxy(source)) throw unexpected(kind, "a Proxy");
  if (source instanceof Source) return source;
  if (types.isUint8Array(source)) return new Source({ bytes: copyOf(source, kind) });
  const url = urlText(source);
  const path = url === undefined ? source : pathOf(url, kind);
  if (typeof path !== "string" || path === "" || path.includes("\0")) {
    throw unexpected(kind, types.isAnyArrayBuffer(path) ? "an ArrayBuffer: pass new Uint8Array(it)" : describe(path));
  }
  return new Source({ path });
}

function copyOf(source: Uint8Array, kind: string): Uint8Array<ArrayBuffer> {
  const length: number = lengthOf.call(source);
  if (length === 0 && isDetached(bufferOf.call(source))) throw unexpected(kind, "bytes whose buffer is detached");
  let copy: Uint8Array<ArrayBuffer>;
  try {
    copy = new Uint8Array(length);
  } catch (cause) {
    throw expectedText("ERR_OUT_OF_MEMORY", "source", `${kind} that fits in memory`, `${length} bytes`, { cause });
  }
  copy.set(source);
  return copy;
}

function isDetached(buffer: ArrayBuffer): boolean {
  try {
    new Uint8Array(buffer, 0, 0);
    return false;
  } catch {
    return true;
  }
}

/** Returns the text of a URL, which may be from another realm, or `undefined` for anything else. */
function urlText(source: unknown): string | undefined {
  if (typeof source === "string") return source.startsWith("file:") ? source : undefined;
  try {
    const href = (source as Partial<URL> | null | undefined)?.href;
    return typeof href === "string" ? href : undefined;
  } catch {
    return undefined;
  }
}

function pathOf(url: string, kind: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw unexpected(kind, `${JSON.stringify(url)} (${(cause as Error).message})`, cause);
  }
}

function unexpected(kind: string, received: string, cause?: unknown): GRUError {
  return expectedText("ERR_ARGUMENT", "source", `the path, file: URL or bytes of ${kind}`, received, maybeCause(cause));
}
