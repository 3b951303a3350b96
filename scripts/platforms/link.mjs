// Links the objects of a target to its binary: stripped, and with no exported name but the entries of Node-API.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../setup/shell.mjs";
import { runZig } from "./compile.mjs";
import { keepExports } from "./formats/pe.mjs";
import { folderOf, sourcesJson } from "./objects.mjs";

/** The names that a binary may export, as Node.js looks for them. */
export const ENTRIES = ["napi_register_module_v1", "node_api_module_get_api_version_v1"];

/** Writes the list of exports for the linker of Linux, and returns its option. */
function versionScript(folder) {
  const file = join(folder, "exports.map");
  writeFileSync(join(root, file), `{ global: ${ENTRIES.map((name) => `${name};`).join(" ")} local: *; };\n`);
  return `-Wl,--version-script=${file}`;
}

/** The options of a target's linker that its folder decides. */
function optionsOf(target, folder) {
  return target.platform === "linux" ? [versionScript(folder)] : [];
}

function hideOtherNames(file) {
  const bytes = readFileSync(file);
  keepExports(bytes, ENTRIES);
  writeFileSync(file, bytes);
}

/** Links a target. Returns the path of its binary, relative to the root. */
export async function link(target, objects) {
  const folder = `${folderOf(target)}/linked`;
  rmSync(join(root, folder), { recursive: true, force: true });
  mkdirSync(join(root, folder), { recursive: true });
  const binary = `${folder}/cudnn_gru.node`;
  const flags = sourcesJson().release.link[target.platform];
  const inputs = objects.map((object) => object.output);
  const args = ["c++", "-target", target.triple, "-shared", "-s", ...flags, ...optionsOf(target, folder)];
  const output = await runZig([...args, ...inputs, "-o", binary]);
  if (output !== "") process.stderr.write(output);
  if (target.platform === "win32") hideOtherNames(join(root, binary));
  return binary;
}
