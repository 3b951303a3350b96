// Real Keras's numbers for Bidirectionals and stacks, on the device: every golden case without dropout, on whatever path
// its layers choose. Cases that one cuDNN call covers are counted apart.
import assert from "node:assert/strict";
import { it } from "node:test";
import { GRADIENT_TOLERANCE, TOLERANCE } from "./golden.mjs";
import { drawsDropout, goldenWrappers, pathOf, wrapperBackwardError, wrapperForwardError } from "./golden_wrappers.mjs";
import { onGpu, record, skipReason } from "./support.mjs";

/** Runs `errorOf` for the cases, and returns the worst error and the failures for each path. */
async function worstByPath(cases, errorOf, tolerance) {
  const paths = {};
  for (const golden of cases) {
    const path = pathOf(golden);
    paths[path] ??= { cases: 0, worst: 0, failed: [] };
    const error = await errorOf(golden);
    paths[path].cases++;
    paths[path].worst = Math.max(paths[path].worst, error);
    if (!(error <= tolerance[golden.tolerance])) paths[path].failed.push(`${golden.name}: ${error}`);
  }
  return paths;
}

for (const dtype of ["float32", "float64", "float16", "bfloat16"]) {
  const skip = skipReason(dtype);
  onGpu(`golden data of wrappers, ${dtype}`, skip, () => {
    const cases = skip ? [] : [...goldenWrappers()].filter((one) => one.tolerance === dtype && !drawsDropout(one));

    for (const [kind, some, errorOf, tolerance] of [
      ["forward", cases, wrapperForwardError, TOLERANCE],
      ["backward", cases.filter(({ gradients }) => gradients), wrapperBackwardError, GRADIENT_TOLERANCE],
    ]) {
      it(`every case, ${kind}`, async () => {
        const paths = await worstByPath(some, errorOf, tolerance);
        assert.ok(some.length > 0, `no golden case is ${dtype}`);
        record(`golden wrappers ${kind} ${dtype}`, paths);
        assert.deepEqual(
          Object.values(paths).flatMap(({ failed }) => failed),
          [],
        );
        if (dtype === "float32") assert.ok(paths["one call"]?.cases > 0, "one cuDNN call covered no case");
      });
    }
  });
}
