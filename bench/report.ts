import { importPackage } from "./packages.js";
import type { BenchRecord, Measurement, ShapeRecord } from "./record.js";
import { formatShape, isStreaming } from "./shapes.js";
import { detailTable, limitsTable, memoryTable, streamingTable, summaryTable, type Table } from "./tables.js";

/** What we use of markdown-table. */
type MarkdownTable = (rows: readonly (readonly string[])[], options: { align: string[] }) => string;

/** A record as Markdown: a summary, a table for each shape, the machine's limits, memory, and what was left out. */
export async function formatReport(record: BenchRecord): Promise<string> {
  const { markdownTable } = await importPackage<{ markdownTable: MarkdownTable }>("markdown-table");
  const render = (table: Table) =>
    markdownTable(table, { align: ["l", ...Array<string>((table[0]?.length ?? 1) - 1).fill("r")] });
  const training = record.training ?? false;
  const sequences = record.shapes.filter(({ shape }) => training || !isStreaming(shape));
  const steps = record.shapes.filter(({ shape }) => !training && isStreaming(shape));
  const parts = [heading(record), versions(record)];
  if (sequences.length > 0) parts.push("### Summary", render(summaryTable(sequences, training)));
  for (const at of sequences) parts.push(`### ${formatShape(at.shape)}`, render(detailTable(at, training)));
  for (const at of steps) parts.push(`### ${formatShape(at.shape)}, one step a call`, render(streamingTable(at)));
  if (record.shapes.some(({ limits }) => limits !== null)) {
    parts.push("### The machine's limits", render(limitsTable(record.shapes)));
  }
  if (!training) parts.push("### Memory of one layer", render(memoryTable(record.shapes)));
  const left = leftOut(record);
  if (left.length > 0) parts.push("### Not measured", left.map((line) => `- ${line}`).join("\n"));
  return `${parts.join("\n\n")}\n`;
}

function heading({ date, machine, threads, training, rounds, sampleMs, load, steal }: BenchRecord): string {
  const { cpu, cpus, usableCpus, isa, memoryGiB, os, node } = machine;
  const stolen = steal === null ? "" : `, ${(100 * steal).toFixed(1)} % of CPU time taken by the hypervisor`;
  return [
    `${date}. ${cpu}, ${cpus} CPUs (${usableCpus} usable), kernels ${isa}, ${memoryGiB} GiB, ${os}, Node ${node}.`,
    `${training ? "Forward and backward. " : ""}${threads} thread${threads === 1 ? "" : "s"} each, ${rounds} rounds of ${sampleMs} ms samples; medians, least and`,
    `greatest in brackets. Load average before the run ${load.toFixed(2)}${stolen}.`,
  ].join("\n");
}

function versions({ shapes }: BenchRecord): string {
  const seen = new Map(allMeasurements(shapes).map(({ contender, version }) => [contender, version]));
  const named = [...seen].filter(([, version]) => version !== "");
  return `Versions: ${named.map(([contender, version]) => `${contender} ${version}`).join(", ")}.`;
}

function allMeasurements(shapes: readonly ShapeRecord[]): Measurement[] {
  return shapes.flatMap(({ measurements }) => measurements);
}

function leftOut({ skipped, shapes }: BenchRecord): string[] {
  const everywhere = skipped.map(({ contender, reason }) => `${contender}: ${reason}`);
  const reasons = new Map<string, string[]>();
  for (const { shape, skipped: here } of shapes) {
    for (const { contender, reason } of here) {
      // Ways of calling our own layer that belong to streaming alone are no gap in the other tables.
      if (reason.includes("streaming")) continue;
      const line = `${contender}: ${reason}`;
      reasons.set(line, [...(reasons.get(line) ?? []), formatShape(shape)]);
    }
  }
  return [...everywhere, ...[...reasons].map(([line, at]) => `${line} (${at.join(", ")})`)];
}
