import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { lockfileProblems } from "../../scripts/setup/lockfiles.mjs";

const base = mkdtempSync(join(tmpdir(), "cudnn-gru-lockfiles-"));
const write = (path: string, value: unknown) => writeFileSync(join(base, path), JSON.stringify(value));

afterAll(() => rmSync(base, { recursive: true, force: true }));

it("lint finds a lockfile whose package links to this one and records its earlier dependencies", () => {
  const own = { name: "own", dependencies: { a: "^1.0.0" }, devDependencies: { b: "2.0.0" } };
  mkdirSync(join(base, "example/server"), { recursive: true });
  mkdirSync(join(base, "other"));
  write("package.json", own);
  write("package-lock.json", { packages: { "": own, "node_modules/a": { version: "1.0.0" } } });
  const server = (recorded: unknown) =>
    write("example/server/package-lock.json", {
      packages: { "": { dependencies: {} }, "../..": recorded, "node_modules/own": { resolved: "../..", link: true } },
    });
  write("other/package-lock.json", { packages: { "": { dependencies: { c: "1.0.0" } } } });
  const all = ["package-lock.json", "example/server/package-lock.json", "other/package-lock.json"];
  server(own);
  expect(lockfileProblems(base, all)).toEqual([]);
  server({ ...own, dependencies: {}, devDependencies: { b: "1.0.0" } });
  expect(lockfileProblems(base, all)).toEqual([
    "example/server/package-lock.json has other dependencies and devDependencies of own than package.json. " +
      "Run `npm install --package-lock-only` in example/server",
  ]);
});
