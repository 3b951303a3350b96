// Compares the speed of two builds of the addon, pair by pair: node bench/compilers.mjs [first.node] [second.node]
// Without arguments: the everyday build, and the one that npm run build:platforms -- linux-x64 makes. Each build has a
// process of its own. The two compute in turns, so that whatever else the machine does hits both, and what is printed is
// the median of the ratios second / first: above 1 the second one is slower. Times are CPU time, which other programs disturb
// less. --isa, --threads, --pairs and --processes change the rest.
//
// Hazard: where a process's memory happens to lie moves some shapes by a tenth, in every call of that process. So each shape
// is computed in several pairs of processes, and their ratios are printed too.
import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** batch x timesteps x features -> units, as in bench/README.md. */
const SHAPES = [
  [32, 100, 128, 256],
  [64, 50, 512, 512],
  [16, 200, 32, 128],
  [1, 100, 64, 64],
  [1, 100, 256, 256],
  [1, 50, 1024, 1024],
];
/** How long one turn of a build lasts, at least. */
const TURN_MS = 60;

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The CPU time of this process, in milliseconds. */
function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Computes in this process whatever the parent asks for: { shape } prepares, { pass } is one turn. */
async function serve() {
  const { GRU, tensor } = await import("../dist/index.js");
  let gru, inputs, upstream;
  const passes = {
    forward: () => gru.call(inputs),
    "forward and backward": () => gru.forward(inputs).backward({ output: upstream }),
  };
  const prepare = ([batch, timesteps, features, units]) => {
    gru?.dispose();
    gru = new GRU(units, { return_sequences: true, kernel_initializer: "glorot_uniform", seed: 1 });
    const fill = (count) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 0.37));
    inputs = tensor(fill(batch * timesteps * features), [batch, timesteps, features]);
    upstream = tensor(fill(batch * timesteps * units), [batch, timesteps, units]);
    for (const pass of Object.values(passes)) pass();
  };
  process.on("message", ({ shape, pass }) => {
    if (shape) prepare(shape);
    let calls = 0;
    const start = cpuMs();
    while (pass && cpuMs() - start < TURN_MS) {
      passes[pass]();
      calls += 1;
    }
    process.send((cpuMs() - start) / calls);
  });
}

function ask(child, question) {
  return new Promise((settle, reject) => {
    child.once("message", settle);
    child.once("exit", (code) => reject(new Error(`A build ended with ${code}`)));
    child.send(question);
  }).finally(() => child.removeAllListeners("exit"));
}

function start(addon, { isa, threads }) {
  const settings = { CUDNN_GRU_ADDON: addon, CUDNN_GRU_DISABLE_CUDA: "1", CUDNN_GRU_THREADS: threads };
  const env = { ...process.env, ...settings, ...(isa ? { CUDNN_GRU_ISA: isa } : {}) };
  return fork(fileURLToPath(import.meta.url), ["--serve"], { env });
}

/** Adds the times and ratios of some pairs of turns to `found`. */
async function compare(children, pass, pairs, { times, ratios }) {
  const own = [];
  for (let pair = 0; pair < pairs; pair++) {
    const order = pair % 2 === 0 ? [0, 1] : [1, 0];
    const pairTimes = [];
    for (const at of order) pairTimes[at] = await ask(children[at], { pass });
    pairTimes.forEach((time, at) => {
      times[at].push(time);
    });
    own.push(pairTimes[1] / pairTimes[0]);
  }
  ratios.push(median(own));
}

const PASSES = ["forward", "forward and backward"];

async function compareShape(addons, shape, { pairs, processes, ...settings }) {
  const found = PASSES.map(() => ({ times: [[], []], ratios: [] }));
  for (let count = 0; count < Number(processes); count++) {
    const children = addons.map((addon) => start(addon, settings));
    for (const child of children) await ask(child, { shape });
    for (const [at, pass] of PASSES.entries()) await compare(children, pass, Number(pairs), found[at]);
    for (const child of children) child.disconnect();
  }
  const name = `${shape.slice(0, 3).join("x")} -> ${shape[3]}`;
  for (const [at, { times, ratios }] of found.entries()) {
    const [first, second] = times.map((list) => median(list).toFixed(3));
    const each = ratios.map((ratio) => ratio.toFixed(2)).join(" ");
    console.log(`| ${name} | ${PASSES[at]} | ${first} | ${second} | ${median(ratios).toFixed(3)} | ${each} |`);
  }
}

const USAGE = `node bench/compilers.mjs [first.node] [second.node] [--isa avx2] [--threads 1] [--pairs 7] [--processes 5]
Prints how long the second build of the addon takes, as a ratio to the first, for each shape.
Without paths: build/Release/cudnn_gru.node, and prebuilds/linux-x64/cudnn_gru.node.`;

/** The set-up may take the binary in prebuilds/ for the everyday build. */
function refuseEqual(addons) {
  const [first, second] = addons.map((addon) => readFileSync(addon));
  if (!first.equals(second)) return;
  const advice =
    "To build with the system's compiler, move prebuilds/ away, delete build/Release and run npm run build";
  throw new Error(`Expected two builds of the addon but ${addons.join(" and ")} are the same. ${advice}.`);
}

async function main() {
  const options = {
    help: { type: "boolean" },
    isa: { type: "string" },
    threads: { type: "string", default: "1" },
    pairs: { type: "string", default: "7" },
    processes: { type: "string", default: "5" },
    serve: { type: "boolean" },
  };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.serve) return serve();
  if (values.help) return console.log(USAGE);
  const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
  const defaults = [path("build/Release/cudnn_gru.node"), path("prebuilds/linux-x64/cudnn_gru.node")];
  const addons = defaults.map((addon, at) => (positionals[at] ? resolve(positionals[at]) : addon));
  refuseEqual(addons);
  console.log(`first: ${addons[0]}\nsecond: ${addons[1]}\n`);
  console.log("| shape | pass | first, CPU ms | second, CPU ms | second / first | of each pair of processes |");
  console.log(`|${" --- |".repeat(6)}`);
  for (const shape of SHAPES) await compareShape(addons, shape, values);
}

await main();
