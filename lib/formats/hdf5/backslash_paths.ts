import { MAX_LAYER_DEPTH } from "../limits.js";

/** A group, or part of a name that stands for one: in files from Windows `layers` in `layers\gru\cell`. */
export interface Folder {
  /** The name in the root of the group itself. Absent when only longer names begin with this one. */
  readonly group: string | undefined;
  readonly folders: ReadonlyMap<string, Folder>;
}

interface OpenFolder {
  group: string | undefined;
  folders: Map<string, OpenFolder>;
}

/**
 * Returns the folders that `names`, the members of a file's root, stand for. Names without backslashes are not
 * included. tf.keras 2.13 to 2.15 join the parts of a layer's path with the system's separator, but HDF5 knows only
 * `/`. On Windows a layer's group is therefore a member of the root whose name contains backslashes.
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
