import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const folder = join(root, ".github/workflows");

/** Made by an earlier step. */
const MADE = /^(dist|gpu-bundle)\//;

const commands = readdirSync(folder).flatMap((file) =>
  [...readFileSync(join(folder, file), "utf8").matchAll(/^\s*(?:- )?run: (.+)$/gm)].map(([, text]) => [
    file,
    text as string,
  ]),
) as [string, string][];

test("the workflows have commands", () => expect(commands.length).toBeGreaterThan(5));

test.each(commands)("%s: %s exists", (_file, text) => {
  const [program, first, second] = text.split(" ") as [string, string?, string?];
  if (program === "npm") {
    expect(first === "run" ? scripts : { test: scripts.test }).toHaveProperty([
      (first === "run" ? second : first) as string,
    ]);
    return;
  }
  const path = program === "node" ? (first as string) : program;
  if (MADE.test(path)) return;
  expect(statSync(join(root, path)).mode & 0o111).not.toBe(0);
});
