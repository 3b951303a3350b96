import type { Machine } from "../machine.js";
import { importPackage } from "../packages.js";
import { pairwise, spreadOf } from "../statistics.js";

/** The times of one contender for one model and batch. */
export interface ModelMeasurement {
  readonly contender: string;
  readonly version: string;
  /** The largest difference from what Keras predicts, relative to the largest element; null where there is nothing to compare. */
  readonly difference: number | null;
  /** The nanoseconds of one call, for each round. */
  readonly nanoseconds: readonly number[];
}

export interface ModelRow {
  readonly model: string;
  readonly batch: number;
  readonly threads: number;
  readonly measurements: readonly ModelMeasurement[];
}

/** The record of a run. */
export interface ModelRecord {
  readonly format: 1;
  readonly date: string;
  readonly machine: Machine;
  readonly rows: readonly ModelRow[];
  /** Contenders that were left out, with the reason. Without rows: why no model was measured. */
  readonly skipped: readonly string[];
}

export const OURS = "cudnn-gru";

/** The median over rounds of a contender's time divided by ours. Above 1, ours is faster. */
export function ratioOf(theirs: readonly number[], ours: readonly number[]): number {
  return median(pairwise(theirs, ours, (time, own) => time / own));
}

function median(values: readonly number[]): number {
  return spreadOf(values).median;
}

function milliseconds(nanoseconds: number): string {
  return (nanoseconds / 1e6).toPrecision(3);
}

/** The record as Markdown: a table for each number of threads, or why there is none. */
export async function formatModels({ rows, skipped, machine, date }: ModelRecord): Promise<string> {
  if (rows.length === 0) return `Whole models were not measured: ${skipped.join("; ")}.\n`;
  const { markdownTable } = await importPackage<{ markdownTable(rows: string[][], options: object): string }>(
    "markdown-table",
  );
  const text = [
    `Whole models, ${date}, ${machine.cpu}, Node.js ${machine.node}. Milliseconds of one call (median), and in brackets`,
  ];
  text.push("the median of the ratios to ours in each round: above 1, ours is faster.");
  for (const threads of new Set(rows.map((row) => row.threads))) {
    const own = rows.filter((row) => row.threads === threads);
    const names = [...new Set(own.flatMap(({ measurements }) => measurements.map(({ contender }) => contender)))];
    const table = own.map(({ model, batch, measurements }) => {
      const ours = measurements.find(({ contender }) => contender === OURS)?.nanoseconds ?? [];
      const cells = names.map((name) => {
        const found = measurements.find(({ contender }) => contender === name);
        if (found === undefined) return "";
        const time = milliseconds(median(found.nanoseconds));
        return name === OURS ? time : `${time} (${ratioOf(found.nanoseconds, ours).toFixed(2)})`;
      });
      return [model, String(batch), ...cells];
    });
    text.push("", `### Whole models, ${threads} thread${threads === 1 ? "" : "s"}`, "");
    text.push(markdownTable([["model", "batch", ...names], ...table], { align: ["l", "r", ...names.map(() => "r")] }));
  }
  if (skipped.length > 0) text.push("", `Left out: ${skipped.join("; ")}.`);
  return `${text.join("\n")}\n`;
}
