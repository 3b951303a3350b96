import { describe, expect, it } from "vitest";
import { endOf, titled, withoutDoubles } from "./doubles.js";

describe.skipIf(withoutDoubles)(titled("processes and threads on the cuDNN path, on doubles", withoutDoubles), () => {
  it.each(["exit", "workers"])("%s", async (mode) => {
    const { code, signal, stdout, stderr } = await endOf("process", { args: [mode] });
    expect({ code, signal, stdout, stderr }).toEqual({ code: 0, signal: null, stdout: "true", stderr: "" });
  });
});
