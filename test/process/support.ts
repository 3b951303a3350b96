import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** How a child process ended. */
export interface Ended {
  /** `null` when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** The first lines of every child program. */
const PRELUDE = `
  import { GRU, GRUError, backendInfo, configure, memoryUsage, tensor } from "cudnn-gru";
  import { setTimeout as sleep } from "node:timers/promises";
  const built = (units, features, args) => {
    const gru = new GRU(units, args);
    gru.build([null, null, features]);
    return gru;
  };
  /** A call that runs for minutes, unless it is stopped. */
  const endless = (gru = built(64, 8), args = {}) =>
    gru.callAsync(tensor(new Float32Array(50_000_000 * 8), [1, 50_000_000, 8]), { ...args, transfer: true });
`;

/** Options of a child process. */
export interface ChildOptions {
  env?: Record<string, string>;
  flags?: readonly string[];
  /** Milliseconds after which the child is killed. */
  limit?: number;
}

/** Runs an ES module, given as text, in a process of its own; it may use what `PRELUDE` defines. */
export function runChild(program: string, { env = {}, flags = [], limit = 60_000 }: ChildOptions = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, "--input-type=module", "-e", PRELUDE + program], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: limit,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, stdout: stdout.trim(), stderr }));
  });
}
