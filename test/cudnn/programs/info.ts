// Prints the messages to a person about this process's cuDNN and CUDA, and the outcomes of calls.
import { type BackendInfo, backendInfo, GRU, type GRUError } from "cudnn-gru";
import { numbers, setNumbers } from "./layers.js";

export interface InfoReport {
  info: BackendInfo;
  /** `runtime` of `explain()`. */
  runtime: { met: boolean; detail: string };
  /** A call with `use_cudnn: true`; null when it went well. */
  required: { code: string; message: string } | null;
  /** Whether `use_cudnn: "auto"` computed the results of the CPU path. */
  automatic: boolean;
}

const [dtype = "float32", device = "0"] = process.argv.slice(2);
const options = { dtype, cuda_device: Number(device) };
const inputs = numbers([2, 3, 4], 1, 1, dtype === "float64" ? "float64" : "float32");

function callOf(use_cudnn: boolean | "auto"): Float32Array {
  const gru = new GRU(5, { ...options, use_cudnn });
  setNumbers(gru, 4, 7);
  return gru.call(inputs).data as Float32Array;
}

function required(): InfoReport["required"] {
  try {
    callOf(true);
    return null;
  } catch (error) {
    const { code, message } = error as GRUError;
    return { code, message };
  }
}

const before = backendInfo();
const { met, detail } = new GRU(5, options).explain().requirements.find(({ id }) => id === "runtime") ?? {
  met: false,
  detail: "explain() has no runtime",
};
const cpu = callOf(false);
const report: InfoReport = {
  info: before,
  runtime: { met, detail },
  required: required(),
  automatic: callOf("auto").every((value, i) => Math.abs(value - (cpu[i] as number)) <= 1e-2),
};
process.stdout.write(JSON.stringify(report));
