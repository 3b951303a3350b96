// Programs of test/ that zig compiles for another C library or processor.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { compileObjects, runZig } from "../../scripts/platforms/compile.mjs";
import { readElf } from "../../scripts/platforms/formats/elf.mjs";
import { folderOf, objectsOf } from "../../scripts/platforms/objects.mjs";
import { outputFolder } from "../../scripts/platforms/tools.mjs";
import { root, run } from "../../scripts/setup/shell.mjs";
import { muslGcc } from "./runners.mjs";

/** Where doctest's header is, or null. */
export const doctest =
  ["/usr/include/doctest", "/usr/local/include/doctest"].find((folder) => existsSync(folder)) ?? null;

/** Copies doctest's header to a folder of its own: beside it are the headers of this machine's C library. */
function copyOfDoctest() {
  const folder = join(root, outputFolder, "doctest");
  cpSync(doctest, join(folder, "doctest"), { recursive: true, preserveTimestamps: true });
  return folder;
}

/** Those that need the test doubles of cuDNN, which are shared libraries of this machine's C library. */
const OF_DOUBLES = /^cudnn_(abi|doubles.*|library|passes|stack.*)_test\.cc$/;

/** Whether a file of test/native is a test that the target can have. Binaries for musl have no cuDNN path. */
function isTestFor(target, name) {
  const left = target.variant === "linux-musl" ? /^cudnn_/ : OF_DOUBLES;
  return name.endsWith("_test.cc") && !left.test(name);
}

const quiet = { line() {} };

/**
 * Builds the native tests (test/native) for a target of Linux, each a program, which is linked statically with musl. Returns
 * their paths.
 */
export async function buildNativeTests(target) {
  const objects = objectsOf(target).filter((object) => object.room !== "addon");
  const { flags } = objects.find((object) => object.room === "core");
  const folder = join(root, "test/native");
  const headers = copyOfDoctest();
  const sources = readdirSync(folder).filter((name) => isTestFor(target, name));
  const testObjects = [...sources, "native_test_main.cc"].map((name) => ({
    source: `test/native/${name}`,
    output: `${folderOf(target)}/tests/${basename(name, ".cc")}.o`,
    flags: [...flags, `-I${folder}`, "-isystem", headers],
  }));
  await compileObjects([...objects, ...testObjects], quiet);
  const main = testObjects.pop();
  const linking = target.name.endsWith("musl") ? ["-static"] : [];
  const programs = [];
  for (const test of testObjects) {
    const program = test.output.replace(/\.o$/, "");
    const inputs = [test, main, ...objects].map((object) => object.output);
    // With -fPIC zig takes the C++ library that it has compiled for the addon.
    await runZig(["c++", "-target", target.triple, "-fPIC", ...linking, "-s", ...inputs, "-o", program]);
    programs.push(join(root, program));
  }
  return programs;
}

/** The functions of Node-API that test/platforms/musl/open_addon.c has itself. */
const OWN =
  /^napi_(set_instance_data|get_instance_data|create_function|get_cb_info|is_typedarray|get_typedarray_info|get_value_string_utf8)$/;

/** Builds the program that opens an addon of musl. Returns its path. */
export function buildOpener(target, addon) {
  const folder = `${folderOf(target)}/opener`;
  mkdirSync(join(root, folder), { recursive: true });
  const { imports } = readElf(readFileSync(addon));
  const unused = imports.filter((name) => /^(napi|node_api)_/.test(name) && !OWN.test(name));
  writeFileSync(
    join(root, folder, "unused_functions.inc"),
    unused.map((name) => `CUDNN_GRU_UNUSED(${name})\n`).join(""),
  );
  const headers = join(root, "scripts/platforms/node_modules/node-api-headers/include");
  const program = `${folder}/open_addon`;
  const sources = ["open_addon", "unused_functions"].map((name) => `test/platforms/musl/${name}.c`);
  // zig links every program of musl statically, and such a program opens no library.
  const flags = ["-O1", "-rdynamic", `-I${folder}`, "-isystem", headers];
  run(muslGcc, [...flags, ...sources, "-o", program]);
  return join(root, program);
}
