import { curvesTable } from "./curves/table.js";
import { type Form, STACKS } from "./forms.js";
import { formatModels } from "./models/report.js";
import { importPackage } from "./packages.js";
import type { BenchRecord, RunRecord, Timing } from "./record.js";
import { formatShape, isStreaming } from "./shapes.js";
import {
  detailTable,
  limitsTable,
  memoryTable,
  orthogonalTable,
  streamingTable,
  summaryTable,
  type Table,
} from "./tables.js";
import { INFERENCE, inferenceOf, TRAINING } from "./workload.js";

/** The part of markdown-table's interface that is used here. */
type MarkdownTable = (rows: readonly (readonly string[])[], options: { align: string[] }) => string;

/** Tables as Markdown. */
type Render = (table: Table) => string;

/**
 * A record as Markdown: for each number of threads a summary, a table for each shape, the machine's limits, memory,
 * orthogonal matrices and what was left out; then what the curves show.
 */
export async function formatReport(record: BenchRecord): Promise<string> {
  const { markdownTable } = await importPackage<{ markdownTable: MarkdownTable }>("markdown-table");
  const render = (table: Table) =>
    markdownTable(table, { align: ["l", ...Array<string>((table[0]?.length ?? 1) - 1).fill("r")] });
  const parts = [heading(record), versions(record)];
  for (const run of record.runs) parts.push(...formatRun(run, record.sampleMs, render));
  if (record.models !== null) parts.push((await formatModels(record.models)).trimEnd());
  if (record.curves.length > 0) parts.push("### Curves", render(curvesTable(record.curves)));
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function formatRun(run: RunRecord, sampleMs: number, render: Render): string[] {
  const { threads, rounds, load, steal, shapes, training, sixteenBit, orthogonal } = run;
  const stolen = steal === null ? "" : `, ${(100 * steal).toFixed(1)} % of CPU time taken by the hypervisor`;
  const parts = [
    `### ${threads} thread${threads === 1 ? "" : "s"}`,
    `${rounds} rounds of ${sampleMs} ms samples; medians, least and greatest in brackets.\n` +
      `Load average before the run ${load.toFixed(2)}${stolen}.`,
  ];
  const sequences = shapes.filter(({ shape }) => !isStreaming(shape));
  const steps = shapes.filter(({ shape }) => isStreaming(shape));
  if (sequences.length > 0) parts.push("#### Summary", render(summaryTable(sequences, INFERENCE)));
  for (const at of sequences) parts.push(`#### ${formatShape(at.shape)}`, render(detailTable(at, INFERENCE)));
  for (const at of steps) parts.push(`#### ${formatShape(at.shape)}, one step a call`, render(streamingTable(at)));
  if (training.length > 0) parts.push("#### Training: forward and backward", render(summaryTable(training, TRAINING)));
  for (const at of training) parts.push(`#### ${formatShape(at.shape)}, training`, render(detailTable(at, TRAINING)));
  for (const form of STACKS) parts.push(...formatStacks(run, form, render));
  if (sixteenBit.length > 0) parts.push("#### bfloat16", render(summaryTable(sixteenBit, INFERENCE)));
  for (const at of sixteenBit)
    parts.push(`#### ${formatShape(at.shape)}, bfloat16`, render(detailTable(at, INFERENCE)));
  if (orthogonal.length > 0) parts.push("#### Orthogonal matrices", render(orthogonalTable(orthogonal)));
  if (shapes.some(({ limits }) => limits !== null))
    parts.push("#### The machine's limits", render(limitsTable(shapes)));
  if (shapes.length > 0) parts.push("#### Memory of one layer", render(memoryTable(shapes)));
  const left = leftOut(run);
  if (left.length > 0) parts.push("#### Not measured", left.map((line) => `- ${line}`).join("\n"));
  return parts;
}

function formatStacks({ stacks }: RunRecord, form: Form, render: Render): string[] {
  const here = stacks.filter((at) => at.form === form.name);
  if (here.length === 0) return [];
  const workload = inferenceOf(form);
  const title = `${form.name[0]?.toUpperCase()}${form.name.slice(1)}`;
  const details = here.flatMap((at) => [
    `#### ${formatShape(at.shape)}, ${form.name}`,
    render(detailTable(at, workload)),
  ]);
  return [`#### ${title}: one call`, render(summaryTable(here, workload)), ...details];
}

function heading({ date, machine }: BenchRecord): string {
  const { cpu, cpus, usableCpus, isa, memoryGiB, os, node } = machine;
  return `${date}. ${cpu}, ${cpus} CPUs (${usableCpus} usable), kernels ${isa}, ${memoryGiB} GiB, ${os}, Node ${node}.`;
}

function versions({ runs }: BenchRecord): string {
  const timings = runs.flatMap(({ shapes, training, stacks, sixteenBit, orthogonal }): Timing[] => [
    ...[...shapes, ...training, ...stacks, ...sixteenBit].flatMap(({ measurements }) => measurements),
    ...orthogonal.flatMap((at) => at.timings),
  ]);
  const seen = new Map(timings.map(({ contender, version }) => [contender, version]));
  const named = [...seen].filter(([, version]) => version !== "");
  return named.length === 0 ? "" : `Versions: ${named.map((pair) => pair.join(" ")).join(", ")}.`;
}

function leftOut({ skipped, shapes, training, stacks, sixteenBit }: RunRecord): string[] {
  const everywhere = skipped.map(({ contender, reason }) => `${contender}: ${reason}`);
  const reasons = new Map<string, string[]>();
  for (const { shape, skipped: here } of [...shapes, ...training, ...stacks, ...sixteenBit]) {
    for (const { contender, reason } of here) {
      if (reason === "") continue;
      const line = `${contender}: ${reason}`;
      reasons.set(line, [...(reasons.get(line) ?? []), formatShape(shape)]);
    }
  }
  return [...everywhere, ...[...reasons].map(([line, at]) => `${line} (${at.join(", ")})`)];
}
