// Real Keras's numbers, on the device: every golden case that cuDNN can compute, forward and backward.
import assert from "node:assert/strict";
import { it } from "node:test";
import { GRU } from "cudnn-gru";
import { GRADIENT_TOLERANCE, goldenCases, TOLERANCE } from "./golden.mjs";
import { argumentsOf, backwardError, forwardError } from "./golden_errors.mjs";
import { onGpu, record, skipReason } from "./support.mjs";

const DTYPES = ["float32", "float64", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16"];

/** Whether every call of a case meets the requirements that `explain` lists, apart from the runtime. */
function eligible(golden) {
  if (golden.calls.some((call) => call.input_dropout || call.recurrent_dropout)) return false;
  let gru;
  try {
    gru = new GRU({ ...golden.arguments, use_cudnn: false });
  } catch {
    return false;
  }
  return golden.calls.every((call) => {
    const { mask, training } = argumentsOf(golden, call);
    const { requirements } = gru.explain({ inputs: golden.read(call.inputs), mask, training });
    return requirements.every(({ id, met }) => met || id === "runtime");
  });
}

for (const dtype of DTYPES) {
  const skip = skipReason(dtype);
  onGpu(`golden data, ${dtype}`, skip, () => {
    const cases = skip
      ? []
      : [...goldenCases()].filter((one) => (one.arguments.dtype ?? "float32") === dtype && eligible(one));
    const worst = { forward: 0, backward: 0 };

    it("every eligible case, forward", async () => {
      const failed = [];
      for (const golden of cases) {
        const error = await forwardError(golden);
        worst.forward = Math.max(worst.forward, error);
        if (!(error <= TOLERANCE[dtype])) failed.push(`${golden.name}: ${error}`);
      }
      record(`golden forward ${dtype}`, { cases: cases.length, worst: worst.forward, failed });
      assert.deepEqual(failed, []);
      assert.ok(cases.length > 10, `${cases.length} cases`);
    });

    it("every eligible case, backward", async () => {
      const failed = [];
      const some = cases.filter(({ gradients }) => gradients);
      for (const golden of some) {
        const error = await backwardError(golden);
        worst.backward = Math.max(worst.backward, error);
        if (!(error <= GRADIENT_TOLERANCE[dtype])) failed.push(`${golden.name}: ${error}`);
      }
      record(`golden backward ${dtype}`, { cases: some.length, worst: worst.backward, failed });
      assert.deepEqual(failed, []);
    });
  });
}
