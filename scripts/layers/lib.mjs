// The rules of import in lib/: which part may use which.
import { dirname, posix } from "node:path";

/** Folders and files of lib/, lowest first: each may import itself and what stands in a line above it. */
const layers = [
  ["arrays", "errors", "package_root"],
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

/** The part of lib/ that a file belongs to: its folder, or its own name. */
function partOf(path) {
  return path.split("/")[1].replace(/\.ts$/, "");
}

function rankOf(path) {
  return layers.findIndex((layer) => layer.includes(partOf(path)));
}

/** The problems of one TypeScript file of lib/, whose path is relative to the root. */
export function libProblems(file, lines) {
  const rank = rankOf(file);
  if (rank < 0) return [`${file}: in no part that scripts/layers/lib.mjs knows`];
  return lines.flatMap((line, at) => {
    const specifier = /(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/.exec(line)?.[1];
    if (!specifier) return [];
    const target = posix.join(dirname(file), specifier.replace(/\.js$/, ".ts"));
    if (!target.startsWith("lib/")) return [`${file}:${at + 1}: ${specifier} leaves lib/`];
    if (partOf(target) === partOf(file) || rankOf(target) < rank) return [];
    return [`${file}:${at + 1}: may not import ${target}, which is not below it`];
  });
}
