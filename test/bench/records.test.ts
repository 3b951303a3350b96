import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BIDIRECTIONAL, type Form, TWO_LAYERS } from "../../bench/forms.js";
import { formatModels } from "../../bench/models/report.js";
import { readRecord } from "../../bench/read_record.js";
import type { Measurement, ShapeRecord } from "../../bench/record.js";
import { detailTable, orthogonalTable, streamingTable, summaryTable } from "../../bench/tables.js";
import { INFERENCE, inferenceOf, TRAINING } from "../../bench/workload.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bench-records-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const shape = { batch: 4, timesteps: 10, features: 8, units: 16 };
const memory = { packed: 1, scratch: 0, growth: 0 };

function measured(contender: string, role: Measurement["role"], nanoseconds: number[]): Measurement {
  return { contender, version: "1", role, resetAfter: true, difference: 0, calls: 1, nanoseconds };
}

/** Our layer takes 1 ms, the kernel 0.8, float64 1.5, a peer 2 ms; the peak is 0.1 TFLOP/s. */
function at(sizes = shape): ShapeRecord {
  return {
    shape: sizes,
    limits: { fma: [1e11, 1e11, 1e11], read: [1e10, 1e10, 1e10], readSize: 3072 },
    measurements: [
      measured("cudnn-gru", "ours", [1e6, 1e6, 4e6]),
      measured("C++ kernel alone", "kernel", [8e5, 8e5, 8e5]),
      measured("cudnn-gru, float64", "float64", [1.5e6, 1.5e6, 6e6]),
      measured("peer", "peer", [2e6, 2e6, 8e6]),
      { ...measured("an empty Node-API call", "way", [10, 10, 10]), difference: null },
    ],
    skipped: [],
    memory,
  };
}

const row = (table: string[][], name: string) => {
  const found = table.find(([title]) => title === name) as string[];
  return Object.fromEntries((table[0] as string[]).map((title, column) => [title, found[column]]));
};

describe("readRecord", () => {
  it("reads format 1 as one run with roles", () => {
    const measurement = { version: "1", resetAfter: true, difference: 0, calls: 1, nanoseconds: [5] };
    const names = ["cudnn-gru", "cudnn-gru, stateful", "addon's call alone", "C++ kernel alone", "PyTorch"];
    const measurements = names.map((contender) => ({ contender, ...measurement }));
    const skipped = [{ contender: "x", reason: "measured for streaming steps only" }];
    const old = {
      format: 1,
      date: "2026-01-01",
      machine: { cpu: "some" },
      ...{ threads: 2, rounds: 21, sampleMs: 40, load: 0, steal: null, skipped: [] },
      shapes: [{ shape, limits: null, measurements, skipped, memory }],
    };
    const path = join(folder, "old.json");
    writeFileSync(path, JSON.stringify(old));
    const { runs, ...record } = readRecord(path);
    expect(record).toEqual({
      ...{ format: 2, date: "2026-01-01", machine: { cpu: "some" }, sampleMs: 40 },
      ...{ models: null, curves: [] },
    });
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({ threads: 2, rounds: 21, training: [], sixteenBit: [], orthogonal: [] });
    const [only] = runs[0]!.shapes;
    expect(only!.measurements.map(({ role }) => role)).toEqual(["ours", "way", "way", "kernel", "peer"]);
    expect(only!.skipped).toEqual([{ contender: "x", reason: "" }]);
  });

  it("reads records from before stacks, 16-bit types and models were measured", () => {
    const path = join(folder, "without_stacks.json");
    const run = {
      threads: 1,
      rounds: 3,
      load: 0,
      steal: null,
      skipped: [],
      shapes: [at()],
      training: [],
      orthogonal: [],
    };
    writeFileSync(
      path,
      JSON.stringify({ format: 2, date: "2026-01-01", machine: {}, sampleMs: 40, runs: [run], curves: [] }),
    );
    expect(readRecord(path).runs).toEqual([{ ...run, stacks: [], sixteenBit: [] }]);
    expect(readRecord(path).models).toBeNull();
  });

  it("refuses what is no record", () => {
    const path = join(folder, "other.json");
    writeFileSync(path, JSON.stringify({ format: 3 }));
    expect(() => readRecord(path)).toThrow("Expected a whole record of format 1 or 2");
    writeFileSync(path, "| a table |");
    expect(() => readRecord(path)).toThrow(RangeError);
    expect(() => readRecord(join(folder, "none.json"))).toThrow(/Expected a record in .*none.json .*ENOENT/);
  });
});

