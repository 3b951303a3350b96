// Worker threads that load the addon, call, and are terminated in the middle of it.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runChild } from "./support.js";

const WORKERS = 8;
const ROUNDS = Number(process.env.CUDNN_GRU_TEST_ROUNDS ?? 40);

const root = fileURLToPath(new URL("../../", import.meta.url));
/** In the repository, where the bundle finds the package's dependencies. */
mkdirSync(join(root, "node_modules/.cache"), { recursive: true });
const folder = mkdtempSync(join(root, "node_modules/.cache/workers-"));
const bundle = join(folder, "dist/index.js");
const addon = process.env.CUDNN_GRU_ADDON || join(root, "build/Release/cudnn_gru.node");

// Loading a hundred modules is most of what a worker does. A bundle, as the tarball has it, loads four times as fast.
beforeAll(async () => {
  const external = (id: string) => !id.startsWith(".") && !isAbsolute(id);
  const build = await rolldown({ input: join(root, "dist/index.js"), platform: "node", external });
  await build.write({ file: bundle, format: "esm", codeSplitting: false });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The program of a worker. It reports when it computes, and continues until it is stopped. */
const CALLING = `
  import { parentPort, workerData } from "node:worker_threads";
  import { GRU, tensor } from "cudnn-gru";
  const { seed } = workerData;
  const gru = new GRU(48, { stateful: seed % 2 === 0 });
  const inputs = (timesteps) => tensor(new Float32Array(4 * timesteps), [4, timesteps, 1]);
  await gru.callAsync(inputs(5));
  for (let i = 0; i < 3; i++) gru.callAsync(inputs(1_000_000), { transfer: true });
  parentPort.postMessage("running");
  if (seed % 4 === 3) for (;;) gru.call(inputs(20));`;

/** Starts workers in rounds and stops each as soon as it computes; prints how they ended. */
function rounds(count: number, stop: string, before = ""): string {
  return `
    import { once } from "node:events";
    import { Worker } from "node:worker_threads";
    const source = new URL("data:text/javascript," + encodeURIComponent(${JSON.stringify(CALLING)}
      .replace('"cudnn-gru"', ${JSON.stringify(JSON.stringify(pathToFileURL(bundle)))})));
    const ends = {};
    ${before}
    for (let round = 0; round < ${count}; round++) {
      await Promise.all(Array.from({ length: ${WORKERS} }, async (_, seed) => {
        const worker = new Worker(source, { workerData: { seed } });
        const failed = [];
        worker.on("error", (error) => failed.push(error.message));
        await Promise.race([once(worker, "message"), once(worker, "exit")]);
        if (failed.length === 0) ${stop};
        const end = failed[0] ?? "stopped";
        ends[end] = (ends[end] ?? 0) + 1;
      }));
    }
    console.log(JSON.stringify(ends));`;
}

describe("worker threads", () => {
  it(`${WORKERS} load, call and are terminated in mid-call, ${ROUNDS} rounds, in a process that never loads the addon itself`, async () => {
    // There are as many threads as workers, so that the calls of all workers run at the same time.
    const ended = await runChild(rounds(ROUNDS, "await worker.terminate()"), {
      env: { CUDNN_GRU_THREADS: `${WORKERS}`, CUDNN_GRU_ADDON: addon },
      limit: 280_000,
    });
    expect(ended).toMatchObject({ code: 0, stdout: JSON.stringify({ stopped: WORKERS * ROUNDS }), stderr: "" });
  }, 300_000);

  it("leave the calls of the main thread alone", async () => {
    const program = rounds(
      4,
      "await worker.terminate()",
      `const gru = built(16, 4, { seed: 1 });
      const inputs = tensor(Float32Array.from({ length: 400 }, (_, i) => Math.sin(i)), [1, 100, 4]);
      const wanted = gru.call(inputs).data.join();
      let right = 0, wrong = 0, on = true;
      const calling = (async () => {
        while (on) {
          const [a, b] = await Promise.all([gru.callAsync(inputs), gru.callAsync(inputs)]);
          if (a.data.join() === wanted && b.data.join() === wanted) right++; else wrong++;
        }
      })();`,
    );
    const ended = await runChild(`${program}\non = false; await calling; console.log(right > 10, wrong);`, {
      env: { CUDNN_GRU_ADDON: addon },
    });
    expect(ended).toMatchObject({ code: 0, stdout: `${JSON.stringify({ stopped: WORKERS * 4 })}\ntrue 0`, stderr: "" });
  });

  it("free what their calls held", async () => {
    const program = `memoryUsage();\n${rounds(2, "await worker.terminate()")}`;
    const ended = await runChild(`${program}\nawait sleep(50); console.log(memoryUsage().weights);`, {
      env: { CUDNN_GRU_ADDON: addon },
    });
    expect(ended).toMatchObject({ code: 0, stdout: `${JSON.stringify({ stopped: WORKERS * 2 })}\n0`, stderr: "" });
  });

  it("end with process.exit, an error or naturally, each with its code", async () => {
    const ended = await runChild(`
      import { once } from "node:events";
      import { Worker } from "node:worker_threads";
      const run = async (end) => {
        const code = \`import { GRU, tensor } from \${JSON.stringify(import.meta.resolve("cudnn-gru"))};
          const gru = new GRU(32);
          const call = (steps) => gru.callAsync(tensor(new Float32Array(steps * 4), [1, steps, 4]));
          \${end}\`;
        const worker = new Worker(new URL("data:text/javascript," + encodeURIComponent(code)));
        let message = "";
        worker.on("error", (error) => { message = error.message; });
        const [exit] = await once(worker, "exit").catch(() => once(worker, "exit"));
        return [exit, message];
      };
      console.log(JSON.stringify(await Promise.all([
        run("call(1_000_000); call(1_000_000); setTimeout(() => process.exit(7), 10);"),
        run("call(1_000_000); setTimeout(() => { throw new Error('thrown'); }, 10);"),
        run("call(10_000); call(10_000);"),
      ])));`);
    expect(ended).toMatchObject({ code: 0, stdout: '[[7,""],[1,"thrown"],[0,""]]', stderr: "" });
  });

  it("have a queue of their own", async () => {
    const ended = await runChild(`
      import { once } from "node:events";
      import { Worker } from "node:worker_threads";
      configure({ maxQueue: 1 });
      const running = endless();
      running.catch(() => {});
      const code = \`import { GRU } from \${JSON.stringify(import.meta.resolve("cudnn-gru"))};
        import { parentPort } from "node:worker_threads";
        const gru = new GRU(2);
        const all = await Promise.all([1, 2, 3].map(() => gru.callAsync([[[1]]])));
        parentPort.postMessage(all.length);\`;
      const worker = new Worker(new URL("data:text/javascript," + encodeURIComponent(code)));
      console.log((await once(worker, "message"))[0]);
      process.exit(0);`);
    expect(ended).toMatchObject({ code: 0, stdout: "3", stderr: "" });
  });
});
