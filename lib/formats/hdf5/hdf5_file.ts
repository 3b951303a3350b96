import { GRUError } from "../../errors/gru_error.js";
import { fileError } from "../file_errors.js";
import { MAX_HDF5_OBJECTS, MAX_PATH_LENGTH } from "../limits.js";
import { backslashFolders, type Folder } from "./backslash_paths.js";
import { type H5Wasm, innermost, openInLibrary } from "./library.js";
import { readTexts } from "./text.js";

/**
 * Opens the HDF5 file `bytes`, which `h5` takes over without a copy. A damaged file can leave `h5` unusable or make it
 * loop, so callers run this function, and all reading, on a thread that can be ended and that limits the WebAssembly
 * memory.
 *
 * @param stored the number of bytes that the stored file takes, which is smaller than its length when it is compressed.
 * @throws GRUError `ERR_FILE_FORMAT` if it is not a complete HDF5 file.
 */
export function openHdf5(h5: H5Wasm, bytes: Uint8Array, stored: number): Hdf5File {
  return new Hdf5File(h5, openInLibrary(h5, bytes, stored), bytes, stored);
}

/** A group or dataset: its absolute path in the file, and its contents under names with backslashes. */
interface Place {
  /** The path. Absent for a group that only names with backslashes contain. */
  readonly real: string | undefined;
  readonly folders: ReadonlyMap<string, Folder> | undefined;
}

/**
 * An open HDF5 file. It returns only data that is in the file itself and refuses every kind of link. tf.keras on
 * Windows wrote names with backslashes; here they are read as the paths that they stand for.
 */
export class Hdf5File {
  readonly bytes: Uint8Array;
  /** The number of bytes that the stored file takes. */
  readonly stored: number;
  readonly #h5: H5Wasm;
  readonly #file: bigint;
  /**
   * The results of earlier questions: places by the paths used here, names and kinds by real paths, groups by address.
   */
  readonly #places = new Map<string, Place>();
  readonly #members = new Map<string, Set<string>>();
  readonly #kinds = new Map<string, number>();
  readonly #groups = new Map<number, string>();

  constructor(h5: H5Wasm, file: bigint, bytes: Uint8Array, stored: number) {
    this.#h5 = h5;
    this.#file = file;
    this.bytes = bytes;
    this.stored = stored;
    this.#groups.set(this.address("/"), "/");
    this.#places.set("/", { real: "/", folders: backslashFolders(this.#realNames("/")) });
  }

  /** Returns the absolute path of the group at `relative` (`""` is the root), or `undefined` if there is none. */
  group(relative: string): string | undefined {
    return relative === "" ? "/" : this.#resolve(relative, this.#h5.Module.H5G_GROUP);
  }

  /** Returns the absolute path of the dataset at `relative`, or `undefined` if there is none. */
  dataset(relative: string): string | undefined {
    return this.#resolve(relative, this.#h5.Module.H5G_DATASET);
  }

  /** Returns the names in the group at the absolute `path`. */
  names(path: string): ReadonlySet<string> {
    const { real, folders } = this.#place(path);
    const names = real === undefined ? new Set<string>() : this.#realNames(real);
    if (folders === undefined || folders.size === 0) return names;
    const plain = path === "/" ? [...names].filter((name) => !name.includes("\\")) : names;
    return new Set([...plain, ...folders.keys()]);
  }

  /** True when `name` in the group at the absolute `path` is a group itself. Throws for a link. */
  isGroup(path: string, name: string): boolean {
    const child = this.#child(this.#place(path), name);
    return child !== undefined && this.#kind(child) === this.#h5.Module.H5G_GROUP;
  }

