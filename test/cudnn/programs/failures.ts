// What becomes of failures that may pass: of the runtime's verdict, and of calls.
import { backendInfo, GRU, type GRUError, memoryUsage } from "cudnn-gru";
import { native } from "../../../dist/native/load.js";
import { relativeError } from "../../golden/reader.js";
import { Control } from "../control.js";
import { listed, numbers, setNumbers } from "./layers.js";

export interface FailuresReport {
  /** `cudnnCreate`, `cuDevicePrimaryCtxRetain`, `cuInit` and `cudnnRNNForward` while 10 calls with "auto" run. */
  asked: Record<string, number>;
  /** The same for 10 more, 999 ms later, and for 10 more, 1,000 ms later. */
  askedSoon: Record<string, number>;
  askedLater: Record<string, number>;
  /** What `explain()` says then; whether `backendInfo()` has a device. */
  first: { met: boolean; detail: string };
  detail: string;
  available: boolean;
  /** After the faults have gone and a second has passed: whether it works, and how a call ends. */
  works: boolean;
  call: { code: string | null; message: string; error: number; pageable: number; pinned: number; launches: number };
  /** The algorithms that the first 10 calls launched, and the last one. */
  algorithms: { first: Record<string, number>; last: Record<string, number> };
  /** The same faults in a backward call. */
  backward: { code: string | null; error: number };
}

const ASKS = /^(cudnnCreate|cuDevicePrimaryCtxRetain|cuInit|cudnnRNNForward)$/;
const control = Control.own();
const [faults = "", callFaults = ""] = process.argv.slice(2);
const inputs = numbers([2, 3, 4], 1);

function layer(use_cudnn: boolean | "auto"): GRU {
  const gru = new GRU(5, { use_cudnn, return_sequences: true });
  setNumbers(gru, 4, 7);
  return gru;
}

async function asked(): Promise<Record<string, number>> {
  const calls = await control.growth("calls.", () => {
    for (let i = 0; i < 10; i++) layer("auto").call(inputs);
  });
  return Object.fromEntries([...calls].filter(([name]) => ASKS.test(name)));
}

function runtime(): { met: boolean; detail: string } {
  const { met, detail } = new GRU(5, {}).explain().requirements.find(({ id }) => id === "runtime") as {
    met: boolean;
    detail: string;
  };
  return { met, detail };
}

function callOnce(): FailuresReport["call"] {
  const found = { code: null as string | null, message: "", error: 0, pageable: 0, pinned: 0, launches: 0 };
  const [gru, expected] = [layer(true), listed(layer(false).call(inputs))];
  const before = control.counters();
  control.fail(callFaults.replaceAll(";", "\n"));
  try {
    const result = listed(gru.call(inputs));
    found.error = relativeError(result[0]?.data as Float32Array, expected[0]?.data as Float32Array);
  } catch (error) {
    const { code, message } = error as GRUError;
    Object.assign(found, { code, message });
  }
  control.fail("");
  const after = control.counters();
  const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  found.pageable = grown("copies.pageable");
  found.launches = grown("calls.cudnnRNNForward");
  found.pinned = memoryUsage().pinned;
  return found;
}

function backwardOnce(): FailuresReport["backward"] {
  const gradients = (use_cudnn: boolean, injected: string): Float32Array[] => {
    const pass = layer(use_cudnn).forward(inputs);
    control.fail(injected);
    try {
      const found = pass.backward({ output: pass.output });
      return [found.inputs, ...found.weights].map(({ data }) => data as Float32Array);
    } finally {
      control.fail("");
      pass.dispose();
    }
  };
  try {
    const expected = gradients(false, "");
    const found = gradients(true, callFaults.replaceAll(";", "\n"));
    return { code: null, error: Math.max(...found.map((one, i) => relativeError(one, expected[i] as Float32Array))) };
  } catch (error) {
    return { code: (error as GRUError).code, error: 0 };
  }
}

const { cudnnRuntimeClock } = native();
cudnnRuntimeClock(5000);
control.fail(faults.replaceAll(";", "\n"));
let first: FailuresReport["asked"] = {};
const algorithmsOf = async (act: () => unknown) => Object.fromEntries(await control.growth("algorithm.", act));
const firstAlgorithms = await algorithmsOf(async () => {
  first = await asked();
});
const before = runtime();
cudnnRuntimeClock(5999);
const soon = await asked();
cudnnRuntimeClock(6000);
const later = await asked();
const { detail } = runtime();
const { available } = backendInfo().cuda;
control.fail("");
cudnnRuntimeClock(7000);
const works = runtime().met;
let call: FailuresReport["call"] = { code: null, message: "", error: 0, pageable: 0, pinned: 0, launches: 0 };
const lastAlgorithms = await algorithmsOf(() => {
  if (works) call = callOnce();
});
const report: FailuresReport = {
  asked: first,
  askedSoon: soon,
  askedLater: later,
  first: before,
  detail,
  available,
  works,
  call,
  algorithms: { first: firstAlgorithms, last: lastAlgorithms },
  backward: works ? backwardOnce() : { code: null, error: 0 },
};
process.stdout.write(JSON.stringify(report));
