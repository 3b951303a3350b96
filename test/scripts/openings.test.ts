// The check that comments do not begin with a noun clause, on lines written here.
import { describe, expect, it } from "vitest";
import { badOpenings } from "../../scripts/comments/openings.mjs";

describe("a comment with a banned opening is found", () => {
  it.each([
    ["in one line", ["/** What `stream` takes. */"], "1: /** What `stream` takes. */"],
    ["in several lines", ["/**", " * Gives the first row", " * of the data.", " */"], "2: * Gives the first row"],
    ["that is no docstring", ["/*", " * Those of the layer.", " */"], "2: * Those of the layer."],
    ["behind an indent", ["f();", "  // That of the arrays."], "2: // That of the arrays."],
    ["above others of its kind", ["// One that waits", "// does not count."], "1: // One that waits"],
  ])("%s", (_, lines, problem) => {
    expect(badOpenings(lines)).toEqual([problem]);
  });
});

describe("nothing is found", () => {
  it.each([
    ["in full sentences", ["/** Returns the first row. */", "// Whatever the caller does, the memory stays."]],
    [
      "inside of a comment",
      ["// Says in one line", "// What was found.", "/**", " * Says", " * What was found.", " */"],
    ],
    ["in code", ['const text = "What now?";', "Gives();"]],
  ])("%s", (_, lines) => {
    expect(badOpenings(lines)).toEqual([]);
  });
});
