// Which objects a target's binary is made of, and with which flags each is compiled. Both come from native/sources.json.
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "../setup/shell.mjs";
import { targetNamed } from "./targets.mjs";
import { nodeAddonApi, nodeApiHeaders, outputFolder } from "./tools.mjs";

/** Returns native/sources.json. */
export function sourcesJson() {
  return JSON.parse(readFileSync(join(root, "native/sources.json"), "utf8"));
}

/** The folder of a target's objects, relative to the root. */
export function folderOf(target) {
  return `${outputFolder}/${target.name}`;
}

/** The flags of every file of a target, without those of its instruction set. */
function commonFlags(target, { include, defines, flags, isa, release }) {
  const folders = include.map((folder) => join(root, folder));
  return [
    ...["-target", target.triple],
    ...flags.filter((flag) => !release.not_flags.includes(flag)),
    ...release.flags,
    ...(release.platform_flags[target.platform] ?? []),
    ...[...defines, ...isa[target.arch].defines].map((define) => `-D${define}`),
    ...folders.map((folder) => `-I${folder}`),
    ...["-isystem", nodeAddonApi, "-isystem", join(nodeApiHeaders, "include")],
    // For what the build generates.
    `-I${join(root, folderOf(target))}`,
  ];
}

/**
 * The flags of the folder that a source lies in. They make code smaller, because a tarball holds eight binaries, where no time
 * is lost: where nothing is computed, and in loops that wait for memory.
 */
function folderFlags({ release }, source) {
  return Object.entries(release.folder_flags).flatMap(([folder, flags]) => (source.startsWith(folder) ? flags : []));
}

/**
 * Returns the objects of a target: the source, the path of the object, the flags, and the room of native/ that it
 * belongs to, or `isa` for a kernel unit.
 */
export function objectsOf(target) {
  const json = sourcesJson();
  const object = (room, source, flags = []) => {
    const owner = room === "isa" && target.kernels ? targetNamed(target.kernels) : target;
    const output = `${folderOf(owner)}/${room}/${basename(source, ".cc")}.o`;
    return { room, source, output, flags: [...commonFlags(owner, json), ...flags] };
  };
  const ofPlatform = { ...json.platform_sources[target.platform], ...json.platform_sources[target.variant] };
  const rooms = [json.sources, ofPlatform].flatMap(Object.entries);
  const units = Object.entries(json.isa[target.arch].units);
  return [
    // The kernel units first, because they take longest.
    ...units.flatMap(([name, { sources, flags }]) => {
      const all = [...flags, ...(json.release.unit_flags[name] ?? [])];
      return sources.map((source) => object("isa", source, all));
    }),
    ...rooms.flatMap(([room, sources]) => sources.map((source) => object(room, source, folderFlags(json, source)))),
  ];
}
