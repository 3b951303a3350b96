import { fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FromChild } from "./child.js";
import type { Findings } from "./findings.js";

/** One target's run. */
export interface Plan {
  target: string;
  seed: number;
  firstCase: number;
  cases: number;
  seconds: number;
  /** The variables of the child's environment beside this process's own. */
  environment: Record<string, string>;
  /** Whether to show every step. */
  verbose: boolean;
  /** Whether the readers of files have their own threads, as users have them. */
  realThreads?: boolean;
  /** Seconds without a finished case after which the child counts as hanging. */
  patience: number;
}

/** The results of a run. */
export interface Ran {
  cases: number;
  /** Calls, or files. */
  count: number;
  /** How calls and files ended. */
  outcomes: Record<string, number>;
  /** Processes that were started. */
  processes: number;
}

const CHILD = fileURLToPath(new URL("child.ts", import.meta.url));
const LOADER = fileURLToPath(new URL("../../scripts/typescript/register.mjs", import.meta.url));
const HOOKS = fileURLToPath(new URL("files/register.mjs", import.meta.url));

/** The number of seconds after which a file that keeps the HDF5 library busy counts as making it loop. */
const HDF5_PATIENCE = 2;

const LOOP = "loop in HDF5";

/** The step of a process that has not begun with one. */
const UNBEGUN = "before the first step";

/** Runs cases in child processes until the time or the cases are over; a crash or a hang is a finding, and the next child goes on. */
export async function supervise(plan: Plan, findings: Findings): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-fuzz-"));
  const until = Date.now() + plan.seconds * 1000;
  const end = plan.firstCase + plan.cases;
  const total: Ran = { cases: 0, count: 0, outcomes: {}, processes: 0 };
  try {
    for (let next = plan.firstCase; next < end && Date.now() < until; ) {
      total.processes += 1;
      next = await runChild({ ...plan, firstCase: next, cases: end - next }, until, folder, findings, total);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return total;
}

/** Runs one child and returns the case that the next one begins with. */
function runChild(plan: Plan, until: number, folder: string, findings: Findings, total: Ran): Promise<number> {
  const progress = join(folder, "progress");
  writeFileSync(join(folder, "hdf5"), "0");
  writeFileSync(progress, JSON.stringify({ case: plan.firstCase, step: UNBEGUN }));
  const args = [plan.target, plan.seed, plan.firstCase, plan.cases, until, progress].map(String);
  const loaders = plan.target === "files" && !plan.realThreads ? [LOADER, HOOKS] : [LOADER];
  const child = fork(CHILD, args, {
    execArgv: ["--expose-gc", ...loaders.flatMap((path) => ["--import", path])],
    env: {
      ...process.env,
      ...plan.environment,
      CUDNN_GRU_FUZZ_FOLDER: folder,
      CUDNN_GRU_FUZZ_THREADS: plan.realThreads ? "1" : "",
      CUDNN_GRU_FUZZ_VERBOSE: plan.verbose ? "1" : "",
    },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "advanced",
  });
  let next: number | null = null;
  let hung = false;
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-20_000);
    if (plan.verbose) process.stderr.write(text);
  });
  const inHdf5 = () =>
    plan.target === "files" && !plan.realThreads && readFileSync(join(folder, "hdf5"), "utf8") === "1";
  const watch = (seconds: number): NodeJS.Timeout => {
    const stop = () => {
      hung = true;
      child.kill("SIGKILL");
    };
    if (plan.target !== "files" || seconds <= HDF5_PATIENCE) return setTimeout(stop, seconds * 1000);
    return setTimeout(() => {
      if (inHdf5()) stop();
      else timer = watch(seconds - HDF5_PATIENCE);
    }, HDF5_PATIENCE * 1000);
  };
  // Loading takes its time where a machine is busy.
  let timer = watch(120);
  child.on("message", (message: FromChild) => {
    clearTimeout(timer);
    timer = watch(plan.patience);
    if (message.kind === "finding") findings.add(message.finding);
    else if (message.kind === "ran") {
      total.cases += message.cases;
      total.count += message.count;
      for (const [outcome, times] of Object.entries(message.outcomes)) {
        total.outcomes[outcome] = (total.outcomes[outcome] ?? 0) + times;
      }
    } else next = message.next;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      if (next !== null && !hung && code === 0) return resolve(next);
      const { case: index, step } = lastStep(progress);
      if (step === UNBEGUN) return reject(new Error(`the process of the cases did not start\n${errors}`));
      if (hung && inHdf5()) {
        // Damaged structures make the HDF5 library loop. Its thread has a deadline, which this process turned off. The
        // first such file of a run shows that the deadline works.
        const loops = total.outcomes[LOOP] ?? 0;
        total.outcomes[LOOP] = loops + 1;
        if (loops > 0) return resolve(index + 1);
        const again = { ...plan, firstCase: index, cases: 1, realThreads: true, patience: 90 };
        return runChild(again, Number.POSITIVE_INFINITY, folder, findings, total).then(resolve, reject);
      }
      const how = hung ? `no case finished within ${plan.patience} s` : `ended by ${signal ?? `exit code ${code}`}`;
      const symptom = hung ? "hang" : `crash: ${how}${summary(errors)}`;
      findings.add({ target: plan.target, seed: plan.seed, case: index, symptom, step, detail: `${how}\n${errors}` });
      resolve(next ?? index + 1);
    });
  });
}

/** Returns one line about the crash, from a sanitizer or Node.js. */
function summary(errors: string): string {
  const line = /(SUMMARY: .*|runtime error: .*|FATAL ERROR: .*|[A-Z]\w+Error: .*)/.exec(errors)?.[1];
  return line === undefined
    ? ""
    : ` (${line
        .replace(/0x[0-9a-f]+/g, "0x…")
        .replace(/\(\/\S*\/|\/\S*\//g, "")
        .slice(0, 160)})`;
}

function lastStep(progress: string): { case: number; step: string } {
  return JSON.parse(readFileSync(progress, "utf8").split("\n")[0] as string) as { case: number; step: string };
}
