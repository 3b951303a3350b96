// The picture of speed on the front page: what it shows of a record, and which records it refuses.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readRecord } from "../../bench/read_record.js";
import type { BenchRecord, Measurement, ShapeRecord } from "../../bench/record.js";
import { formatTime, speedFigures, speedInWords } from "../../bench/speed/figures.js";
import { drawSpeed } from "../../bench/speed/plot.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const small = { batch: 1, timesteps: 10, features: 8, units: 16 };
const large = { batch: 32, timesteps: 100, features: 128, units: 256 };

function measured(contender: string, nanoseconds: number[]): Measurement {
  const role = contender === "cudnn-gru" ? "ours" : "peer";
  return { contender, version: "1", role, resetAfter: true, difference: 0, calls: 1, nanoseconds };
}

/** Our layer takes 1, 1 and 4 ms, and each peer `times[name]` as long in every round. */
function at(shape: ShapeRecord["shape"], times: Record<string, number>): ShapeRecord {
  const peers = Object.entries(times).map(([name, ratio]) => measured(name, [ratio * 1e6, ratio * 1e6, ratio * 4e6]));
  const measurements = [measured("cudnn-gru", [1e6, 1e6, 4e6]), measured("oneDNN", [1, 1, 1]), ...peers];
  return { shape, limits: null, measurements, skipped: [], memory: null };
}

function record(shapes: ShapeRecord[], threads = 1): BenchRecord {
  const machine = { cpu: "some CPU", cpus: 2, usableCpus: 2, isa: "avx512", memoryGiB: 1, os: "Linux", node: "v20" };
  const others = { training: [], stacks: [], sixteenBit: [], orthogonal: [] };
  const run = { threads, rounds: 3, load: 0, steal: 0, skipped: [], shapes, ...others };
  return { format: 2, date: "2026-01-01", machine, sampleMs: 40, runs: [run], models: null, curves: [] };
}

const whole = record([
  at(small, { "onnxruntime-node": 2, Keras: 0.5, "tfjs (wasm)": 300 }),
  at(large, { "onnxruntime-node": 1.25, Keras: 1.5 }),
]);

describe("speedFigures", () => {
  it("has the median time, and the median of the ratios within rounds", () => {
    expect(speedFigures(whole)).toEqual([
      {
        shape: small,
        milliseconds: 1,
        peers: [
          { peer: "onnxruntime-node", measured: { milliseconds: 2, ratio: 2 } },
          { peer: "Keras", measured: { milliseconds: 0.5, ratio: 0.5 } },
          { peer: "tfjs (wasm)", measured: { milliseconds: 300, ratio: 300 } },
        ],
      },
      expect.objectContaining({
        shape: large,
        peers: expect.arrayContaining([{ peer: "tfjs (wasm)", measured: null }]),
      }),
    ]);
  });

  it.each([
    ["no run with one thread", record(whole.runs[0]!.shapes, 2), /one thread, but none/],
    ["no inference", record([]), /one thread, but none/],
    [
      "no onnxruntime-node at one shape",
      record([...whole.runs[0]!.shapes, at(small, { Keras: 1, "tfjs (wasm)": 1 })]),
      /onnxruntime-node on one thread, which was not measured at 1×10×8→16/,
    ],
    ["no Keras", record([at(small, { "onnxruntime-node": 1, "tfjs (wasm)": 1 })]), /Keras/],
    ["no tfjs anywhere", record([at(large, { "onnxruntime-node": 1, Keras: 1 })]), /tfjs/],
  ])("refuses a record with %s", async (_, without, reason) => {
    expect(() => speedFigures(without)).toThrow(RangeError);
    await expect(drawSpeed(without)).rejects.toThrow(reason);
  });
});

describe("drawSpeed", () => {
  it("shows every figure, also of a peer that is faster", async () => {
    const svg = await drawSpeed(whole);
    for (const text of ["2.00×", "0.500×", "300×", "1.25×", "1.50×", "not measured", "cudnn-gru 1.00 ms", "some CPU"]) {
      expect(svg).toContain(text);
    }
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("has every colour in a dark form too", async () => {
    const svg = await drawSpeed(whole);
    const drawn = new Set([...svg.matchAll(/(?:fill|stroke)="(#\w+)"/g)].map(([, color]) => color as string));
    expect(drawn.size).toBeGreaterThan(5);
    for (const color of drawn) expect(svg).toContain(`[fill="${color}"]{fill:#`);
  });
});

describe("speedInWords", () => {
  it("has every figure", () => {
    expect(speedInWords(whole)).toContain(
      "1×10×8→16: cudnn-gru 1.00 ms, onnxruntime-node 2.00 times as long, Keras 0.500 times as long, tfjs (wasm) 300 times as long. 32×100×",
    );
    expect(speedInWords(whole)).toContain("tfjs (wasm) not measured");
    expect([0.0547, 0.9999, 14.3, 392].map(formatTime)).toEqual(["54.7 µs", "1000 µs", "14.3 ms", "392 ms"]);
  });
});

describe("README.md", () => {
  const readme = readFileSync(`${root}README.md`, "utf8");
  const [, path] = /\]\((bench\/records\/[^)]+)\.md\)/.exec(readme) ?? [];
  const committed = readRecord(`${root}${path}.json`);

  it("shows the picture of the record that it names", async () => {
    expect(readme).toContain("](docs/speed.svg)");
    expect(readFileSync(`${root}docs/speed.svg`, "utf8")).toBe(await drawSpeed(committed));
  });

  it("says in words what the picture shows", () => {
    expect(readme).toContain(`![${speedInWords(committed)}](docs/speed.svg)`);
  });
});
