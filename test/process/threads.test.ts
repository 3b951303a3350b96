// The threads that calls run on.
import { describe, expect, it } from "vitest";
import { runChild } from "./support.js";

describe.runIf(process.platform === "linux")("the threads of asynchronous calls", () => {
  it("are as many as calls at one time, started when needed, and nicer than the event loop's", async () => {
    const ended = await runChild(
      `import { readdirSync, readFileSync } from "node:fs";
      const nice = () => {
        const counts = {};
        for (const id of readdirSync("/proc/self/task")) {
          // The fields behind the name, which may hold spaces: nice is the 19th of all.
          const value = readFileSync(\`/proc/self/task/\${id}/stat\`, "utf8").split(") ")[1].split(" ")[16];
          counts[value] = (counts[value] ?? 0) + 1;
        }
        return counts;
      };
      const gru = built(16, 8);
      gru.call(tensor(new Float32Array(800), [1, 100, 8]));
      const before = nice();
      const main = Object.keys(before);
      await gru.callAsync(tensor(new Float32Array(800), [1, 100, 8]));
      const one = nice();
      const gate = new AbortController();
      const calls = Promise.allSettled(Array.from({ length: 8 }, () => endless(gru, { signal: gate.signal })));
      const nicer = String(Math.min(Number(main[0]) + 10, 19));
      // A thread that has just been started says so itself.
      while (nice()[nicer] < 3) await sleep(5);
      await sleep(20);
      const many = nice();
      gate.abort();
      await calls;
      console.log(main.length, one[nicer], many[nicer]);`,
      { env: { CUDNN_GRU_THREADS: "3" } },
    );
    expect(ended).toMatchObject({ code: 0, stdout: "1 1 3", stderr: "" });
  });
});
