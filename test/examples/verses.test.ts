// The example that reads verses, as a user runs it.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const PROGRAM = fileURLToPath(new URL("../../examples/verses/classify.mjs", import.meta.url));

it("gives Keras's predictions, and reads a text of the user's", () => {
  const text = "And it came to pass, that Jesus said unto his disciples, Verily I say unto you.";
  // It exits with 1 when a prediction differs from Keras's.
  const output = execFileSync(process.execPath, [PROGRAM, text], { encoding: "utf8" });
  const [, right] = /right {3}([\d.]+) % of 500 verses/.exec(output) ?? [];
  const [, keras] = /Keras: ([\d.]+) % of \d+ such verses/.exec(output) ?? [];
  // Of 500 verses as many are right as of all, but for chance.
  expect(Math.abs(Number(right) - Number(keras))).toBeLessThan(6);
  expect(output).toContain(`${text}\n  gospels (`);
});
