import { MAX_LAYER_DEPTH } from "./limits.js";

/** A group, or what stands for one: in files from Windows `layers` of `layers\gru\cell`. */
export interface Folder {
  /** The group itself, by its name in the root; absent where only names of others begin with this one. */
  readonly group: string | undefined;
  readonly folders: ReadonlyMap<string, Folder>;
}

interface OpenFolder {
  group: string | undefined;
  folders: Map<string, OpenFolder>;
}

/**
 * The folders that `names`, the members of a file's root, stand for. tf.keras 2.13 to 2.15 join the parts of a layer's path
 * with the system's separator; HDF5 knows only `/`, so that on Windows a layer's group is a member of the root whose name
 * has backslashes. Other names are not among the folders.
 */
export function backslashFolders(names: Iterable<string>): ReadonlyMap<string, Folder> {
  const root = new Map<string, OpenFolder>();
  for (const name of names) {
    if (!name.includes("\\")) continue;
    const parts = name.split("\\", 2 * MAX_LAYER_DEPTH + 1);
    if (parts.length > 2 * MAX_LAYER_DEPTH || parts.includes("")) continue;
    let folders = root;
    let folder: OpenFolder | undefined;
    for (const part of parts) {
      folder = folders.get(part) ?? { group: undefined, folders: new Map() };
      folders.set(part, folder);
      folders = folder.folders;
    }
    folder!.group = name;
  }
  return root;
}
