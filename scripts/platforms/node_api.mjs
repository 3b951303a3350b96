// The list of the functions of Node-API that the addon calls on Windows, which native/addon/node_api_win32.cc makes jumps for.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { CommandError, root } from "../setup/shell.mjs";
import { readCoffObject } from "./formats/coff.mjs";
import { folderOf, sourcesJson } from "./objects.mjs";
import { nodeApiHeaders } from "./tools.mjs";

const NAME = "node_api_functions.inc";

/** The functions of the version of Node-API that the addon is compiled for. */
function functionsOfVersion() {
  const version = /NAPI_VERSION=(\d+)/.exec(sourcesJson().defines.join(" "))[1];
  const { symbols } = createRequire(import.meta.url)(nodeApiHeaders);
  const { js_native_api_symbols: ofJavaScript, node_api_symbols: ofNode } = symbols[`v${version}`];
  return new Set([...ofJavaScript, ...ofNode]);
}

/** Whether an object is the one that includes the list. */
export function includesFunctions({ source }) {
  return source.endsWith("/node_api_win32.cc");
}

/** Writes the list for a target, from the symbols that its compiled `objects` leave undefined. */
export function writeFunctions(target, objects) {
  const known = functionsOfVersion();
  const wanted = new Set(objects.flatMap(({ output }) => readCoffObject(readFileSync(join(root, output))).undefined));
  const names = [...wanted].filter((name) => /^(napi|node_api)_/.test(name)).sort();
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new CommandError(`These are not in the addon's version of Node-API: ${unknown.join(", ")}`, 1);
  }
  const text = names.map((name) => `CUDNN_GRU_NODE_API(${name})\n`).join("");
  const file = join(root, folderOf(target), NAME);
  mkdirSync(join(root, folderOf(target)), { recursive: true });
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
}
