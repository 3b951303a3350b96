// Prints the tables of a record of the GPU bundle (gpu-record.json) in Markdown: the stages, and the speed of every case.
//   node bench/gpu/report.mjs bench/records/<record>.json
import { readFileSync } from "node:fs";

const [file] = process.argv.slice(2);
if (file === undefined || file.startsWith("-")) {
  console.error("usage: node bench/gpu/report.mjs RECORD.json");
  process.exit(2);
}
const record = JSON.parse(readFileSync(file, "utf8"));

/** Three significant digits, and whole numbers from 100. */
const milliseconds = (value) => (value === undefined ? "" : value < 100 ? value.toPrecision(3) : value.toFixed(0));
const ratio = (value) => value?.toFixed(2) ?? "";
const row = (cells) => `| ${cells.join(" | ")} |`;

console.log(`${row(["stage", "result", "seconds"])}\n| --- | --- | --: |`);
for (const { name, result, seconds } of record.stages) console.log(row([name, result, seconds]));
console.log(`\n${record.tests.passed} tests passed, ${record.tests.failed} failed, ${record.tests.skipped} skipped.`);

const HEADINGS = [
  "shape",
  "forward: ours",
  "with out",
  "PyTorch",
  "ratio",
  "with out",
  "training: ours",
  "PyTorch",
  "ratio",
];
const cases = record.bench?.cases ?? [];
for (const variant of new Set(cases.map((one) => one.variant))) {
  console.log(`\n### ${variant}\n\n${row(HEADINGS)}\n| --- |${" --: |".repeat(HEADINGS.length - 1)}`);
  for (const { shape, results } of cases.filter((one) => one.variant === variant)) {
    const { forward, training } = results;
    console.log(
      row([
        `${shape.batch}×${shape.timesteps}×${shape.features}→${shape.units}`,
        ...["ours", "out", "torch"].map((who) => milliseconds(forward?.median[who])),
        ...["ours", "out"].map((who) => ratio(forward?.ratio[who])),
        ...["ours", "torch"].map((who) => milliseconds(training?.median[who])),
        ratio(training?.ratio.ours),
      ]),
    );
  }
}
if (record.bench?.left?.length > 0) console.log(`\nLeft out for want of time: ${record.bench.left.join(", ")}.`);
