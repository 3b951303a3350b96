import { expect, it } from "vitest";
import type { Role } from "../../bench/contender.js";
import { measureOrthogonal } from "../../bench/orthogonal.js";
import type { OrthogonalMaker } from "../../bench/peers/orthogonal.js";

/** A maker that says it takes `seconds` for 1024 units, and the cube of that for others; its rows are of the identity. */
function maker(name: string, role: Role, seconds: number): OrthogonalMaker {
  return {
    name,
    version: "1",
    role,
    async prepare(units) {
      const output = new Float32Array(units * 3 * units);
      for (let row = 0; row < units; row++) output[row * 3 * units + row] = 1;
      const nanoseconds = seconds * 1e9 * (units / 1024) ** 3;
      return { output, time: async (calls) => calls * nanoseconds, close: () => {} };
    },
    close: () => {},
  };
}

it("leaves a maker out where it would take too long, but never ours", async () => {
  const makers = [maker("cudnn-gru", "ours", 5), maker("swift", "peer", 0.5), maker("slow", "peer", 1)];
  const records = await measureOrthogonal(makers, { threads: 1, rounds: 3, sampleMs: 1 }, false);
  const names = new Map(records.map(({ units, timings }) => [units, timings.map(({ contender }) => contender)]));
  expect([...names.keys()]).toEqual([64, 128, 256, 512, 1024, 2048]);
  expect(names.get(1024)).toEqual(["cudnn-gru", "swift", "slow"]);
  expect(names.get(2048)).toEqual(["cudnn-gru", "swift"]);
  const [small, large] = [records[0]!.timings[1]!, records.at(-1)!.timings[0]!];
  expect(small).toMatchObject({ role: "peer", version: "1", deviation: 0 });
  expect(small.nanoseconds).toEqual([122070, 122070, 122070]);
  expect(small.calls).toBeGreaterThan(1);
  expect(large).toMatchObject({ calls: 1, nanoseconds: [4e10] });
});
