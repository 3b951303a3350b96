// docs/reliability.md names a test for every promise: each of these files is there.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const rows = readFileSync(`${root}docs/reliability.md`, "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| promise") && !line.startsWith("| ---"));

describe("docs/reliability.md", () => {
  it("has promises", () => {
    expect(rows.length).toBeGreaterThan(15);
  });

  it.each(rows.map((row) => row.split("|").slice(1, 3) as [string, string]))("%s", (_, tests) => {
    const named = [...tests.matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path as string);
    expect(named).not.toHaveLength(0);
    expect(named.filter((path) => !existsSync(root + path))).toEqual([]);
  });
});
