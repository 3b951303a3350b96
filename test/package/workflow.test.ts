import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { targets } from "../../scripts/release/targets.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const folder = join(root, ".github/workflows");
const workflows = new Map(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), "utf8")]));

/** Made by an earlier step. */
const MADE = /^(dist|gpu-bundle)\//;

/** The values of `key` in every workflow: the file, and the rest of the line. */
function valuesOf(key: string): [string, string][] {
  const line = new RegExp(`^\\s*(?:- )?${key}: (.+)$`, "gm");
  return [...workflows].flatMap(([file, text]) =>
    [...text.matchAll(line)].map(([, value]) => [file, value as string] as [string, string]),
  );
}

const commands = valuesOf("run");
const actions = valuesOf("uses");

test("the workflows have commands and actions", () => {
  expect([...workflows.keys()]).toEqual(["ci.yml", "release.yml"]);
  expect(commands.length).toBeGreaterThan(10);
  expect(actions.length).toBeGreaterThan(10);
});

test.each(commands)("%s: %s exists", (_file, text) => {
  const [program, first, second] = text.split(" ") as [string, string?, string?];
  if (program === "npm" && first === "publish") return;
  if (program === "npm") {
    expect(first === "run" ? scripts : { test: scripts.test }).toHaveProperty([
      (first === "run" ? second : first) as string,
    ]);
    return;
  }
  const path = program === "node" ? (first as string) : program;
  if (MADE.test(path)) return;
  const { mode } = statSync(join(root, path));
  if (program !== "node") expect(mode & 0o111).not.toBe(0);
});

test.each(actions)("%s: %s is pinned by a commit, and names its version", (_file, text) => {
  expect(text).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

test("one action has one commit in all workflows", () => {
  const pins = new Set(actions.map(([, text]) => text));
  expect(pins.size).toBe(new Set([...pins].map((pin) => pin.split("@")[0])).size);
});

describe("the release", () => {
  const text = workflows.get("release.yml") as string;
  const jobs = new Map(
    text
      .slice(text.indexOf("\njobs:\n"))
      .split(/^ {2}(?=\w+:$)/m)
      .slice(1)
      .map((job) => [/^\w+/.exec(job)?.[0] as string, job]),
  );

  test("runs every target's binary on a machine of its own", () => {
    expect([...jobs.keys()]).toEqual(["build", "run", "alpine", "publish"]);
    const run = [jobs.get("run"), jobs.get("alpine")].flatMap((job) =>
      [...(job as string).matchAll(/\{ target: ([\w-]+), runner: [\w.-]+ \}/g)].map(([, target]) => target),
    );
    expect(run.toSorted()).toEqual(targets.map(({ name }) => name).toSorted());
  });

  test("publishes with provenance what was tried, after an approval, and no other job may", () => {
    const publish = jobs.get("publish") as string;
    expect(publish).toMatch(/^ {4}needs: \[build, run, alpine\]$/m);
    expect(publish).toMatch(/^ {4}environment: npm$/m);
    expect(publish).toMatch(/^ {4}if: github\.ref_type == 'tag'$/m);
    expect(publish).toMatch(/npm publish \.\/release\/cudnn-gru-\*\.tgz --provenance/);
    expect(publish).not.toContain("checkout");
    expect(text.match(/id-token: write/g)).toHaveLength(1);
    expect(publish).toContain("id-token: write");
    expect(text).not.toMatch(/: write-all|contents: write/);
  });
});
