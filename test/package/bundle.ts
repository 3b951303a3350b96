// Bundles an application that uses the installed package, with each bundler of test/package/bundlers/package.json.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./application.js";

export type Format = "esm" | "cjs";

const packages = join(root, "test/package/bundlers/node_modules");

/** The application: a call, an asynchronous call, and a file of Keras as a layer and as a whole model. It prints what it computed, or why it could not. */
export const APPLICATION = `
  import { GRU, tensor } from "cudnn-gru";
  import { loadKerasModel } from "cudnn-gru/models";
  const report = (result) => console.log(JSON.stringify(result));
  const inputs = tensor(Float32Array.from({ length: 80 }, (_, i) => Math.sin(i)), [1, 10, 8]);
  const compute = async () => {
    const gru = new GRU(4, { kernel_initializer: "ones", recurrent_initializer: "ones" });
    const output = gru.call(inputs).data;
    const same = (await gru.callAsync(inputs)).data.every((value, i) => value === output[i]);
    return { output: [...output], same };
  };
  const read = async () => {
    const { units } = (await GRU.fromKeras(process.argv[2])).getConfig();
    const model = await loadKerasModel(process.argv[2]);
    const predicted = model.predict(tensor(new Float32Array(96 * 3).fill(0.5), [1, 96, 3]));
    if (predicted.shape.join() !== "1,24" || !predicted.data.every(Number.isFinite)) throw new Error("predict");
    return units;
  };
  const result = async (work) => { try { return await work(); } catch ({ name, code, message }) { return { name, code, message }; } };
  result(compute).then((computed) => result(read).then((units) => report({ computed, units })));
`;

/** esbuild's ES modules have no `require`, which the CommonJS packages in the bundle call. */
const REQUIRE = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

const WORKER = "hdf5_worker=node_modules/cudnn-gru/dist/hdf5_worker.js";

function esbuild(app: string, folder: string, format: Format) {
  const options = ["--bundle", "--platform=node", `--format=${format}`, "--log-level=warning", `--outdir=${folder}`];
  if (format === "esm") options.push(`--banner:js=${REQUIRE}`);
  const ending = format === "esm" ? "mjs" : "cjs";
  const args = [join(packages, "esbuild/bin/esbuild"), "main=app.mjs", WORKER, `--out-extension:.js=.${ending}`];
  execFileSync(process.execPath, [...args, ...options], { cwd: app, stdio: "inherit" });
}

function vite(app: string, folder: string, format: Format) {
  const ending = format === "esm" ? "mjs" : "cjs";
  const output = { format, entryFileNames: `main.${ending}`, chunkFileNames: `[name]-[hash].${ending}` };
  const build = { ssr: "app.mjs", outDir: folder, rollupOptions: { output } };
  const config = { logLevel: "warn", ssr: { noExternal: true }, build };
  writeFileSync(join(app, "vite.config.mjs"), `export default ${JSON.stringify(config)};`);
  execFileSync(process.execPath, [join(packages, "vite/bin/vite.js"), "build"], { cwd: app, stdio: "inherit" });
}

function webpack(app: string, folder: string, format: Format) {
  const esm = format === "esm";
  const output = { path: folder, filename: esm ? "main.mjs" : "main.cjs", module: esm };
  const experiments = { outputModule: esm };
  const config = { mode: "production", target: "node20", context: app, entry: "./app.mjs", output, experiments };
  const program = `
    require(${JSON.stringify(join(packages, "webpack"))})(${JSON.stringify(config)}, (error, stats) => {
      const text = error ? String(error) : stats.toString({ all: false, errors: true, warnings: true });
      if (text) { console.error(text); process.exitCode = 1; }
    });`;
  execFileSync(process.execPath, ["-e", program], { cwd: app, stdio: ["ignore", "inherit", "inherit"] });
}

/** Bundles `app.mjs` in the folder `app`: writes main.mjs or main.cjs, and what else the bundler makes, to `folder`. */
export const bundlers = { esbuild, vite, webpack };

/** Returns the files that @vercel/nft says an application needs, relative to the folder `app`. */
export function traced(app: string): string[] {
  const tracer = JSON.stringify(join(packages, "@vercel/nft/out/index.js"));
  const program = `
    import nft from ${tracer};
    const { fileList } = await nft.nodeFileTrace(["app.mjs"], { base: process.cwd() });
    console.log(JSON.stringify([...fileList]));`;
  const args = ["--input-type=module", "-e", program];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: app, encoding: "utf8" }));
}
