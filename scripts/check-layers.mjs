// Fails when an include or import points upwards. Each part may use itself and the parts named beside it; the order is
// that of docs/architecture.md.
import { readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { root } from "./setup/shell.mjs";
import { filesBelow } from "./setup/stamp.mjs";

/** Folders of native/, and what each may include. */
const nativeLayers = {
  core: [],
  cpu: ["core"],
  cudnn: ["core"],
  addon: ["core", "cpu", "cudnn"],
};

/** Files that may include more than their folder: the self-check compares cuDNN with the scalar reference. */
const nativeExceptions = {
  "native/cudnn/self_check.cc": ["cpu/gru_tape.h", "cpu/weights.h"],
};

/** Folders and files of lib/, lowest first: each may import itself and what stands in a line above it. */
const libLayers = [
  ["errors", "package_root"],
  ["native", "queue"],
  ["cudnn", "sixteen_bit"],
  ["tensor", "keras"],
  ["arguments", "formats"],
  ["variable_parts"],
  ["backend", "variable", "eligibility", "tensor_from"],
  ["layers"],
  ["training", "serving"],
  ["index"],
  ["cli", "interop"],
];

const problems = [];

function lines(path) {
  return readFileSync(join(root, path), "utf8").split("\n");
}

for (const path of filesBelow("native").filter((name) => /\.(cc|h|inc)$/.test(name))) {
  const layer = path.split("/")[1];
  if (!Object.hasOwn(nativeLayers, layer)) {
    problems.push(`${path}: native/${layer} is no layer that scripts/check-layers.mjs knows`);
    continue;
  }
  for (const [at, line] of lines(path).entries()) {
    const include = /^\s*#\s*include\s*[<"]([^>"]+)[>"]/.exec(line)?.[1];
    if (!include) continue;
    const target = include.includes("/") ? include.split("/")[0] : null;
    if (nativeExceptions[path]?.includes(include)) continue;
    if (target && Object.hasOwn(nativeLayers, target) && target !== layer && !nativeLayers[layer].includes(target)) {
      problems.push(`${path}:${at + 1}: ${layer} may not include ${include}`);
    }
    if (/^(napi|node_api|js_native_api)/.test(include) && layer !== "addon") {
      problems.push(`${path}:${at + 1}: only native/addon may include ${include}`);
    }
  }
}

/** The part of lib/ that a file belongs to: its folder, or its own name. */
function libPart(path) {
  return path.split("/")[1].replace(/\.ts$/, "");
}

function libRank(path) {
  return libLayers.findIndex((layer) => layer.includes(libPart(path)));
}

for (const path of filesBelow("lib").filter((name) => name.endsWith(".ts"))) {
  const rank = libRank(path);
  if (rank < 0) {
    problems.push(`${path}: no layer that scripts/check-layers.mjs knows`);
    continue;
  }
  for (const [at, line] of lines(path).entries()) {
    const specifier = /(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/.exec(line)?.[1];
    if (!specifier) continue;
    const target = posix.join(dirname(path), specifier.replace(/\.js$/, ".ts"));
    if (!target.startsWith("lib/")) problems.push(`${path}:${at + 1}: ${specifier} leaves lib/`);
    else if (libPart(target) !== libPart(path) && libRank(target) >= rank) {
      problems.push(`${path}:${at + 1}: may not import ${target}, which is not below it`);
    }
  }
}

for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