  #place(path: string): Place {
    return this.#places.get(path) ?? { real: path, folders: undefined };
  }

  #realNames(real: string): Set<string> {
    let names = this.#members.get(real);
    if (names === undefined) {
      names = new Set(this.call(real, (module, file) => module.get_names(file, real, false)));
      this.#members.set(real, names);
    }
    return names;
  }

  /** Returns the member `name` of `place`. A plain member takes precedence over a name with backslashes. */
  #child({ real, folders }: Place, name: string): Place | undefined {
    const folder = folders?.get(name);
    if (real !== undefined && this.#realNames(real).has(name)) {
      return { real: real === "/" ? `/${name}` : `${real}/${name}`, folders: folder?.folders };
    }
    if (folder === undefined) return undefined;
    return { real: folder.group === undefined ? undefined : `/${folder.group}`, folders: folder.folders };
  }

  /**
   * Returns the absolute path of `relative` if every part of it is a plain member of its group and the last is a
   * `kind`.
   */
  #resolve(relative: string, kind: number): string | undefined {
    if (relative.length > MAX_PATH_LENGTH) {
      throw fileError(`expected paths of at most ${MAX_PATH_LENGTH} characters but found one of ${relative.length}`);
    }
    const group = this.#h5.Module.H5G_GROUP;
    let path = "";
    let place: Place = this.#place("/");
    const parts = relative.split("/");
    for (const [index, part] of parts.entries()) {
      const wanted = index === parts.length - 1 ? kind : group;
      const child = this.#child(place, part);
      if (child === undefined) return undefined;
      path = `${path}/${part}`;
      if (this.#kind(child) !== wanted) {
        throw fileError(`expected a ${wanted === group ? "group" : "dataset"} at ${path} but found none`);
      }
      place = child;
    }
    this.#places.set(path, place);
    return path;
  }

  /** Returns the kind of `place`. Throws for a link, and for a group that has two places. */
  #kind({ real }: Place): number {
    const { H5G_GROUP } = this.#h5.Module;
    if (real === undefined) return H5G_GROUP;
    let kind = this.#kinds.get(real);
    if (kind !== undefined) return kind;
    if (this.call(real, (module, file) => module.get_symbolic_link(file, real)) !== null) {
      throw fileError(`expected ${real} in the file itself but found a soft link`);
    }
    if (this.call(real, (module, file) => module.get_external_link(file, real)).filename !== undefined) {
      throw fileError(`expected ${real} in the file itself but found an external link`);
    }
    kind = this.call(real, (module, file) => module.get_type(file, real));
    if (kind === H5G_GROUP) {
      // Groups with many names could stand for any number of layers, or contain themselves.
      const address = this.address(real);
      const other = this.#groups.get(address);
      if (other !== undefined) throw fileError(`expected each group once but found ${real} to be ${other}`);
      this.#groups.set(address, real);
    }
    this.#kinds.set(real, kind);
    return kind;
  }

  /** Returns the position in bytes of the object header of the object at the real path `real`. */
  address(real: string): number {
    const reference = this.call(real, (module, file) => module.create_object_reference(file, real));
    return reference.reduceRight((value, byte) => value * 256 + byte, 0);
  }

  /** Returns the path by which the HDF5 library finds the dataset or group at the absolute `path`. */
  real(path: string): string | undefined {
    return this.#place(path).real;
  }

  /** Returns the text in attribute `name` of the group or dataset at the absolute `path`, if there is exactly one. */
  text(path: string, name: string): string | undefined {
    const texts = this.#texts(path, name);
    return texts?.length === 1 ? texts[0] : undefined;
  }

  /**
   * Returns the texts in attribute `name` of the group at the absolute `path`, or in `<name>0`, `<name>1`, .... Keras
   * splits an attribute in this way when it is too large for an HDF5 header.
   */
  texts(path: string, name: string): string[] | undefined {
    const whole = this.#texts(path, name);
    if (whole !== undefined) return whole;
    let all: string[] | undefined;
    for (let part = 0; part < MAX_HDF5_OBJECTS; part += 1) {
      const more = this.#texts(path, `${name}${part}`);
      if (more === undefined) break;
      all = [...(all ?? []), ...more];
    }
    return all;
  }

  #texts(path: string, name: string): string[] | undefined {
    const real = this.real(path);
    if (real === undefined) return undefined;
    return this.call(path, (module, file) => {
      if (!module.get_attribute_names(file, real).includes(name)) return undefined;
      return readTexts(this.#h5, file, real, name, this.bytes.length);
    });
  }

  /** Returns the shape of the dataset at `relative`, or `undefined` if there is none. */
  shape(relative: string): number[] | undefined {
    const path = this.dataset(relative);
    if (path === undefined) return undefined;
    return this.call(path, (module, file) => module.get_dataset_metadata(file, this.real(path)!)).shape ?? [];
  }

  /** Runs one call of the HDF5 library, which throws its error stack as text. */
  call<T>(where: string, call: (module: H5Wasm["Module"], file: bigint) => T): T {
    try {
      return call(this.#h5.Module, this.#file);
    } catch (cause) {
      if (cause instanceof GRUError) throw cause;
      throw fileError(`expected ${where} whole but found it damaged: ${innermost(cause)}`);
    }
  }
}
