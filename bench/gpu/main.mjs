// Our layer on the cuDNN path against PyTorch's cuDNN GRU: host arrays in, host arrays out, in one run. Plain JavaScript:
// it runs from the archive that `npm run gpu:bundle` makes.
//   main.mjs [--rounds 15] [--sample-ms 200] [--json file] [BxTxF-U ...]
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { backendInfo, GRU, tensor } from "../../dist/index.js";
import { native } from "../../dist/native.js";

const SHAPES = [
  "32x100x128-256",
  "64x50x512-512",
  "16x200x32-128",
  "1x100x64-64",
  "1x100x256-256",
  "1x50x1024-1024",
  "256x256x512-1024",
];
const TOLERANCE = 1e-4;
const MODES = ["forward", "training"];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "15" },
    "sample-ms": { type: "string", default: "200" },
    json: { type: "string" },
  },
});

function parseShape(text) {
  const sizes = /^(\d+)x(\d+)x(\d+)-(\d+)$/.exec(text);
  if (!sizes) throw new RangeError(`Expected a shape such as 32x100x128-256 but received ${text}`);
  const [batch, timesteps, features, units] = sizes.slice(1).map(Number);
  return { batch, timesteps, features, units };
}

function uniform(count, scale) {
  return Float32Array.from({ length: count }, () => (2 * Math.random() - 1) * scale);
}

/** PyTorch in a process of its own: one line of JSON a request, one an answer. */
class Torch {
  static async start() {
    const program = fileURLToPath(new URL("./torch_gru.py", import.meta.url));
    const venv = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));
    const reasons = [];
    const named = process.env.CUDNN_GRU_PYTHON;
    for (const python of named ? [named] : [venv, "python3"]) {
      const torch = new Torch(spawn(python, [program], { stdio: ["pipe", "pipe", "inherit"] }));
      const hello = await torch.answer();
      if (hello.ok) return Object.assign(torch, { about: hello.ok });
      reasons.push(`${python}: ${hello.error}`);
      torch.close();
    }
    throw new Error(reasons.join("; "));
  }

  constructor(child) {
    this.child = child;
    this.failed = new Promise((resolve) => {
      child.on("error", ({ message }) => resolve({ error: message }));
      child.on("close", (code) => resolve({ error: `ended with ${code}` }));
    });
    child.stdin.on("error", () => {});
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async answer() {
    const line = this.lines.next().then(({ value, done }) => (done ? this.failed : JSON.parse(value)));
    return Promise.race([line, this.failed]);
  }

  async ask(request) {
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    const { ok, error } = await this.answer();
    if (error !== undefined) throw new Error(error);
    return ok;
  }

  close() {
    this.child.stdin.end();
  }
}

function makeProblem({ batch, timesteps, features, units }) {
  const scale = 1 / Math.sqrt(units);
  return {
    inputs: uniform(batch * timesteps * features, 1),
    upstream: uniform(batch * timesteps * units, 1 / batch),
    weights: [uniform(features * 3 * units, scale), uniform(units * 3 * units, scale), uniform(6 * units, scale)],
  };
}

/**
 * Milliseconds of one call: `device`, by CUDA events, and `host`, the calling thread's in the addon. A training step's are
 * those of its forward and its backward together. Timing costs a few events a call, so that these calls are not the ones
 * whose median is reported.
 */
function splitOf(call, count) {
  const { cudnnTimings } = native();
  cudnnTimings(true);
  for (let i = 0; i < count; i++) call();
  const { host, device } = cudnnTimings(false);
  const each = (times) => Object.fromEntries(Object.entries(times).map(([stage, sum]) => [stage, sum / count]));
  return { host: each(host), device: each(device) };
}

/** Our layer; results go to new arrays, as in a program that keeps them. */
function makeOurs(shape, { inputs, upstream, weights }) {
  const { batch, timesteps, features, units } = shape;
  const gru = new GRU(units, { return_sequences: true, use_cudnn: true });
  gru.build([null, null, features]);
  gru.setWeights(weights);
  const x = tensor(inputs, [batch, timesteps, features]);
  const output = tensor(upstream, [batch, timesteps, units]);
  const calls = {
    forward: () => gru.call(x),
    training: () => gru.forward(x, { training: true }).backward({ output }),
  };
  const time = (mode, count) => {
    const start = performance.now();
    for (let i = 0; i < count; i++) calls[mode]();
    return (performance.now() - start) / count;
  };
  const first = { forward: calls.forward().data, training: calls.training().weights[1].data };
  return { time, first, split: (mode, count) => splitOf(calls[mode], count), dispose: () => gru.dispose() };
}

