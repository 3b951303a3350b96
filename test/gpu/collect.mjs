// Puts what a run wrote into its folder together: collect.mjs <folder> gives one JSON record on standard output.
import { readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

const [folder] = process.argv.slice(2);
const parts = {};
for (const name of readdirSync(folder).sort()) {
  if (name.endsWith(".json")) parts[name.slice(0, -5)] = JSON.parse(readFileSync(join(folder, name), "utf8"));
}
const tests = readFileSync(join(folder, "tests.tap"), "utf8");
const count = (what) => Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(tests)?.[1] ?? 0);
const record = {
  format: 1,
  date: new Date().toISOString(),
  node: process.version,
  cpu: cpus()[0]?.model ?? null,
  tests: { passed: count("pass"), failed: count("fail"), skipped: count("skipped") },
  skipped: [...new Set([...tests.matchAll(/^\s*ok \d+ - .+ # SKIP (.+)$/gm)].map(([, reason]) => reason))],
  failed: [...tests.matchAll(/^\s*not ok \d+ - (.+)$/gm)].map(([, name]) => name),
  ...parts,
};
process.stdout.write(`${JSON.stringify(record, null, 2)}\n`);
