// Reports what a call does after the verdict on the runtime would have been judged again, had it not been final.
import { GRU } from "cudnn-gru";
import { native } from "../../../dist/native/load.js";
import { Control } from "../control.js";
import { numbers, setNumbers } from "./layers.js";

export interface OldDriverReport {
  /** `runtime` of `explain()`. */
  detail: string;
  /** The calls of cuDNN that one later call made, by name. */
  later: Record<string, number>;
}

const gru = new GRU(5, { use_cudnn: true });
setNumbers(gru, 3, 5);
const inputs = numbers([4, 6, 3], 2);
gru.call(inputs);
const detail = gru.explain().requirements.find(({ id }) => id === "runtime")?.detail ?? "";
// Verdicts that are not final hold for a second. By this clock years have passed.
native().cudnnRuntimeClock(1e12);
const grown = await Control.own().growth("calls.cudnnRNN", () => gru.call(inputs));
const report: OldDriverReport = { detail, later: Object.fromEntries(grown) };
process.stdout.write(JSON.stringify(report));
