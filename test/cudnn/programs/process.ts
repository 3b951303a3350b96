// Calls on the cuDNN path while the process ends (`exit`), and in worker threads that are ended (`workers`).
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { GRU, type Tensor } from "cudnn-gru";
import { listed, numbers, setNumbers } from "./layers.js";

function layer(): GRU {
  const gru = new GRU(16, { use_cudnn: true, return_sequences: true });
  setNumbers(gru, 8, 3);
  return gru;
}

const inputs = numbers([4, 60, 8], 2);

/** Starts calls and passes that nobody waits for. */
function start(gru: GRU): void {
  for (let i = 0; i < 8; i++) void gru.callAsync(inputs);
  gru.forward(inputs);
  void gru.forwardAsync(inputs);
}

async function inWorkers(): Promise<boolean> {
  const expected = listed(layer().call(inputs))[0] as Tensor;
  const workers = Array.from({ length: 3 }, () => new Worker(new URL(import.meta.url)));
  const results = await Promise.all(
    workers.map((worker) => new Promise<Float32Array>((resolve) => worker.once("message", resolve))),
  );
  // Each is ended with calls in flight.
  await Promise.all(workers.map((worker) => worker.terminate()));
  const again = listed(await layer().callAsync(inputs))[0] as Tensor;
  return [...results, again.data].every((data) => Array.from(data).every((value, i) => value === expected.data[i]));
}

if (!isMainThread) {
  const gru = layer();
  const [output] = listed(await gru.callAsync(inputs));
  start(gru);
  parentPort?.postMessage(output?.data);
} else if (process.argv[2] === "exit") {
  const gru = layer();
  gru.call(inputs);
  start(gru);
  process.stdout.write("true", () => process.exit(0));
} else {
  process.stdout.write(JSON.stringify(await inWorkers()));
}