function largestDifference(a, b) {
  let largest = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  let scale = 1;
  for (let i = 0; i < a.length; i++) {
    largest = Math.max(largest, Math.abs(a[i] - b[i]));
    scale = Math.max(scale, Math.abs(b[i]));
  }
  return largest / scale;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

async function countFor(time, sampleMs) {
  await time(3);
  let count = 1;
  for (let i = 0; i < 4; i++) count = Math.max(1, Math.min(10_000, Math.round(sampleMs / (await time(count)))));
  return count;
}

async function measure(shape, torch, folder, { rounds, sampleMs }) {
  const problem = makeProblem(shape);
  const ours = makeOurs(shape, problem);
  const results = {};
  if (torch) {
    const files = { inputs: [problem.inputs], upstream: [problem.upstream], weights: problem.weights };
    for (const [name, arrays] of Object.entries(files)) {
      writeFileSync(join(folder, name), Buffer.concat(arrays.map(({ buffer }) => Buffer.from(buffer))));
    }
    await torch.ask({ prepare: shape, folder });
  }
  for (const mode of MODES) {
    const contenders = { ours: (count) => ours.time(mode, count) };
    if (torch) contenders.torch = async (count) => torch.ask({ time: mode, count });
    const counts = {};
    for (const [name, time] of Object.entries(contenders)) counts[name] = await countFor(time, sampleMs);
    const samples = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      const order = Object.keys(contenders).sort(() => Math.random() - 0.5);
      for (const name of order) samples[name].push(await contenders[name](counts[name]));
    }
    const result = { milliseconds: samples, median: {}, difference: null, split: {} };
    for (const [name, values] of Object.entries(samples)) result.median[name] = median(values);
    const splitCount = (name) => Math.min(200, Math.max(20, counts[name]));
    result.split.ours = ours.split(mode, splitCount("ours"));
    if (torch) {
      result.ratio = result.median.torch / result.median.ours;
      result.difference = largestDifference(
        ours.first[mode],
        new Float32Array(readFileSync(join(folder, mode)).buffer),
      );
      result.split.torch = await torch.ask({ split: mode, count: splitCount("torch") });
    }
    results[mode] = result;
  }
  ours.dispose();
  return { shape, results };
}

function about() {
  return { format: 1, date: new Date().toISOString(), node: process.version, backend: backendInfo() };
}

function write(record) {
  if (options.json) writeFileSync(options.json, `${JSON.stringify(record, null, 2)}\n`);
}

const runtime = new GRU(1).explain().requirements.find(({ id }) => id === "runtime");
if (!runtime.met) {
  const reason = `no cuDNN here: ${runtime.detail}`;
  console.log(`Skipped: ${reason}`);
  write({ ...about(), skipped: reason });
  process.exit(0);
}
let torch = null;
let skipped = null;
try {
  torch = await Torch.start();
} catch (error) {
  skipped = `PyTorch with CUDA was not found (${error.message})`;
  console.log(skipped);
}
const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-bench-"));
const effort = { rounds: Number(options.rounds), sampleMs: Number(options["sample-ms"]) };
const record = {
  ...about(),
  torch: torch?.about ?? null,
  skipped,
  ...effort,
  shapes: [],
};
try {
  for (const text of positionals.length > 0 ? positionals : SHAPES) {
    const one = await measure(parseShape(text), torch, folder, effort);
    record.shapes.push(one);
    for (const [mode, { median: middle, ratio, difference, split }] of Object.entries(one.results)) {
      const theirs = torch
        ? `, PyTorch ${middle.torch.toFixed(3)} ms, ratio ${ratio.toFixed(2)}, difference ${difference.toExponential(1)}`
        : "";
      console.log(`${text} ${mode}: ours ${middle.ours.toFixed(3)} ms${theirs}`);
      const { host, device } = split.ours;
      const parts = { ours: { ...device, launch: host.compute }, ...(split.torch && { PyTorch: split.torch }) };
      for (const [name, { copyIn, compute, copyOut, launch }] of Object.entries(parts)) {
        const [into, inside, out, queued] = [copyIn, compute, copyOut, launch].map((time) => time.toFixed(3));
        console.log(`  ${name}: copies in ${into}, compute ${inside}, copies out ${out}; launch ${queued} ms`);
      }
      if (torch && !(difference <= TOLERANCE)) process.exitCode = 1;
    }
  }
} finally {
  torch?.close();
  rmSync(folder, { recursive: true, force: true });
}
write(record);
