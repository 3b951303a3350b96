import { describe, expect, it } from "vitest";
import { circlesOf } from "../../scripts/layers/circles.mjs";
import { libCircles, libProblems } from "../../scripts/layers/lib.mjs";
import { nativeProblems } from "../../scripts/layers/native.mjs";

describe("the rules of native/", () => {
  it.each([
    ["native/core/executor.cc", '#include "cpu/dispatch/dispatch.h"', /core may not include/],
    ["native/cpu/forward/time_loop.cc", '#include "cpu/backward/backward_loop.h"', /forward may not include/],
    ["native/cpu/kernels/gates.inc", "#include <vector>", /plain headers only/],
    ["native/cpu/kernels/gates.inc", '#include "core/status.h"', /plain headers only/],
    ["native/cudnn/descriptor_set.cc", '#include "cpu/weights/weights.h"', /cudnn may not include/],
    ["native/cpu/weights/weights.cc", "#include <napi.h>", /only native\/addon/],
    ["native/addon/native_gru.cc", '#include "cpu/forward/gru_forward.h"', /addon may not include/],
    ["native/addon/memory_usage.cc", '#include "cpu/weights/weights.h"', /addon may not include/],
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
    ["native/addon/backends.cc", '#include "cudnn/backend_maker.h"'],
    ["native/cudnn/self_check.cc", '#include "cpu/cpu_pass.h"'],
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

describe("the rules of lib/", () => {
  it.each([
    ["lib/keras/shape.ts", 'import { readCall } from "../arguments/read_call.js";', /may not import lib\/arguments/],
    ["lib/formats/zip.ts", 'import type { GRU } from "../layers/gru.js";', /may not import lib\/layers/],
    ["lib/formats/zip.ts", 'export type * from "../../native/thing.js";', /leaves lib/],
    ["lib/elsewhere/thing.ts", "", /in no part/],
    ["lib/keras/shape.ts", 'throw new GRUError("ERR_SHAPE", "No.");', /makes a GRUError without/],
  ])("%s may not say %s", (file, line, reason) => {
    const problems = libProblems(file, [line]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(reason);
  });

  it.each([
    ["values", 'import { b } from "./b.js";'],
    ["types", 'import type { B } from "./b.js";'],
    ["several lines", "import {", "  type B,", '} from "./b.js";'],
    ["re-exports", 'export * from "./b.js";'],
    ["dynamic imports", 'const { b } = await import("./b.js");'],
    ["types of dynamic imports", 'type B = typeof import("./b.js");'],
  ])("a circle by imports of %s fails", (_, ...lines) => {
    const back = 'import type { A } from "../keras/a.js";';
    expect(
      libCircles(
        new Map([
          ["lib/keras/a.ts", lines],
          ["lib/keras/b.ts", [back]],
          ["lib/keras/c.ts", [back]],
        ]),
      ),
    ).toEqual([["lib/keras/a.ts", "lib/keras/b.ts"]]);
  });
});
