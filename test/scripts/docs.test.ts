import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { drawArchitecture } from "../../scripts/docs/architecture_svg.mjs";
import { drawnRooms, roomProblems, roomsOf } from "../../scripts/docs/drawn_rooms.mjs";
import { pathProblems } from "../../scripts/docs/paths.mjs";

const files = [
  "README.md",
  "docs/errors.md",
  "lib/index.ts",
  "native/core/status.h",
  "native/cpu/kernels/vec_avx2.h",
  "native/cpu/kernels/vec_neon.h",
  "test/layers/call.test.ts",
];
const texts: Record<string, string> = { "docs/errors.md": "# Errors\n\n## `ERR_SHAPE`, and [more](x.md)!\n" };
const read = (path: string) => texts[path] ?? "";
const problemsIn = (text: string, page = "README.md") => pathProblems(page, text, { files, foreign: ["napi.h"], read });

describe("the paths that a document names", () => {
  it.each([
    ["a missing file", "See `lib/gone.ts`.", /README\.md:1: names lib\/gone\.ts/],
    ["a missing folder", "\n\nSee `native/gone/`.", /README\.md:3: names native\/gone\//],
    ["a file where it says a folder", "`lib/index.ts/`", /names lib\/index\.ts\//],
    ["a bare name of no source file", "`gone.cc`", /names gone\.cc/],
    ["a part of a name", "`tatus.h`", /names tatus\.h/],
    ["a pattern that no file has", "`native/cpu/kernels/half_<isa>.h`", /half_<isa>\.h/],
    ["a word in braces that no file has", "`native/cpu/kernels/vec_{sse,vsx}.h`", /vec_/],
    ["a missing file in a shell block", "```sh\nnpm test -- test/gone.test.ts\n```", /README\.md:2: names test\/gone/],
    ["a link to a missing file", "[x](docs/gone.md)", /links to docs\/gone\.md/],
    ["a link to a missing heading", "[x](docs/errors.md#err_gone)", /heading docs\/errors\.md#err_gone/],
    ["a link to a missing heading of its own", "# A\n[x](#b)", /README\.md:2: links to the heading README\.md#b/],
  ])("%s fails", (_, text, reason) => {
    const problems = problemsIn(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(reason);
  });

  it.each([
    ["a file", "`lib/index.ts`"],
    ["a folder", "`native/cpu/` and `native/cpu`"],
    ["a bare name of a source file", "`status.h`"],
    ["a placeholder and a star", "`native/cpu/kernels/vec_<isa>.h`, `test/layers/*.test.ts`"],
    ["words in braces", "`native/cpu/kernels/vec_{avx2,neon}.h`"],
    ["a name that is known to be another's", "`napi.h`"],
    ["words that are no paths", "`gru.call`, `dist/index.js`, `layers/gru`, `npm test -- lib/x.ts`"],
    ["a code block", '```js\nimport "lib/gone.ts"; // `lib/gone.ts` [x](gone.md)\n```'],
    ["a shell block", "```sh\nX=y npm test -- test/layers # docs/errors.md, native/cpu: all\nls /lib/x dist/y\n```"],
    ["a link to another site", "[x](https://example.org/gone.md#x)"],
    ["a link to a heading", "[x](docs/errors.md#err_shape-and-more) [y](docs/errors.md)"],
  ])("%s passes", (_, text) => {
    expect(problemsIn(text)).toEqual([]);
  });

  it("count from the document's own folder in links", () => {
    expect(problemsIn("[x](../README.md), [y](errors.md)", "docs/other.md")).toEqual([]);
    expect(problemsIn("[x](README.md)", "docs/other.md")).toEqual([
      "docs/other.md:1: links to docs/README.md, which does not exist",
    ]);
  });
});

describe("the rooms in the picture", () => {
  const svg = '<g data-room="lib"/><g data-room="native/core"/><tspan data-room="native/cpu/kernels"/>';

  it("are the folders that hold source files", () => {
    expect(roomsOf([...files, "lib/keras/README.md"])).toEqual(["lib", "native/core", "native/cpu/kernels"]);
    expect(roomProblems(svg, files)).toEqual([]);
  });

  it("fail when one is missing, is too many, or is there twice", () => {
    expect(roomProblems(svg, [...files, "lib/new/thing.ts"])).toEqual([
      expect.stringMatching(/lacks lib\/new\/.*scripts\/docs\/rooms\.mjs/),
    ]);
    expect(roomProblems(`${svg}<g data-room="lib/old"/>`, files)).toEqual([expect.stringMatching(/shows lib\/old\//)]);
    expect(roomProblems(`${svg}<g data-room="lib"/>`, files)).toEqual([expect.stringMatching(/shows lib\/ twice/)]);
  });

  it("are drawn from the table", () => {
    const picture = readFileSync(new URL("../../docs/architecture.svg", import.meta.url), "utf8");
    expect(drawArchitecture()).toBe(picture);
    expect(drawnRooms(picture).length).toBeGreaterThan(20);
  });
});
