import { describe, expect, it } from "vitest";
import { type ProgramOptions, reportOf, titled, withoutDoubles } from "./doubles.js";
import type { AlgorithmsReport } from "./programs/algorithms.js";

const STANDARD = { "standard.forward": 1 };
const SMALL = { "small.forward": 1 };
const TIME_MAJOR = { "small_time_major.forward": 1 };
const both = (which: string) => ({ [`${which}.forward`]: 1, [`${which}.backward`]: 1 });

/** The cases that PERSIST_STATIC_SMALL_H may compute, in training or not. */
const SUITED = ["call", "sequences", "backwards", "equal lengths", "192 units"];
const SUITED_IN_TRAINING = ["training", "training, backwards", "training, 128 units"];
const UNSUITED: Record<string, object> = {
  ragged: STANDARD,
  float64: STANDARD,
  "193 units": STANDARD,
  "training, 129 units": both("standard"),
};

interface Situation extends ProgramOptions {
  name: string;
  /** The algorithms that suitable calls and training steps launch. */
  call: object;
  training: object;
  /** Further text that the `runtime` requirement has in `explain()`. */
  says?: RegExp;
}

// Refusals of more than 16 units pass the self-check, which has 16.
const LARGER = { small_h_units: 16 };
const situations: Situation[] = [
  { name: "it takes everything", call: SMALL, training: both("small") },
  {
    name: "the size query refuses batch-major tensors",
    double: { small_h_sizes: 1 },
    call: TIME_MAJOR,
    training: both("small_time_major"),
    says: /without PERSIST_STATIC_SMALL_H \(batch-major: .*NOT_SUPPORTED/,
  },
  {
    name: "the size query refuses both layouts",
    double: { small_h_sizes: 3 },
    call: STANDARD,
    training: both("standard"),
    says: /batch-major: .*time-major: /,
  },
  {
    name: "the call refuses batch-major tensors",
    double: { small_h_forward: 1 },
    call: TIME_MAJOR,
    training: both("small_time_major"),
    says: /batch-major: .*cudnnRNNForward/,
  },
  {
    name: "the call refuses both layouts",
    double: { small_h_forward: 3 },
    call: STANDARD,
    training: both("standard"),
    says: /time-major: .*cudnnRNNForward/,
  },
  {
    name: "its numbers are wrong",
    double: { small_h_error: 2e8 },
    call: STANDARD,
    training: both("standard"),
    says: /differs from the reference by 0\.0002/,
  },
  {
    name: "its gradients are wrong",
    double: { small_h_gradient_error: 2e8 },
    call: STANDARD,
    training: both("standard"),
    says: /differs from the reference by 0\.0002/,
  },
  {
    name: "the size query refuses batch-major tensors of larger layers",
    double: { ...LARGER, small_h_sizes: 1 },
    args: ["20"],
    call: TIME_MAJOR,
    training: both("small_time_major"),
  },
  {
    name: "the call refuses larger layers",
    double: { ...LARGER, small_h_forward: 3 },
    args: ["20"],
    call: STANDARD,
    training: both("standard"),
  },
];

describe.skipIf(withoutDoubles)(titled("algorithms on the cuDNN path, on doubles", withoutDoubles), () => {
  it.each(situations)("PERSIST_STATIC_SMALL_H where $name", async ({ call, training, says, ...options }) => {
    const { runtime, cases, refused } = await reportOf<AlgorithmsReport>("algorithms", options);
    expect(runtime.met).toBe(true);
    if (says) expect(runtime.detail).toMatch(says);
    else expect(runtime.detail).not.toContain("without");
    const launched = Object.fromEntries(Object.entries(cases).map(([name, one]) => [name, one.launched]));
    expect(launched).toEqual({
      ...UNSUITED,
      ...Object.fromEntries(SUITED.map((name) => [name, call])),
      ...Object.fromEntries(SUITED_IN_TRAINING.map((name) => [name, training])),
    });
    for (const [name, { error }] of Object.entries(cases)) expect(error, name).toBeLessThanOrEqual(1e-5);
    expect(refused).toBe(0);
  });

  it("a backward call that is refused after its forward call is computed all the same, by the standard algorithm", async () => {
    const double = { ...LARGER, small_h_backward: 3 };
    const { cases } = await reportOf<AlgorithmsReport>("algorithms", { double, args: ["20"] });
    // The forward call is made again; batch-major tensors are ruled out then, time-major ones at the next step.
    expect(cases.training?.launched).toEqual({ "small.forward": 1, ...both("standard") });
    for (const [name, { error }] of Object.entries(cases)) expect(error, name).toBeLessThanOrEqual(1e-5);
  });

  it("the standard algorithm's own failure is the runtime's", async () => {
    const { runtime } = await reportOf<AlgorithmsReport>("algorithms", { double: { error: 2e8 } });
    expect(runtime.met).toBe(false);
    expect(runtime.detail).toContain("differs from the reference by 0.0002");
  });
});
