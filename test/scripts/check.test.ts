import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { sameBlocks } from "../../scripts/check/blocks.mjs";
import { sameProgram } from "../../scripts/check/comments.mjs";
import { planFor } from "../../scripts/check/plan.mjs";
import { slow, standIns } from "../../scripts/check/rooms.mjs";
import { roomsOf } from "../../scripts/docs/drawn_rooms.mjs";
import { filesBelow } from "../../scripts/setup/stamp.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));

const texts = new Map([
  ["native/core/half.h", ""],
  ["native/core/half.cc", '#include "core/half.h"'],
  ["native/cpu/forward/loop.h", '#include "core/half.h"'],
  ["native/cpu/kernels/gates.inc", ""],
  ["native/cudnn/plan.h", ""],
  ["test/native/half_test.cc", '#include "core/half.h"\n#include "problem.h"'],
  ["test/native/forward_test.cc", '  #include "cpu/forward/loop.h"'],
  ["test/native/random_test.cc", ""],
  ["test/native/cudnn_plan_test.cc", '#include "cudnn/plan.h"'],
  ["test/native/problem.h", ""],
  ["test/keras/names.test.ts", 'import { names } from "../../dist/keras/names.js";'],
  ["test/keras/seeds.test.ts", 'import "cudnn-gru";'],
  ["test/layers/call.test.ts", 'import { layer } from "./support.js";\nimport "../../dist/formats/zip.js";'],
  ["test/layers/from_keras.test.ts", 'import { layer } from "./support.js";'],
  ["test/layers/config.test.ts", ""],
  ["test/layers/exports.test.ts", ""],
  ["test/layers/support.ts", 'new URL("./programs/child.mjs", import.meta.url);'],
  ["test/layers/programs/child.mjs", ""],
]);
const plan = (...changed: string[]) => planFor(changed, texts);

describe("the tests that a change concerns", () => {
  it("are those of its room, and those that import it by its name", () => {
    expect(plan("lib/new.ts").tests).toEqual(standIns["lib/"].toSorted());
    expect(plan("lib/keras/names.ts").tests).toContain("test/keras/names.test.ts");
    expect(plan("lib/formats/zip.ts").tests).toContain("test/layers/call.test.ts");
  });

  it("are the files of a folder that stands for a room", () => {
    const { tests } = plan("lib/keras/other.ts");
    expect(tests).toEqual(expect.arrayContaining(["test/keras/names.test.ts", "test/keras/seeds.test.ts"]));
  });

  it("are a test itself, though it is slow, and those that use a changed helper, unless they are slow", () => {
    expect(plan("test/layers/from_keras.test.ts").tests).toEqual(["test/layers/from_keras.test.ts"]);
    for (const helper of ["test/layers/support.ts", "test/layers/programs/child.mjs"]) {
      expect(plan(helper)).toMatchObject({
        tests: ["test/layers/call.test.ts"],
        left: ["test/layers/from_keras.test.ts"],
      });
    }
  });

  it.each([
    ["native/core/half.cc", ["forward_test", "half_test"]],
    ["native/core/half.h", ["forward_test", "half_test"]],
    ["native/cpu/kernels/gates.inc", ["forward_test", "half_test", "random_test"]],
    ["native/cudnn/plan.cc", ["cudnn_plan_test"]],
    ["native/cudnn/abi.h", ["cudnn_plan_test"]],
    ["native/addon/module.cc", []],
    ["test/native/random_test.cc", ["random_test"]],
    ["test/native/problem.h", ["half_test"]],
    ["test/doubles/cudnn/gru.cc", ["cudnn_plan_test"]],
    ["docs/errors.md", []],
  ])("of %s, among the native ones", (file, names) => {
    expect(plan(file).native).toEqual(names);
  });

  it("are those of the code blocks only if blocks changed", () => {
    const blocks = "test/docs/blocks.test.ts";
    expect(plan("README.md", "docs/errors.md").tests).not.toContain(blocks);
    for (const page of ["README.md", "docs/errors.md"]) expect(planFor([page], texts, [page]).tests).toContain(blocks);
    expect(planFor(["CHANGELOG.md"], texts, ["CHANGELOG.md"]).tests).toEqual([]);
    const page = "docs/migrate-from-keras.md";
    expect(planFor([page], texts, [page]).tests).toEqual([blocks, "test/docs/migration.test.ts"]);
  });

  it("are none for a file that no test knows", () => {
    expect(plan(".github/CODEOWNERS", "LICENSE")).toEqual({ tests: [], native: [], left: [] });
  });
});

