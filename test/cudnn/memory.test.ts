import { describe, expect, it } from "vitest";
import { reportOf, titled, withoutDoubles } from "./doubles.js";
import type { MemoryReport } from "./programs/memory.js";

describe.skipIf(withoutDoubles)(titled("a small device, on doubles", withoutDoubles), () => {
  it("warm training steps allocate nothing, however much they need; what is no longer used goes", async () => {
    const { warm, held } = await reportOf<MemoryReport>("memory", { double: { memory: 2 ** 19 }, args: ["warm"] });
    expect(warm).toEqual({});
    expect(held.large).toBeGreaterThan(2 ** 19 / 4);
    expect(held.later).toBeLessThan(held.large / 2);
  });

  it("a call that does not fit runs in shorter chunks of time; a training step is ERR_OUT_OF_MEMORY", async () => {
    const options = { double: { memory: 600_000 }, args: ["short"] };
    const { short, training, after } = await reportOf<MemoryReport>("memory", options);
    expect(short.launches).toBeGreaterThan(1);
    expect(short.error).toBeLessThanOrEqual(1e-5);
    expect(short.asyncError).toBeLessThanOrEqual(1e-5);
    expect(training).toBe("ERR_OUT_OF_MEMORY");
    expect(after).toBeLessThanOrEqual(1e-5);
  });

  it("chunks of one shape keep lengths of their own", async () => {
    const { chunks } = await reportOf<MemoryReport>("memory", { args: ["chunks"] });
    expect(chunks.error).toBeLessThanOrEqual(1e-4);
    expect(chunks.set).toBe(0);
  });
});
