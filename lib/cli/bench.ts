import { allocate } from "../arguments/memory.js";
import { checkedProduct } from "../arguments/shapes.js";
import { backendInfo, configure, GRU, tensor } from "../index.js";
import { textTable } from "../models/run/text_table.js";

/** The sizes that `bench` times, unless others are named. */
export const SHAPES = ["1x1x32-32", "1x100x64-64", "16x200x32-128", "32x100x128-256", "64x50x512-512"];

/** The time of one call of a layer. */
export interface BenchRow {
  shape: string;
  path: "cpu" | "cudnn";
  threads: number;
  calls: number;
  medianMilliseconds: number;
  timestepsPerSecond: number;
}

export interface BenchReport {
  isa: string | null;
  /** The name of the CUDA device, or why there is no cuDNN path. */
  gpu: { device: string } | { reason: string };
  rows: BenchRow[];
}

interface Sizes {
  batch: number;
  timesteps: number;
  features: number;
  units: number;
}

/** Reads `BxTxF-U`, or returns null. */
export function readShape(text: string): Sizes | null {
  const found = /^(\d{1,6})x(\d{1,6})x(\d{1,6})-(\d{1,6})$/.exec(text)?.slice(1).map(Number);
  if (found === undefined || found.some((size) => size === 0)) return null;
  const [batch, timesteps, features, units] = found as [number, number, number, number];
  return { batch, timesteps, features, units };
}

/**
 * Times float32 calls of layers with random weights: on one thread, on all, and on the GPU where there is one. Each row
 * takes about `seconds`, and the median is over the single calls.
 */
export function bench(shapes: readonly string[], seconds: number): BenchReport {
  const { cpu, cuda, cudnn } = backendInfo();
  const probe = new GRU(1, { use_cudnn: "auto" });
  const runtime = probe.explain().requirements.find(({ id }) => id === "runtime");
  probe.dispose();
  const onGpu = runtime?.met === true;
  const device = cuda.devices[0]?.name ?? "CUDA device 0";
  const rows: BenchRow[] = [];
  for (const shape of shapes) {
    const sizes = readShape(shape) as Sizes;
    for (const threads of new Set([1, cpu.usableCpus])) {
      configure({ threads });
      rows.push(timed(shape, sizes, "cpu", threads, seconds));
    }
    if (onGpu) rows.push(timed(shape, sizes, "cudnn", 1, seconds));
  }
  const reason = runtime?.detail ?? cudnn.reason ?? "no cuDNN";
  return { isa: cpu.isa, gpu: onGpu ? { device } : { reason }, rows };
}

/** Throws `ERR_OUT_OF_MEMORY` or `ERR_SHAPE` for sizes that no layer can have here. */
function timed(text: string, sizes: Sizes, path: BenchRow["path"], threads: number, seconds: number): BenchRow {
  const { batch, timesteps, features, units } = sizes;
  const gru = new GRU(units, { return_sequences: true, use_cudnn: path === "cudnn" });
  try {
    const shape = [batch, timesteps, features];
    const inputs = tensor(allocate("float32", checkedProduct(shape, "inputs"), "inputs"), shape);
    for (let i = 0; i < inputs.data.length; i++) inputs.data[i] = Math.random() * 2 - 1;
    const out = gru.call(inputs);
    const times: number[] = [];
    const end = performance.now() + seconds * 1e3;
    // The first calls pack weights and warm the caches up.
    for (let call = 0; call < 3 || (performance.now() < end && call < 1e6); call++) {
      const start = performance.now();
      gru.call(inputs, { out });
      if (call >= 2) times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    const median = times[times.length >> 1] as number;
    return {
      shape: text,
      path,
      threads,
      calls: times.length,
      medianMilliseconds: Number(median.toPrecision(4)),
      timestepsPerSecond: Math.round((batch * timesteps * 1e3) / median),
    };
  } finally {
    gru.dispose();
  }
}

/** Returns the report as lines of text for a person. */
export function benchText({ isa, gpu, rows }: BenchReport): string {
  const cells = rows.map(({ shape, path, threads, medianMilliseconds, timestepsPerSecond }) => [
    shape,
    path === "cudnn" ? "GPU (cuDNN)" : `CPU, ${threads} thread${threads === 1 ? "" : "s"}`,
    `${medianMilliseconds} ms`,
    timestepsPerSecond.toLocaleString("en-US"),
  ]);
  const where = "device" in gpu ? `GPU: ${gpu.device}` : `No GPU: ${gpu.reason}`;
  return `${[
    `float32 inference, batch x timesteps x features - units; CPU kernels: ${isa}. ${where}`,
    "",
    ...textTable([["shape", "path", "a call", "timesteps a second"], ...cells]),
  ].join("\n")}\n`;
}
