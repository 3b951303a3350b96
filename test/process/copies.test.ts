// Several copies of the addon in one process.
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runChild } from "./support.js";

const addon =
  process.env.CUDNN_GRU_ADDON || fileURLToPath(new URL("../../build/Release/cudnn_gru.node", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-"));
const copies = [join(folder, "first.node"), join(folder, "second.node")] as const;

beforeAll(() => {
  for (const copy of copies) copyFileSync(addon, copy);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Loads the addon's file a second time, beside the copy that the package has loaded. */
const LOADING = `
  import { createRequire } from "node:module";
  const require = createRequire(import.meta.url);
  const load = (path) => {
    delete require.cache[path];
    const binding = require(path);
    binding.initialize(GRUError);
    return binding;
  };
  const activation = (name) => ({ name, parameters: [] });
  const description = {
    dtype: "float32", features: 2, units: 3, resetAfter: true,
    activation: activation("tanh"), recurrentActivation: activation("sigmoid"), stateRounding: null, cudaDevice: 0,
  };
  const filled = (count) => Float32Array.from({ length: count }, (_, i) => Math.sin(i));
  const make = (binding) => {
    const gru = new binding.NativeGru(description);
    gru.setWeights(filled(18), filled(27), filled(18));
    return gru;
  };
  const call = async (gru, token = 1) => {
    const output = new Float32Array(3);
    await gru.callAsync(token, filled(10), output, new Float32Array(3), null, null, null, null, null, 1, 5, 0);
    return output.join();
  };
`;

describe("two copies of the addon", () => {
  it("compute side by side, each with its own threads and weights", async () => {
    const ended = await runChild(
      `${LOADING}
      const bindings = ${JSON.stringify(copies)}.map(load);
      const grus = bindings.map(make);
      const all = await Promise.all([...grus, ...grus].map((gru, token) => call(gru, token + 1)));
      console.log(new Set(all).size, bindings.map((binding) => binding.memoryUsage().weights > 0).join());
      grus[0].dispose();
      console.log(bindings.map((binding) => binding.memoryUsage().weights > 0).join());`,
      { env: { CUDNN_GRU_ADDON: copies[0] } },
    );
    expect(ended).toMatchObject({ code: 0, stdout: "1 true,true\nfalse,true", stderr: "" });
  });

  it("beside the package's own, with aborts and exit while they run", async () => {
    const ended = await runChild(`
      ${LOADING}
      const binding = load(${JSON.stringify(copies[1])});
      const gru = make(binding);
      const stopped = gru.callAsync(9, new Float32Array(2 * 20_000_000), new Float32Array(3), new Float32Array(3),
        null, null, null, null, null, 1, 20_000_000, 0);
      const running = endless();
      binding.cancel(9);
      console.log(await stopped.catch((error) => error.code));
      gru.callAsync(9, new Float32Array(2 * 20_000_000), new Float32Array(3), new Float32Array(3),
        null, null, null, null, null, 1, 20_000_000, 0);
      setTimeout(() => process.exit(3), 20);`);
    expect(ended).toMatchObject({ code: 3, stdout: "ERR_ABORTED", stderr: "" });
  });

  it("loaded by different environments", async () => {
    const ended = await runChild(
      `import { once } from "node:events";
      import { Worker } from "node:worker_threads";
      const code = \`import { GRU, backendInfo } from \${JSON.stringify(import.meta.resolve("cudnn-gru"))};
        import { parentPort } from "node:worker_threads";
        const gru = new GRU(2, { seed: 1, kernel_initializer: "ones", recurrent_initializer: "ones" });
        parentPort.postMessage((await gru.callAsync([[[1], [2]]])).data.join());\`;
      const url = new URL("data:text/javascript," + encodeURIComponent(code));
      const own = built(2, 1, { kernel_initializer: "ones", recurrent_initializer: "ones" });
      const results = [(await own.callAsync([[[1], [2]]])).data.join()];
      for (let round = 0; round < 3; round++) {
        const workers = ${JSON.stringify(copies)}.map((path) => new Worker(url, { env: { ...process.env, CUDNN_GRU_ADDON: path } }));
        for (const [message] of await Promise.all(workers.map((worker) => once(worker, "message")))) results.push(message);
        await Promise.all(workers.map((worker) => worker.terminate()));
      }
      console.log(results.length, new Set(results).size);`,
    );
    expect(ended).toMatchObject({ code: 0, stdout: "7 1", stderr: "" });
  });

  it("or the same file twice in one environment", async () => {
    const ended = await runChild(
      `${LOADING}
      const [first, second] = [load(${JSON.stringify(copies[0])}), load(${JSON.stringify(copies[0])})];
      console.log(first !== second, (await Promise.all([call(make(first)), call(make(second))])).length);`,
    );
    expect(ended).toMatchObject({ code: 0, stdout: "true 2", stderr: "" });
  });
});
