// `node --permission`: one clear error for each thing that the user did not permit.
import { spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = realpathSync(mkdtempSync(join(tmpdir(), "cudnn-gru-permissions-")));
const permission = Number(process.versions.node.split(".")[0]) < 23 ? "--experimental-permission" : "--permission";

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `body` with these permissions, and returns what it prints: the code and the message of its error. */
function run(permissions: string[], body: string): string {
  const program = `
    import { GRU } from ${JSON.stringify(`${root}dist/index.js`)};
    try { ${body} } catch (error) { console.log(error.name, error.code, error.message); }`;
  const args = [permission, ...permissions, "--input-type=module", "-e", program];
  const { CUDNN_GRU_ADDON: _, ...env } = process.env;
  return spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", env }).stdout;
}

const everything = ["--allow-fs-read=*", "--allow-fs-write=*", "--allow-addons", "--allow-worker"];
const without = (option: string) => everything.filter((each) => !each.startsWith(option));
const save = `const gru = new GRU(2); gru.build([1, 3, 2]); await gru.saveWeights(${JSON.stringify(`${folder}/a.safetensors`)}); console.log("saved");`;
const load = 'await GRU.fromKeras("examples/weather/model.keras"); console.log("loaded");';

it("everything works with its permission", () => {
  expect(run(everything, save)).toBe("saved\n");
  expect(run(everything, load)).toBe("loaded\n");
});

it("loading the addon", () => {
  const printed = run(without("--allow-addons"), save);
  expect(printed).toMatch(
    /^GRUError ERR_NATIVE_LOAD Expected the permission to load its native addon for `cudnn-gru` but received none on .*cudnn_gru\.node.*\. To permit it, run node with --allow-addons\.\n$/,
  );
});

it("reading a file", () => {
  const printed = run([...without("--allow-fs-read"), `--allow-fs-read=${root}dist`], load);
  expect(printed).toMatch(
    /^GRUError ERR_ARGUMENT Expected the path of a Keras model file .*model\.keras.*not permitted.*run node with --allow-fs-read=<folder>\.\n$/,
  );
});

it("writing a file", () => {
  expect(run(without("--allow-fs-write"), save)).toMatch(
    /^GRUError ERR_ARGUMENT Expected the path of a file that can be written .*a\.safetensors.*not permitted.*run node with --allow-fs-write=<folder>\.\n$/,
  );
});

it("the thread that reads HDF5", () => {
  expect(run(without("--allow-worker"), load)).toMatch(
    /^GRUError ERR_UNSUPPORTED .*model\.keras.*the thread .*run node with --allow-worker\.\n$/,
  );
});
