/** A target with known faults, which shows that the fuzzer finds faults (fuzz.test.ts). */
import { GRUError } from "cudnn-gru";
import type { Target } from "./target.js";

export const target: Target = {
  async run(one) {
    one.count();
    const what = ["fine", "foreign", "abort", "hang", "rejection", "fine"][one.index];
    one.step(`planted: ${what}`);
    if (what === "foreign") one.accepts(new TypeError("planted"));
    if (what === "abort") process.abort();
    if (what === "hang") for (;;);
    if (what === "rejection") {
      Promise.reject(new RangeError("planted"));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    if (what === "fine") one.accepts(new GRUError("ERR_ARGUMENT", "as it should be"));
  },
};
