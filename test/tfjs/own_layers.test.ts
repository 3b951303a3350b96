// Importing cudnn-gru/tfjs does not change tfjs's own layers: a program that uses only these computes the same bits
// with and without the import.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const program = fileURLToPath(new URL("own_layers_program.mjs", import.meta.url));
const lines = (argument: string) =>
  execFileSync(process.execPath, [program, argument], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).split(
    "\n",
  );

it("a program of tfjs's own layers", () => {
  const [without, with_] = [lines("without"), lines("with")];
  expect(without.length).toBeGreaterThan(90);
  expect(without.filter((line) => line.includes("Error"))).toHaveLength(1);
  expect(with_).toEqual(without);
});
