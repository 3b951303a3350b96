// The machine that a record must name. Loads neither the addon nor cuDNN.
import { spawnSync } from "node:child_process";
import { availableParallelism, cpus, release, totalmem } from "node:os";

const QUERY = "name,driver_version,memory.total,clocks.max.sm,clocks.max.mem,power.limit,compute_mode";

/** nvidia-smi's line for each device; null where it cannot be started. */
function nvidiaSmi() {
  const { status, stdout } = spawnSync("nvidia-smi", [`--query-gpu=${QUERY}`, "--format=csv"], {
    encoding: "utf8",
    timeout: 20_000,
  });
  return status === 0 ? stdout.trim().split("\n") : null;
}

export function machine() {
  return {
    date: new Date().toISOString(),
    node: process.version,
    kernel: release(),
    glibc: process.report.getReport().header.glibcVersionRuntime ?? null,
    cpu: cpus()[0]?.model ?? null,
    cpus: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    nvidiaSmi: nvidiaSmi(),
  };
}
