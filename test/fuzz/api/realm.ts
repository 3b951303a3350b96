import { Worker } from "node:worker_threads";
import { tensor } from "cudnn-gru";
import { attempt, codeOf, sameResults, type Twins } from "./twins.js";

/** An ordinary call while `Object.prototype` has an enumerable property that is nobody's argument. */
export async function polluted(twins: Twins): Promise<void> {
  const { one, random, gru, twin, plan } = twins;
  if (plan.hasCustom || !gru.built || plan.args.use_cudnn === true) return;
  const inputs = twins.inputs(gru.states?.[0].shape[0] ?? 2, 2);
  const what = random.one(["call", "callAsync", "forward", "fromConfig", "stream"] as const);
  one.step(`${what} with an enumerable property on Object.prototype on ${twins.says}`);
  one.count();
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  const use = (layer: typeof gru) => {
    if (what === "fromConfig")
      return (layer.constructor as unknown as { fromConfig(config: unknown): unknown }).fromConfig(layer.getConfig());
    if (what === "stream") return layer.stream({ batch: 2 });
    return layer[what](inputs, { training: false });
  };
  prototype.polluted = "foo";
  let outcome: Awaited<ReturnType<typeof attempt>>;
  try {
    outcome = await attempt(() => use(gru));
  } finally {
    delete prototype.polluted;
  }
  const expected = await attempt(() => use(twin));
  if (codeOf(outcome) !== codeOf(expected)) {
    one.report(
      `${what} with a polluted Object.prototype: ${codeOf(outcome)} instead of ${codeOf(expected)}`,
      outcome.ok ? "" : String(outcome.error),
    );
    twins.follow(false);
  } else if (what.startsWith("call") && outcome.ok && expected.ok && !sameResults(outcome.result, expected.result)) {
    one.report(`${what} with a polluted Object.prototype: another result`, twins.says);
  }
}

const PROGRAM = `
  const { parentPort, workerData } = require("node:worker_threads");
  import(workerData.module).then(async ({ GRU, tensor }) => {
    const gru = new GRU(8, { stateful: workerData.stateful, return_sequences: true });
    const inputs = () => tensor(new Float32Array(2 * workerData.timesteps * 4), [2, workerData.timesteps, 4]);
    for (let left = 3; left > 0; left--) gru.callAsync(inputs(), { transfer: true }).catch(() => {});
    gru.forwardAsync(inputs()).then((pass) => pass.backwardAsync()).catch(() => {});
    parentPort.postMessage("running");
    if (workerData.busy) for (;;) gru.call(inputs());
  });`;

/** A worker thread that is terminated while its calls run. The calls of this thread must not be affected. */
export async function terminated(twins: Twins): Promise<void> {
  const { one, random, gru, twin, plan } = twins;
  const workerData = {
    module: import.meta.resolve("cudnn-gru"),
    stateful: random.once(2),
    timesteps: random.one([2, 50, 5000]),
    busy: random.once(2),
  };
  one.step(`a worker is terminated: ${JSON.stringify(workerData)}`);
  one.count();
  const worker = new Worker(PROGRAM, { eval: true, workerData, execArgv: [] });
  await new Promise((resolve) => worker.once("message", resolve).once("error", resolve).once("exit", resolve));
  const ordinary =
    plan.hasCustom || plan.args.use_cudnn === true || !gru.built
      ? null
      : twins.inputs(gru.states?.[0].shape[0] ?? 1, 3);
  const running = ordinary && attempt(() => gru.callAsync(ordinary));
  if (random.once(2)) await new Promise((resolve) => setTimeout(resolve, random.below(20)));
  await worker.terminate();
  if (running === null || ordinary === null) return;
  const outcome = await running;
  if (
    !outcome.ok ||
    !sameResults(outcome.result, twin.call(tensor(ordinary.data as Float32Array, ordinary.shape, ordinary.dtype)))
  ) {
    one.report("a call while a worker is terminated: another result", outcome.ok ? twins.says : String(outcome.error));
  }
}
