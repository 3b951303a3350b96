// Loads the addon in a worker thread alone, computes there with a team of threads and asynchronously, ends the worker, and
// goes on for a moment: threads of an addon that was unloaded would end the process. The argument is the result file.
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

if (isMainThread) {
  const messages = [];
  for (const index of [1, 2]) {
    const worker = new Worker(new URL(import.meta.url), { workerData: { index } });
    worker.on("message", (message) => messages.push(message));
    worker.on("error", (error) => messages.push(`${error}`));
    await new Promise((settle) => {
      worker.on("exit", settle);
    });
    await sleep(200);
  }
  writeFileSync(process.argv[2], JSON.stringify(messages));
  // With a call in flight.
  const { GRU, tensor } = await import("cudnn-gru");
  new GRU(256).callAsync(tensor(new Float32Array(64 * 50 * 64), [64, 50, 64])).catch(() => {});
  process.exit(0);
} else {
  const { configure, GRU, tensor } = await import("cudnn-gru");
  configure({ threads: 2 });
  const gru = new GRU(96, { seed: 1 });
  const inputs = tensor(new Float32Array(64 * 20 * 40).fill(0.5), [64, 20, 40]);
  const [one, other] = [gru.call(inputs), await gru.callAsync(inputs)];
  const equal = one.data.every((value, at) => value === other.data[at]);
  parentPort.postMessage(`worker ${workerData.index}: ${equal ? "equal" : "different"}`);
}
