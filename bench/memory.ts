import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { root } from "./compile.js";
import type { Shape } from "./shapes.js";

/** Bytes that one layer of a shape holds after a call. */
export interface Memory {
  /** Native: packed weights. */
  packed: number;
  /** Native: scratch memory kept for the next call. */
  scratch: number;
  /** Native: what five further calls added; 0 when a steady state allocates nothing. */
  growth: number;
}

/** Measures in a new process, because scratch memory is shared by all layers of a process. */
export function measureMemory({ batch, timesteps, features, units }: Shape, threads: number): Memory {
  const program = fileURLToPath(new URL("memory_probe.ts", import.meta.url));
  const sizes = [batch, timesteps, features, units, threads].map(String);
  const child = spawnSync(process.execPath, [...process.execArgv, program, ...sizes], { cwd: root, encoding: "utf8" });
  if (child.status !== 0) throw new Error(`memory_probe.ts failed: ${child.stderr}`);
  return JSON.parse(child.stdout) as Memory;
}

/** Bytes of float32 weights as Keras counts them. */
export function weightBytes({ features, units }: Shape): number {
  return 12 * units * (features + units + 2);
}

/** Bytes of a call's inputs and outputs. */
export function activationBytes({ batch, timesteps, features, units }: Shape): number {
  return 4 * batch * timesteps * (features + units);
}
