// Reads everything that the parts of a run have written into its folder so far.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

function testsIn(folder, file) {
  const lines = readFileSync(join(folder, file), "utf8").split("\n");
  // The last line may still be on its way.
  return lines.slice(0, -1).map((line) => JSON.parse(line));
}

/** The counts of tests, the reasons for skipped tests, the failed tests, the answers of tests (by file), and the benchmark. */
export function readResults(folder) {
  const tests = { passed: 0, failed: 0, skipped: 0 };
  const skipped = new Set();
  const failed = [];
  const answers = {};
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  for (const file of files.filter((name) => name.endsWith(".jsonl"))) {
    for (const { name, result, reason } of testsIn(folder, file)) {
      tests[result]++;
      if (result === "skipped") skipped.add(reason ?? name);
      if (result === "failed") failed.push({ name, reason });
    }
  }
  let bench = null;
  for (const file of files.filter((name) => name.endsWith(".json"))) {
    const content = JSON.parse(readFileSync(join(folder, file), "utf8"));
    if (file === "bench.json") bench = content;
    else answers[file.slice(0, -5)] = content;
  }
  return { tests, skipped: [...skipped], failed, answers, bench };
}
