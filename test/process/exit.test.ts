// How a process ends while calls run, and that it ends.
import { describe, expect, it } from "vitest";
import { type Ended, runChild } from "./support.js";

/** The end of a process. If the exit code is not the expected one, the output of the process is part of it. */
function summary({ code, signal, stdout, stderr }: Ended, wanted: number) {
  return code === wanted ? { code, stdout } : { code, signal, stdout, stderr };
}

describe("process.exit while calls run", () => {
  it.each([0, 3])("ends with code %d", async (code) => {
    const ended = await runChild(`
      for (let i = 0; i < 6; i++) endless();
      await sleep(30);
      console.log("running");
      process.exit(${code});`);
    expect(summary(ended, code)).toEqual({ code, stdout: "running" });
  });

  it("ends within the turn that submitted the calls", async () => {
    const ended = await runChild("endless(); endless(); process.exit(5);");
    expect(summary(ended, 5)).toEqual({ code: 5, stdout: "" });
  });

  it("ends while a call on all threads runs", async () => {
    const ended = await runChild(
      `const gru = built(512, 64);
      gru.callAsync(tensor(new Float32Array(64 * 20_000 * 64), [64, 20_000, 64]), { transfer: true });
      await sleep(30);
      process.exit(4);`,
      { env: { CUDNN_GRU_THREADS: "4" } },
    );
    expect(summary(ended, 4)).toEqual({ code: 4, stdout: "" });
  });

  it("ends when exit handlers call the layer", async () => {
    const ended = await runChild(`
      const gru = built(4, 2);
      const running = endless();
      process.on("exit", () => console.log(gru.call([[[1, 2]]]).shape.join()));
      await sleep(30);
      process.exit(2);`);
    expect(summary(ended, 2)).toEqual({ code: 2, stdout: "1,4" });
  });
});

describe("an error while calls run", () => {
  it("ends the process with code 1 when it is uncaught", async () => {
    const ended = await runChild(`
      endless();
      setTimeout(() => { throw new Error("uncaught one"); }, 30);`);
    expect(summary(ended, 1)).toEqual({ code: 1, stdout: "" });
    expect(ended.stderr).toContain("uncaught one");
  });

  it("ends the process with code 1 when a promise's rejection is unhandled", async () => {
    const ended = await runChild(`
      endless();
      setTimeout(() => { built(2, 2).callAsync([[[1]]]); }, 30);`);
    expect(summary(ended, 1)).toEqual({ code: 1, stdout: "" });
    expect(ended.stderr).toContain("ERR_SHAPE");
  });

  it("leaves the calls alone when it is handled", async () => {
    const ended = await runChild(`
      process.once("uncaughtException", () => console.log("handled"));
      const gru = built(32, 4);
      gru.callAsync(tensor(new Float32Array(20_000 * 4), [1, 20_000, 4])).then((y) => console.log(y.shape.join()));
      throw new Error("x");`);
    expect(summary(ended, 0)).toEqual({ code: 0, stdout: "handled\n1,32" });
  });
});

describe("natural exit", () => {
  it("comes after the last call has settled, whoever waits for it", async () => {
    const ended = await runChild(`
      const gru = built(32, 4);
      for (let i = 0; i < 4; i++) {
        gru.callAsync(tensor(new Float32Array(20_000 * 4), [1, 20_000, 4])).then(() => console.log("done"));
      }
      process.exitCode = 6;`);
    expect(summary(ended, 6)).toEqual({ code: 6, stdout: "done\ndone\ndone\ndone" });
  });

  it("comes after every call in the order of a stateful layer", async () => {
    const ended = await runChild(`
      const gru = built(32, 4, { stateful: true });
      for (let i = 0; i < 4; i++) {
        gru.callAsync(tensor(new Float32Array(5_000 * 4), [1, 5_000, 4])).then(() => console.log(i));
      }
      gru.dispose();`);
    expect(summary(ended, 0)).toEqual({ code: 0, stdout: "0\n1\n2\n3" });
  });

  it("is not kept off by idle layers, nor by threads that calls have started", async () => {
    const ended = await runChild(`
      const gru = built(128, 64);
      const data = () => tensor(new Float32Array(32 * 50 * 64), [32, 50, 64]);
      await Promise.all([gru.callAsync(data()), gru.callAsync(data()), gru.callAsync(data())]);
      gru.call(data());
      await gru.warmUp({ batch: 2, timesteps: 2 });
      console.log("idle");`);
    expect(summary(ended, 0)).toEqual({ code: 0, stdout: "idle" });
  });

  it("comes after aborted calls", async () => {
    const ended = await runChild(`
      const gru = built(64, 8);
      const controller = new AbortController();
      const calls = Array.from({ length: 5 }, () =>
        endless(gru, { signal: controller.signal }));
      setTimeout(() => controller.abort(), 30);
      const all = await Promise.allSettled(calls);
      console.log(all.map(({ reason }) => reason?.code).join());`);
    expect(summary(ended, 0)).toEqual({ code: 0, stdout: Array(5).fill("ERR_ABORTED").join() });
  });
});

describe("a signal", () => {
  it("ends the process at once", async () => {
    const ended = await runChild('endless(); setTimeout(() => process.kill(process.pid, "SIGTERM"), 30);');
    expect([ended.code, ended.signal]).toEqual([null, "SIGTERM"]);
  });
});
