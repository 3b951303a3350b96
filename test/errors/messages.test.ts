import { describe, expect, it } from "vitest";
import { GRUError } from "../../dist/errors/gru_error.js";
import { expected, expectedShape, expectedText, inPlace, withRemark } from "../../dist/errors/messages.js";

describe("the message shape", () => {
  it("has the argument, what was expected and what came", () => {
    const error = expected("ERR_ARGUMENT", "units", "a positive integer", "four");
    expect(error).toBeInstanceOf(GRUError);
    expect(error.code).toBe("ERR_ARGUMENT");
    expect(error.message).toBe('Expected a positive integer for `units` but received "four".');
    expect(Object.hasOwn(error, "cause")).toBe(false);
  });

  it("names the owner of an argument, what to do, and the cause", () => {
    const cause = new Error("no");
    const error = expectedText("ERR_DTYPE", "l1", "a number", "none", { owner: "L1", remedy: "Pass one.", cause });
    expect(error.message).toBe("Expected a number for `l1` of L1 but received none. Pass one.");
    expect(error.cause).toBe(cause);
  });

  it("writes unknown dimensions as null", () => {
    expect(expectedShape("inputs", "shape [1, 2]", [null, 3])).toMatchObject({
      code: "ERR_SHAPE",
      message: "Expected shape [1, 2] for `inputs` but received shape [null, 3].",
    });
  });

  it("keeps the code and the first error when words are added", () => {
    const first = expected("ERR_SHAPE", "axis", "an axis", 7);
    const placed = inPlace("`kernel_constraint`", first);
    expect(placed).toMatchObject({ code: "ERR_SHAPE", cause: first });
    expect(placed.message).toBe("In `kernel_constraint`: Expected an axis for `axis` but received 7.");
    const remarked = withRemark(first, "It is a gradient.");
    expect(remarked).toMatchObject({ code: "ERR_SHAPE", cause: first });
    expect(remarked.message).toBe("Expected an axis for `axis` but received 7. It is a gradient.");
  });
});