describe("the tables", () => {
  const files: string[] = filesBelow("test");

  it("name tests that exist", () => {
    const named = [...Object.values(standIns).flat(), ...slow];
    expect(named.filter((name) => !files.some((file) => file === name || file.startsWith(name)))).toEqual([]);
    expect(named.filter((name) => !/(\/|\.test\.ts)$/.test(name))).toEqual([]);
  });

  it("name parts of the repository that exist, and every room", () => {
    const starts = Object.keys(standIns);
    expect(starts.filter((start) => !existsSync(root + start))).toEqual([]);
    const rooms = roomsOf([...filesBelow("lib"), ...filesBelow("native")]).filter((room) => room !== "lib");
    expect(rooms.filter((room) => !starts.some((start) => start !== "lib/" && `${room}/`.startsWith(start)))).toEqual(
      [],
    );
  });
});

describe("code blocks are the same", () => {
  const block = "```js\n1;\n```\n";

  it("when only the text around them changed", () => {
    expect(sameBlocks(`One.\n\n${block}`, `Two.\n\n${block}\nThree.\n`)).toBe(true);
    expect(sameBlocks(null, "Text.\n")).toBe(true);
  });

  it.each([
    ["other code", "```js\n2;\n```\n"],
    ["another language", "```ts\n1;\n```\n"],
    ["a further block", `${block}\n${block}`],
    ["a comment that it is not run", `<!-- not run: why -->\n${block}`],
    ["no block", "Text.\n"],
    ["no document", null],
  ])("not with %s", (_, after) => {
    expect(sameBlocks(block, after)).toBe(false);
  });
});

describe("a program is the same", () => {
  it.each([
    ["a.ts", "/** Old. */ export const a: number = 1; // x", "export const a: number = 1;"],
    ["a.ts", "f(1, 2);", "// New.\nf(\n  1,\n  2,\n);"],
    ["a.mjs", "const a = 1; /* x */", "const a = 1;"],
    ["a.cjs", "module.exports = 1; // x", "module.exports = 1;"],
    ["a.cc", "int a; // x\nint b;", "// top\n\nint a;\n  int /* y */ b;\n"],
    ["a.h", "int a = 1'000; // it's", "int a = 1'000;"],
    ["a.inc", "char a = '\"'; // \"", "char a = '\"';"],
  ])("in %s: %j and %j", async (path, before, after) => {
    expect(await sameProgram(path, before, after)).toBe(true);
  });

  it.each([
    ["a.ts", "export const a: number = 1;", "export const a: string = 1;"],
    ["a.ts", "f(`// x`);", "f(`// y`);"],
    ["a.ts", "f(1);", "f(1"],
    ["a.ts", "f(1n);", "// @ts-expect-error\nf(1n);"],
    ["a.ts", "f(1n);", "f(2n);"],
    ["a.ts", "f(/x/);", "f(/x/g);"],
    ["a.cc", 'f("// x");', 'f("// y");'],
    ["a.cc", 'f("a  b");', 'f("a b");'],
    ["a.cc", "#define F (x)", "#define F(x)"],
    ["a.cc", 'f(R"(// x)");', 'f(R"(// y)");'],
    ["a.json", "{}", "{ }"],
    ["a.ts", null, "f();"],
    ["a.ts", "f();", null],
  ])("not in %s: %j and %j", async (path, before, after) => {
    expect(await sameProgram(path, before, after)).toBe(false);
  });
});
