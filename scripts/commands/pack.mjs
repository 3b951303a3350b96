// `npm pack` and `npm publish` run prepack before and postpack after they pack: the tarball holds one bundle instead of a
// hundred modules, because Node.js takes four times as long to load a hundred modules.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";
import { ensureDist } from "../setup/dist.mjs";
import { root, say } from "../setup/shell.mjs";
import { forget } from "../setup/stamp.mjs";
import { addPrebuild } from "./prebuild.mjs";

/** The modules that users load by name: package.json's entries. */
function entries() {
  const { exports, bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const files = [...Object.values(exports).map((entry) => entry.default), ...Object.values(bin)].filter(Boolean);
  const named = files.map((file) => file.replace(/^(\.\/)?dist\//, "").replace(/\.js$/, ""));
  return Object.fromEntries(named.map((name) => [name, join(root, "dist", `${name}.js`)]));
}

/** The modules that threads are started with, by file name. The bundles, whose code starts them, look for them beside it. */
function workers() {
  const files = readdirSync(join(root, "dist"), { recursive: true }).filter((file) => file.endsWith("_worker.js"));
  return files.map((file) => [basename(file, ".js"), join(root, "dist", file)]);
}

const external = (id) => !id.startsWith(".") && !isAbsolute(id);

/** Writes bundles of these modules to `dir`. */
async function write(input, dir, options) {
  const { rolldown } = await import("rolldown");
  const build = await rolldown({ input, platform: "node", external });
  const files = { entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" };
  // The declarations have the doc comments for editors.
  const comments = { legal: true, annotation: true, jsdoc: false };
  await build.write({ dir, format: "esm", comments, ...files, ...options });
}

/** Puts bundles in the place of the modules in dist/; the declarations stay. Until then nothing in dist/ changes. */
async function bundle() {
  const work = mkdtempSync(join(root, "node_modules/.cache/bundle-"));
  try {
    await write(entries(), work, {});
    // Each in one file, which a user who bundles this package can copy (docs/bundlers.md).
    for (const [name, file] of workers()) await write({ [name]: file }, work, { codeSplitting: false });
    forget("dist");
    const dist = join(root, "dist");
    for (const file of readdirSync(dist, { recursive: true })) {
      if (file.endsWith(".js")) rmSync(join(dist, file));
    }
    cpSync(work, dist, { recursive: true });
    say(`bundled dist/: ${readdirSync(work, { recursive: true }).filter((file) => file.endsWith(".js")).length} files`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

export async function prepack() {
  addPrebuild();
  mkdirSync(join(root, "node_modules/.cache"), { recursive: true });
  await bundle();
}

/** The modules again, for the tests and for whoever works on them. */
export function postpack() {
  ensureDist();
}
