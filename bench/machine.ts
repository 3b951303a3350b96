import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem, type } from "node:os";
import { backendInfo } from "../dist/index.js";

/** The machine that a record was measured on. */
export interface Machine {
  cpu: string;
  /** CPUs the machine has, and CPUs this process may use. */
  cpus: number;
  usableCpus: number;
  /** The kernels our layer chose. */
  isa: string;
  memoryGiB: number;
  os: string;
  node: string;
}

/** Describes this machine without naming it. */
export function describeMachine(): Machine {
  const { isa, usableCpus } = backendInfo().cpu;
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cpus: cpus().length,
    usableCpus,
    isa: isa ?? "none",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release().split("-")[0]}`,
    node: process.version,
  };
}

/** The load average of the last minute: processes that wanted a CPU. */
export function load(): number {
  return loadavg()[0] as number;
}

/**
 * Starts to watch the machine's CPUs. Returns a function that returns the share of CPU time since then that the
 * hypervisor gave to other machines, or null when the system does not report it.
 */
export function watchSteal(): () => number | null {
  const before = cpuTimes();
  return () => {
    const after = cpuTimes();
    if (before === null || after === null || after.total === before.total) return null;
    return (after.steal - before.steal) / (after.total - before.total);
  };
}

function cpuTimes(): { total: number; steal: number } | null {
  try {
    // user nice system idle iowait irq softirq steal; the guest times that follow are in user and nice already.
    const times = readFileSync("/proc/stat", "utf8").split("\n")[0]?.split(/\s+/).slice(1, 9).map(Number) ?? [];
    return { total: times.reduce((sum, value) => sum + value, 0), steal: times[7] ?? 0 };
  } catch {
    return null;
  }
}
