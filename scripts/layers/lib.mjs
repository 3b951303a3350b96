// The rules of import in lib/: which part may use which.
import { dirname, posix } from "node:path";
import { circlesOf } from "./circles.mjs";

/** Folders and files of lib/, lowest first: each may import itself and everything in the lines above it. */
const layers = [
  ["errors", "package_root", "package_version", "prebuilt_binaries"],
  ["native"],
  ["options"],
  ["tensor", "keras"],
  ["arguments", "formats"],
  ["variables", "backend"],
  ["layers"],
  ["models"],
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

/**
 * The imports of the TypeScript file `file` from files beside it: the line number, the specifier, and the path that the
 * specifier means. Imports of types and dynamic imports count.
 */
export function importsOf(file, lines) {
  return lines.flatMap((line, at) =>
    [...line.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g)].map(([, specifier]) => {
      const target = posix.join(dirname(file), specifier.replace(/\.js$/, ".ts"));
      return { line: at + 1, specifier, target };
    }),
  );
}

/** The problems of one TypeScript file of lib/, whose path is relative to the root. */
export function libProblems(file, lines) {
  const rank = rankOf(file);
  if (rank < 0) return [`${file}: in no part that scripts/layers/lib.mjs knows`];
  return [...handMadeErrors(file, lines), ...upwardImports(file, lines, rank)];
}

function upwardImports(file, lines, rank) {
  return importsOf(file, lines).flatMap(({ line, specifier, target }) => {
    if (!target.startsWith("lib/")) return [`${file}:${line}: ${specifier} leaves lib/`];
    if (partOf(target) === partOf(file) || rankOf(target) < rank) return [];
    return [`${file}:${line}: may not import ${target}, which is not below it`];
  });
}

/** Errors are made in lib/errors/, so that all have the one message shape. */
function handMadeErrors(file, lines) {
  if (partOf(file) === "errors") return [];
  return lines.flatMap((line, at) =>
    line.includes("new GRUError(") ? [`${file}:${at + 1}: makes a GRUError without lib/errors/messages.ts`] : [],
  );
}

/** The circles of imports in lib/, whose files are given as a map of paths to lines. */
export function libCircles(files) {
  const targets = ([file, lines]) => [file, importsOf(file, lines).map(({ target }) => target)];
  return circlesOf(new Map([...files].map(targets)));
}
