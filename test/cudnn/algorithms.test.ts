import { describe, expect, it } from "vitest";
import { type ProgramOptions, reportOf, titled, withoutDoubles } from "./doubles.js";
import type { AlgorithmsReport } from "./programs/algorithms.js";

const STATIC_TIME_MAJOR = { "static_time_major.forward": 1 };
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

  it("few rows come time-major first, and PERSIST_STATIC computes layers that are too large for the other", async () => {
    const { cases } = await reportOf<AlgorithmsReport>("algorithms", { args: ["5", "4"] });
    const launched = Object.fromEntries(Object.entries(cases).map(([name, one]) => [name, one.launched]));
    expect(launched).toEqual({
      ...UNSUITED,
      ...Object.fromEntries(SUITED.map((name) => [name, TIME_MAJOR])),
      ...Object.fromEntries(SUITED_IN_TRAINING.map((name) => [name, both("small_time_major")])),
      "193 units": STATIC_TIME_MAJOR,
      "training, 129 units": both("static_time_major"),
    });
    for (const [name, { error }] of Object.entries(cases)) expect(error, name).toBeLessThanOrEqual(1e-5);
  });

  it.each([
    ["is refused time-major", { static_sizes: 2 }, { "static.forward": 1 }, both("static"), "time-major"],
    ["is refused", { static_forward: 3 }, STANDARD, both("standard"), "batch-major"],
    ["has wrong numbers", { static_error: 2e8 }, STANDARD, both("standard"), "differs from the reference"],
  ])("PERSIST_STATIC that %s is not used so, and `runtime` says so", async (_name, double, call, training, says) => {
    const { runtime, cases } = await reportOf<AlgorithmsReport>("algorithms", { double, args: ["5", "4"] });
    expect(runtime.met).toBe(true);
    expect(runtime.detail).toMatch(new RegExp(`, without PERSIST_STATIC \\(.*${says}`));
    expect(cases["193 units"]?.launched).toEqual(call);
    expect(cases["training, 129 units"]?.launched).toEqual(training);
    expect(cases["193 units"]?.error).toBeLessThanOrEqual(1e-5);
  });

  it("PERSIST_STATIC that is refused for larger layers alone is ruled out for them", async () => {
    const double = { static_units: 16, static_forward: 3, static_backward: 3 };
    const { runtime, cases, refused } = await reportOf<AlgorithmsReport>("algorithms", { double, args: ["5", "4"] });
    expect(runtime.detail).not.toContain("without");
    expect(cases["193 units"]).toMatchObject({ launched: STANDARD });
    expect(cases["training, 129 units"]).toMatchObject({ launched: both("standard") });
    expect(refused).toBe(0);
  });

  it("the standard algorithm's own failure is the runtime's", async () => {
    const { runtime } = await reportOf<AlgorithmsReport>("algorithms", { double: { error: 2e8 } });
    expect(runtime.met).toBe(false);
    expect(runtime.detail).toContain("differs from the reference by 0.0002");
  });
});
