import { readFileSync } from "node:fs";
import type { Role } from "./contender.js";
import type { Machine } from "./machine.js";
import type { BenchRecord, Measurement, RunRecord, ShapeRecord, StackRecord } from "./record.js";

/** Format 1: one number of threads, no roles, and neither training, orthogonal matrices nor curves. */
interface FirstRecord extends Omit<RunRecord, "shapes" | "training" | "stacks" | "orthogonal"> {
  format: 1;
  date: string;
  machine: Machine;
  sampleMs: number;
  shapes: (Omit<ShapeRecord, "measurements"> & { measurements: Omit<Measurement, "role">[] })[];
}

/** Format 2 before several GRUs were measured. */
interface WithoutStacks extends Omit<BenchRecord, "runs"> {
  runs: (Omit<RunRecord, "stacks"> & { stacks?: StackRecord[] })[];
}

/** Reads a record of any format there has been. Throws a `RangeError` for anything else. */
export function readRecord(path: string): BenchRecord {
  const record = JSON.parse(readFileSync(path, "utf8")) as WithoutStacks | FirstRecord;
  if (record.format === 2) {
    return { ...record, runs: record.runs.map((run) => ({ ...run, stacks: run.stacks ?? [] })) };
  }
  if (record.format === 1) return fromFirst(record);
  const { format } = record as { format?: unknown };
  throw new RangeError(`Expected a record of format 1 or 2 in ${path} but received format ${String(format)}`);
}

function fromFirst({
  date,
  machine,
  sampleMs,
  threads,
  rounds,
  load,
  steal,
  skipped,
  shapes,
}: FirstRecord): BenchRecord {
  const withRoles = shapes.map((at) => ({
    ...at,
    measurements: at.measurements.map((measurement) => ({ ...measurement, role: roleOf(measurement.contender) })),
    skipped: at.skipped.map(({ contender, reason }) => ({
      contender,
      reason: reason.includes("streaming") ? "" : reason,
    })),
  }));
  const run = { threads, rounds, load, steal, skipped, shapes: withRoles, training: [], stacks: [], orthogonal: [] };
  return { format: 2, date, machine, sampleMs, runs: [run], curves: [] };
}

/** Format 1 told its contenders apart by their names. */
function roleOf(contender: string): Role {
  if (contender === "cudnn-gru") return "ours";
  if (contender === "C++ kernel alone") return "kernel";
  return contender.startsWith("cudnn-gru, ") || contender === "addon's call alone" ? "way" : "peer";
}
