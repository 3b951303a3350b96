// A kernel fails in an asynchronous way. Prints the error of each later call on its device.
import { GRU, type GRUError } from "cudnn-gru";
import { Control } from "../control.js";
import { numbers, setNumbers } from "./layers.js";

export interface StickyReport {
  /** The failing call, then a call of the same layer, an asynchronous one, and ones of a new layer. */
  errors: Record<string, { code: string; message: string } | null>;
}

const control = Control.own();
const inputs = numbers([2, 3, 2], 3);
const gru = new GRU(5, { use_cudnn: true });
setNumbers(gru, 2, 11);
gru.call(inputs);
const pass = gru.forward(inputs);

const report: StickyReport = { errors: {} };
async function note(name: string, act: () => unknown): Promise<void> {
  try {
    await act();
    report.errors[name] = null;
  } catch (error) {
    const { code, message } = error as GRUError;
    report.errors[name] = { code, message };
  }
}

control.fail(process.argv[2] ?? "kernel 1 1 700");
await note("call", () => gru.call(inputs));
control.fail("");
await note("next", () => gru.call(inputs));
await note("callAsync", () => gru.callAsync(inputs));
await note("backward", () => pass.backward({ output: pass.output }));
await note("automatic", () => new GRU(5, { use_cudnn: "auto" }).call(inputs));
await note("cpu", () => new GRU(5, { use_cudnn: false }).call(inputs));
pass.dispose();
gru.dispose();
process.stdout.write(JSON.stringify(report));
