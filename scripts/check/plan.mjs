// Which builds and tests a change asks for in the quick loop.
import { posix } from "node:path";
import { slow, standIns } from "./rooms.mjs";

const isTest = (file) => /^test\/.*\.test\.ts$/.test(file) && !/^test\/(gpu|package)\//.test(file);
const isNativeTest = (file) => /^test\/native\/\w+_test\.cc$/.test(file);
const nameOf = (file) => posix.basename(file).replace(/\.\w+$/, "");

/** The modules that the file `file` with `text` imports or starts, as paths; `dist/` stands for `lib/`. */
function modulesOf(file, text) {
  return [...text.matchAll(/["'`](\.{1,2}\/[^"'`\s]+\.\w+)["'`]/g)].map(([, specifier]) => {
    const target = posix.join(posix.dirname(file), specifier);
    if (target.startsWith("dist/")) return target.replace(/^dist\//, "lib/").replace(/\.js$/, ".ts");
    return target.replace(/\.js$/, ".ts");
  });
}

/** The files that a C++ file of native/ or test/native/ may include by its lines, as paths. */
function includesOf(file, text) {
  return [...text.matchAll(/^\s*#\s*include\s*"([^"]+)"/gm)].flatMap(([, name]) => [
    `native/${name}`,
    posix.join(posix.dirname(file), name),
  ]);
}

/** The files from which one of `targets` is reached, `targets` included. `edges` maps a file to the files it uses. */
function usersOf(targets, edges) {
  const found = new Set(targets);
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const [file, used] of edges) {
      if (used.some((target) => found.has(target))) found.add(file);
    }
  }
  return found;
}

/** A header with the same name stands for a .cc file, which nothing includes. */
function withHeaders(files) {
  return files.flatMap((file) => (file.endsWith(".cc") ? [file, file.replace(/\.cc$/, ".h")] : [file]));
}

function standInsOf(file, tests) {
  const prefix = Object.keys(standIns)
    .filter((start) => file.startsWith(start))
    .sort((a, b) => b.length - a.length)[0];
  const named = prefix === undefined ? [] : standIns[prefix];
  return named.flatMap((name) => (name.endsWith("/") ? tests.filter((test) => test.startsWith(name)) : [name]));
}

/** The native tests that a change of `changed` concerns. The kernels and the build files concern those of the CPU path. */
function nativeTestsFor(changed, texts) {
  const ours = changed.filter((file) => /^(native|test\/native|test\/doubles)\//.test(file));
  const cpp = [...texts].filter(([file]) => /\.(cc|h|inc)$/.test(file));
  const edges = new Map(cpp.map(([file, text]) => [file, includesOf(file, text)]));
  const users = usersOf(withHeaders(ours), edges);
  const all = [...texts.keys()].filter(isNativeTest);
  const reached = all.filter((test) => users.has(test));
  const others = ours.filter((file) => !all.some((test) => usersOf(withHeaders([file]), edges).has(test)));
  const byFolder = others.flatMap((file) => {
    if (file.startsWith("native/addon/")) return [];
    const cudnn = /^(native\/cudnn|test\/doubles)\//.test(file);
    return all.filter((test) => nameOf(test).startsWith("cudnn_") === cudnn);
  });
  return [...new Set([...reached, ...byFolder].map(nameOf))].sort();
}

/**
 * The plan for the changed files `changed`. `texts` maps each source file of native/ and test/ to its text. `newBlocks` are
 * the documents whose code blocks changed.
 *
 * - `tests`: files for vitest;
 * - `native`: names of native tests, such as "forward_test";
 * - `left`: slow test files that the change concerns too, and that are left to npm test.
 */
export function planFor(changed, texts, newBlocks = []) {
  const tests = [...texts.keys()].filter(isTest);
  const own = changed.filter((file) => tests.includes(file));
  const named = changed.filter((file) => !isTest(file)).flatMap((file) => standInsOf(file, tests));
  if (newBlocks.some((file) => /^(README\.md|docs\/[^/]+\.md)$/.test(file))) named.push("test/docs/blocks.test.ts");
  if (newBlocks.some((file) => file.startsWith("docs/migrate-from-"))) named.push("test/docs/migration.test.ts");
  const edges = new Map([...texts].map(([file, text]) => [file, modulesOf(file, text)]));
  const users = usersOf(changed, edges);
  const concerned = tests.filter((test) => users.has(test));
  const quick = concerned.filter((test) => !slow.includes(test));
  const chosen = [...new Set([...own, ...named, ...quick])].sort();
  return {
    tests: chosen,
    native: nativeTestsFor(changed, texts),
    left: concerned.filter((test) => !chosen.includes(test)),
  };
}
