// Programs that a run starts, each with a limit of time.
import { spawn } from "node:child_process";

const living = new Set();

function kill(child) {
  try {
    // Its whole group: a test runner starts programs of its own.
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** Ends every program that still runs. */
export function killAll() {
  for (const child of living) kill(child);
}

/**
 * Runs `node` until it ends or `seconds` are over; what it prints goes to `heard(chunk, "stdout" or "stderr")`. How it
 * ended: its `code` or `signal`, whether it was `late`, and its `seconds`.
 */
export function runNode(args, { cwd, env, seconds, heard }) {
  return new Promise((resolve) => {
    const start = performance.now();
    const child = spawn(process.execPath, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    living.add(child);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      kill(child);
    }, seconds * 1000);
    for (const stream of ["stdout", "stderr"]) child[stream].on("data", (chunk) => heard(chunk, stream));
    const ended = (code, signal) => {
      clearTimeout(timer);
      living.delete(child);
      resolve({ code, signal, late, seconds: Math.round((performance.now() - start) / 100) / 10 });
    };
    child.on("error", ({ message }) => {
      heard(`${message}\n`, "stderr");
      ended(1, null);
    });
    child.on("close", ended);
  });
}