describe("tables", () => {
  it("set only peers in columns of their own, by the ratio within each round", () => {
    const table = summaryTable([at()], INFERENCE);
    expect(row(table, "4×10×8→16")).toEqual({
      shape: "4×10×8→16",
      ms: "1.00",
      "C++ kernel, ms": "0.800",
      "GFLOP/s": "0.1",
      "of peak": "0 %",
      "of floor": "0 %",
      float64: "1.50×",
      "vs peer": "2.00×",
    });
  });

  it("leave empty what a contender of other arithmetic has no part in", () => {
    const table = detailTable(at(), INFERENCE);
    expect(row(table, "cudnn-gru, float64")["of floor"]).toBe("");
    expect(row(table, "peer")["cudnn-gru is × as fast"]).toBe("2.00 (2.00–2.00)");
    expect(row(table, "peer")["C++ kernel is × as fast"]).toBe("2.50");
    expect(row(table, "cudnn-gru, float64")["C++ kernel is × as fast"]).toBe("");
    expect(row(table, "an empty Node-API call")["largest difference"]).toBe("");
  });

  it("count the products of a step of training, and have no columns for what was not measured", () => {
    const { measurements, ...rest } = at({ batch: 32, timesteps: 100, features: 128, units: 256 });
    const training = { ...rest, measurements: measurements.filter(({ role }) => role === "ours" || role === "peer") };
    // 3 * 6 * 32 * 100 * (128 + 256) * 256 operations in a millisecond, of a peak of 0.1 TFLOP/s.
    expect(row(summaryTable([training], TRAINING), "32×100×128→256")).toEqual({
      shape: "32×100×128→256",
      ms: "1.00",
      "GFLOP/s": "5662.3",
      "of peak": "5662 %",
      "of floor": "5662 %",
      "vs peer": "2.00×",
    });
    expect(Object.keys(row(detailTable(training, TRAINING), "peer"))).not.toContain("C++ kernel is × as fast");
  });

  it("count the products of every GRU of a stack, and have a column for its layers called one by one", () => {
    const stack = at({ batch: 32, timesteps: 100, features: 128, units: 256 });
    stack.measurements = [
      measured("cudnn-gru", "ours", [1e6, 1e6, 4e6]),
      measured("one by one", "apart", [1.5e6, 1.5e6, 6e6]),
    ];
    // 6 * 32 * 100 * (128 + 256) * 256 operations twice, and for two layers those of 256 features too.
    const gflops = (form: Form) => row(summaryTable([stack], inferenceOf(form)), "32×100×128→256");
    expect(gflops(BIDIRECTIONAL)).toMatchObject({ "GFLOP/s": "3774.9", "vs one by one": "1.50×" });
    expect(gflops(TWO_LAYERS)["GFLOP/s"]).toBe("4404.0");
  });

  it("give a step's time above the kernel's", () => {
    const table = streamingTable(at({ ...shape, batch: 1, timesteps: 1 }));
    expect(row(table, "cudnn-gru")["µs above the kernel"]).toBe("200.00 (200.00–3200.00)");
    expect(row(table, "C++ kernel alone")["µs above the kernel"]).toBe("");
    expect(row(table, "an empty Node-API call")["cudnn-gru is × as fast"]).toBe("");
  });

  it("show who made no matrix of a size", () => {
    const timing = { version: "", calls: 1, deviation: 1e-6 };
    const ours = { ...timing, contender: "cudnn-gru", role: "ours" as const, nanoseconds: [1e6] };
    const peer = { ...timing, contender: "NumPy", role: "peer" as const, nanoseconds: [3e6] };
    const table = orthogonalTable([
      { units: 64, timings: [ours, peer] },
      { units: 128, timings: [ours] },
    ]);
    expect(row(table, "64×192")).toMatchObject({ "NumPy, ms": "3.00", "vs NumPy": "3.00×" });
    expect(row(table, "128×384")).toMatchObject({ "cudnn-gru, ms": "1.00", "NumPy, ms": "–", "vs NumPy": "–" });
  });
});

it("a report says why whole models were not measured", async () => {
  const machine = {} as Parameters<typeof formatModels>[0]["machine"];
  const record = { format: 1, date: "2026-11-27", machine, rows: [], skipped: ["no python3 has keras"] } as const;
  expect(await formatModels(record)).toBe("Whole models were not measured: no python3 has keras.\n");
});
