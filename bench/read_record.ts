import { readFileSync } from "node:fs";
import type { Role } from "./contender.js";
import type { Machine } from "./machine.js";
import type { BenchRecord, Measurement, RunRecord, ShapeRecord, StackRecord } from "./record.js";

/** Format 1: one number of threads, no roles, and neither training, orthogonal matrices nor curves. */
interface FirstRecord extends Omit<RunRecord, "shapes" | "training" | "stacks" | "sixteenBit" | "orthogonal"> {
  format: 1;
  date: string;
  machine: Machine;
  sampleMs: number;
  shapes: (Omit<ShapeRecord, "measurements"> & { measurements: Omit<Measurement, "role">[] })[];
}

/** Format 2, whose older records lack parts that are measured today. */
interface SecondRecord extends Omit<BenchRecord, "runs" | "models"> {
  runs: (Omit<RunRecord, "stacks" | "sixteenBit"> & { stacks?: StackRecord[]; sixteenBit?: ShapeRecord[] })[];
  models?: BenchRecord["models"];
}

/** Reads a record of any format there has been. Throws a `RangeError` for anything else. */
export function readRecord(path: string): BenchRecord {
  const record = readJson(path) as SecondRecord | FirstRecord;
  if (record.format === 2 && Array.isArray(record.runs)) {
    const runs = record.runs.map((run) => ({ ...run, stacks: run.stacks ?? [], sixteenBit: run.sixteenBit ?? [] }));
    return { ...record, runs, models: record.models ?? null };
  }
  if (record.format === 1) return fromFirst(record);
  const { format } = record as { format?: unknown };
  throw new RangeError(`Expected a whole record of format 1 or 2 in ${path} but received format ${String(format)}`);
}

/** Returns the object in a JSON file. Throws a `RangeError` for anything else. */
function readJson(path: string): object {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new RangeError(`Expected a record in ${path} but it cannot be read: ${(error as Error).message}`);
  }
  if (typeof value === "object" && value !== null) return value;
  throw new RangeError(`Expected a record in ${path} but received ${String(value)}`);
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
  const others = { training: [], stacks: [], sixteenBit: [], orthogonal: [] };
  const run = { threads, rounds, load, steal, skipped, shapes: withRoles, ...others };
  return { format: 2, date, machine, sampleMs, runs: [run], models: null, curves: [] };
}

/** Format 1 told its contenders apart by their names. */
function roleOf(contender: string): Role {
  if (contender === "cudnn-gru") return "ours";
  if (contender === "C++ kernel alone") return "kernel";
  return contender.startsWith("cudnn-gru, ") || contender === "addon's call alone" ? "way" : "peer";
}
