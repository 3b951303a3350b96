// Our layer on the cuDNN path against PyTorch's cuDNN GRU: host arrays in, host arrays out, in one run. Plain JavaScript:
// it runs from the archive that `npm run gpu:bundle` makes. README.md has the arguments.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { parseArgs } from "node:util";
import { backendInfo, GRU } from "../../dist/index.js";
import { casesOf, SHAPES, VARIANTS } from "./cases.mjs";
import { machine } from "./machine.mjs";
import { measureCase } from "./measure.mjs";
import { Torch } from "./torch_peer.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "15" },
    "sample-ms": { type: "string", default: "200" },
    seconds: { type: "string", default: "Infinity" },
    variants: { type: "string", default: Object.keys(VARIANTS).join() },
    "peer-device": { type: "string", default: "cuda" },
    json: { type: "string" },
  },
});

// Ends when the run that started it is killed and nobody reads any more; console.log alone would not notice.
process.stdout.on("error", () => process.exit(1));

/** The record so far, whole at any time: a run may be killed. */
function write(record) {
  if (!options.json) return;
  writeFileSync(`${options.json}.part`, `${JSON.stringify(record, null, 1)}\n`);
  renameSync(`${options.json}.part`, options.json);
}

async function startTorch() {
  try {
    return { torch: await Torch.start(options["peer-device"]), skipped: null };
  } catch (error) {
    return { torch: null, skipped: `PyTorch with CUDA was not found (${error.message})` };
  }
}

const ms = (time) => (time === undefined ? "?" : time.toFixed(3));

function print(name, { variant, results, torchError }) {
  if (torchError) console.log(`${name} ${variant}: PyTorch cannot: ${torchError}`);
  for (const [mode, { median, ratio, difference, split }] of Object.entries(results)) {
    const out = median.out === undefined ? "" : `, with out ${ms(median.out)} ms`;
    const ratios = Object.values(ratio).map((each) => each.toFixed(2));
    const theirs =
      median.torch === undefined
        ? ""
        : `; PyTorch ${ms(median.torch)} ms, ratio ${ratios.join(" and ")}, difference ${difference.toExponential(1)}`;
    console.log(`${name} ${variant} ${mode}: ours ${ms(median.ours)} ms${out}${theirs}`);
    const { host, device } = split.ours;
    const parts = { ours: { ...device, launch: host.compute }, ...(split.torch && { PyTorch: split.torch }) };
    for (const [who, { copyIn, compute, copyOut, launch }] of Object.entries(parts)) {
      console.log(
        `  ${who}: copies in ${ms(copyIn)}, compute ${ms(compute)}, copies out ${ms(copyOut)}; launch ${ms(launch)} ms`,
      );
    }
    const inside = Object.entries(host).map(([stage, time]) => `${stage} ${ms(time)}`);
    console.log(`  ours, on the host: ${inside.join(", ")} ms`);
  }
}

const { cpu, cuda, cudnn } = backendInfo();
const about = { ...machine(), isa: cpu.isa, cuda, cudnn: { version: cudnn.version, path: cudnn.path } };
console.log(JSON.stringify(about, null, 1));
const runtime = new GRU(1).explain().requirements.find(({ id }) => id === "runtime");
if (!runtime.met) {
  const reason = `no cuDNN here: ${runtime.detail}`;
  console.log(`Skipped: ${reason}`);
  write({ format: 2, machine: about, skipped: reason });
  process.exit(0);
}
const cases = [...casesOf(positionals.length > 0 ? positionals : SHAPES, options.variants.split(","))];
const effort = { rounds: Number(options.rounds), sampleMs: Number(options["sample-ms"]) };
const end = performance.now() + Number(options.seconds) * 1000;
const { torch, skipped } = await startTorch();
console.log(skipped ?? `PyTorch: ${JSON.stringify(torch.about)}`);
const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-bench-"));
const record = { format: 2, machine: about, torch: torch?.about ?? null, skipped, ...effort, cases: [], left: [] };
write(record);
try {
  for (const one of cases) {
    const label = `${one.name} ${one.variant}`;
    if (performance.now() > end) {
      record.left.push(label);
      continue;
    }
    try {
      const found = await measureCase(one, torch, folder, effort);
      record.cases.push(found);
      print(one.name, found);
      for (const [mode, { difference }] of Object.entries(found.results)) {
        if (difference === undefined || difference <= one.tolerance) continue;
        console.log(`  ${label} ${mode}: the results differ by more than ${one.tolerance}`);
        process.exitCode = 1;
      }
    } catch (error) {
      record.cases.push({ shape: one.shape, variant: one.variant, error: error.message });
      console.log(`${label} failed: ${error.message}`);
      process.exitCode = 1;
    }
    write(record);
    // Lets an error of standard output be heard.
    await setImmediate();
  }
} finally {
  torch?.close();
  rmSync(folder, { recursive: true, force: true });
}
if (record.left.length > 0) console.log(`Left out for want of time: ${record.left.join(", ")}`);
write(record);
