// A whole run on a GPU: doctor, tests, benchmark, and one record of it all, gpu-record.json, which is written again
// whenever there is something new, so that a run that is killed leaves its measurements.
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machine } from "../../bench/gpu/machine.mjs";
import { reportText } from "../../dist/cli/text.js";
import { killAll, runNode } from "./child.mjs";
import { pythonCudnn } from "./python.mjs";
import { readResults } from "./results.mjs";
import { DOCTOR_SECONDS, STAGES, TOTAL_SECONDS } from "./stages.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));

const HELP = `Usage: run.sh [options] [-- arguments of bench/gpu/main.mjs]

  --out FOLDER     where gpu-record.json and run.log go (default: the folder of run.sh)
  --stages A,B     only these of ${STAGES.map(({ name }) => name).join(", ")}, in this order
  --no-bench       all stages but the benchmark
  --allow-skip     go on without a usable GPU: tests are then skipped. Without it, exit with 1
  --limit SECONDS  for everything (default: ${TOTAL_SECONDS})

CUDNN_GRU_CUDNN_PATH names the folder of libcudnn_adv.so.9; unset, that of python3's packages is taken, else cuDNN is
searched. CUDNN_GRU_PYTHON names the Python with PyTorch (default: python3). Exits with 0 when all stages passed.
`;

const { values: options, positionals: benchArguments } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: "string", default: root },
    stages: { type: "string" },
    "no-bench": { type: "boolean", default: false },
    "allow-skip": { type: "boolean", default: false },
    limit: { type: "string", default: `${TOTAL_SECONDS}` },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const wanted = options.stages?.split(",") ?? STAGES.map(({ name }) => name);
const unknown = wanted.filter((name) => !STAGES.some((stage) => stage.name === name));
const limit = Number(options.limit);
if (unknown.length > 0 || !(limit > 0)) {
  process.stderr.write(
    `${unknown.length > 0 ? `No such stage: ${unknown}` : "Expected seconds for --limit"}\n\n${HELP}`,
  );
  process.exit(2);
}

const start = performance.now();
const left = () => limit - (performance.now() - start) / 1000;
const out = resolve(options.out);
mkdirSync(out, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-run-"));
const log = join(out, "run.log");
writeFileSync(log, "");

const record = { format: 2, ended: false, stages: [] };

/** The whole record in one step, so that nobody ever finds half of it. */
function write() {
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  const whole = { ...record, date: new Date().toISOString(), seconds, ...readResults(folder) };
  const file = join(out, "gpu-record.json");
  writeFileSync(`${file}.part`, `${JSON.stringify(whole, null, 1)}\n`);
  renameSync(`${file}.part`, file);
}

function heard(chunk, stream = "stdout") {
  appendFileSync(log, chunk);
  process[stream].write(chunk);
}

function finish(status, why) {
  record.ended = why;
  write();
  heard(`Wrote ${join(out, "gpu-record.json")}: ${why}\n`);
  rmSync(folder, { recursive: true, force: true });
  process.exitCode = status;
}

for (const [signal, number] of Object.entries({ SIGINT: 2, SIGTERM: 15, SIGHUP: 1 })) {
  process.on(signal, () => {
    killAll();
    finish(128 + number, `ended by ${signal}`);
    process.exit();
  });
}

/** Runs a program and returns its standard output as JSON, or null if it is no JSON. */
async function answerOf(args, env) {
  let text = "";
  const ended = await runNode(args, {
    cwd: root,
    env,
    seconds: Math.min(DOCTOR_SECONDS, left()),
    heard: (chunk, stream) => {
      if (stream === "stdout") text += chunk;
      else heard(chunk, stream);
    },
  });
  try {
    return { ended, answer: JSON.parse(text) };
  } catch {
    return { ended, answer: null };
  }
}

const SEARCH = "import('./dist/index.js').then((m) => console.log(JSON.stringify(m.backendInfo().cudnn)))";

/** Finds cuDNN, and judges on which path calls would run. Returns the environment for all stages. */
async function examine() {
  const env = { ...process.env, CUDNN_GRU_GPU_RECORD: folder };
  if (!env.CUDNN_GRU_CUDNN_PATH) {
    // A user without this script would get this result.
    record.search = (await answerOf(["-e", SEARCH], env)).answer;
    record.python = pythonCudnn();
    if (record.python.cudnn) env.CUDNN_GRU_CUDNN_PATH = record.python.cudnn;
  }
  const { ended, answer } = await answerOf(["dist/cli/main.js", "doctor", "--json", "--require-cudnn"], env);
  record.doctor = answer;
  record.usable = ended.code === 0;
  record.stages.push({ name: "doctor", limit: DOCTOR_SECONDS, ...outcome(ended), seconds: ended.seconds });
  heard(answer ? reportText(answer) : "doctor gave no report\n");
  return env;
}

function outcome({ code, signal, late }) {
  if (late) return { result: "out of time" };
  return code === 0 ? { result: "passed" } : { result: "failed", code, signal };
}

async function runStage(stage, env) {
  const seconds = Math.min(stage.limit, Math.floor(left()));
  if (seconds < 1) return { name: stage.name, limit: stage.limit, result: "left out" };
  heard(`\n== ${stage.name}, at most ${seconds} s\n`);
  const ended = await runNode(stage.args(folder, seconds, benchArguments), {
    cwd: root,
    env,
    seconds,
    heard: (chunk, stream) => {
      heard(chunk, stream);
      write();
    },
  });
  const found = { name: stage.name, limit: seconds, ...outcome(ended), seconds: ended.seconds };
  heard(`== ${stage.name}: ${found.result} after ${found.seconds} s\n`);
  return found;
}

record.machine = machine();
const env = await examine();
write();
if (!record.usable && !options["allow-skip"]) {
  finish(1, "no usable GPU: see doctor");
} else {
  const stages = STAGES.filter(({ name }) => wanted.includes(name) && !(options["no-bench"] && name === "bench"));
  for (const stage of stages) {
    record.stages.push(await runStage(stage, env));
    write();
  }
  const bad = record.stages.slice(1).filter(({ result }) => result !== "passed");
  finish(
    bad.length === 0 ? 0 : 1,
    bad.length === 0 ? "all stages passed" : `not passed: ${bad.map(({ name }) => name)}`,
  );
}
