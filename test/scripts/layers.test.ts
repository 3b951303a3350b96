import { describe, expect, it } from "vitest";
import { circlesOf } from "../../scripts/layers/circles.mjs";
import { nativeProblems } from "../../scripts/layers/native.mjs";

describe("the rules of native/", () => {
  it.each([
    ["native/core/executor.cc", '#include "cpu/dispatch/dispatch.h"', /core may not include/],
    ["native/cpu/forward/time_loop.cc", '#include "cpu/backward/backward_loop.h"', /forward may not include/],
    ["native/cpu/kernels/gates.inc", "#include <vector>", /plain headers only/],
    ["native/cpu/kernels/gates.inc", '#include "core/status.h"', /plain headers only/],
    ["native/cudnn/plan.cc", '#include "cpu/weights/weights.h"', /cudnn may not include/],
    ["native/cpu/weights/weights.cc", "#include <napi.h>", /only native\/addon/],
    ["native/elsewhere/thing.cc", "", /in no room/],
  ])("%s may not say %s", (file, line, reason) => {
    const problems = nativeProblems(file, [line]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(reason);
  });

  it.each([
    ["native/cpu/kernels/gates.inc", "#include <stddef.h>"],
    ["native/cpu/kernels/kernels.h", '#include "core/activation.h"'],
    ["native/cpu/backward/gru_backward.cc", '#include "cpu/forward/work_division.h"'],
    ["native/addon/module.cc", "#include <napi.h>"],
    ["native/cudnn/self_check.cc", '#include "cpu/gru_tape.h"'],
  ])("%s may say %s", (file, line) => {
    expect(nativeProblems(file, [line])).toEqual([]);
  });

  it("finds circles of any length, each once", () => {
    const edges = new Map([
      ["a", ["b", "elsewhere"]],
      ["b", ["c"]],
      ["c", ["a", "d"]],
      ["d", ["d"]],
    ]);
    expect(circlesOf(edges)).toEqual([["a", "b", "c"], ["d"]]);
    expect(
      circlesOf(
        new Map([
          ["a", ["b"]],
          ["b", []],
        ]),
      ),
    ).toEqual([]);
  });
});
