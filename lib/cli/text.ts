import type { DoctorReport } from "./report.js";

const LABEL = 14;

/** Returns the report as lines of text for a person. */
export function reportText(report: DoctorReport): string {
  const { backend, version, node, platform, device, runtime, path, advice } = report;
  const { cpu, cuda, cudnn } = backend;
  const lines = [`cudnn-gru ${version}, Node.js ${node} on ${platform}`, ""];
  const threads = `${cpu.threads} thread${cpu.threads === 1 ? "" : "s"}`;
  lines.push(...block("CPU path", [cpu.available ? `works: ${cpu.isa} kernels, ${threads}` : `no: ${cpu.reason}`]));
  if (!cpu.available) return finish(lines, "nowhere", advice);
  const driver = cuda.driver === null ? "" : `driver for CUDA ${cuda.driver}`;
  const devices = cuda.devices.map(
    ({ index, name, computeCapability, totalMemory }) =>
      `device ${index}: ${name}, compute capability ${computeCapability}, ${(totalMemory / 2 ** 30).toFixed(1)} GiB`,
  );
  lines.push(...block("CUDA", [cuda.available ? `works: ${driver}` : `no: ${cuda.reason}`, ...devices]));
  const found = `works: ${cudnn.version}, ${cudnn.path}`;
  lines.push(...block("cuDNN", [cudnn.available ? found : `no: ${cudnn.reason}`, ...cudnn.tried.map(tried)]));
  const verdicts = runtime.map(({ dtype, met, detail }) => `${dtype.padEnd(9)} ${met ? "yes" : "no"}: ${detail}`);
  lines.push(...block("cuDNN path", [`on device ${device}:`, ...grouped(verdicts)]));
  return finish(lines, path === "cudnn" ? `on the GPU (device ${device})` : "on the CPU", advice);
}

function finish(lines: readonly string[], where: string, advice: readonly string[]): string {
  const end = ["", `A call that meets Keras's requirements for cuDNN runs ${where}.`];
  if (advice.length > 0) end.push("", "What to do for the GPU:", ...advice.map((item) => `- ${item}`));
  return `${[...lines, ...end].join("\n")}\n`;
}

function tried(entry: string): string {
  return `tried ${entry}`;
}

/** Returns one row for all dtypes when their reasons are the same, else the rows unchanged. */
function grouped(verdicts: readonly string[]): readonly string[] {
  const reasons = new Set(verdicts.map((line) => line.slice(10)));
  return reasons.size === 1 && verdicts.length > 1 ? [`every dtype ${[...reasons][0]}`] : verdicts;
}

function block(label: string, rows: readonly string[]): string[] {
  const indent = " ".repeat(LABEL);
  return rows.flatMap((row, index) =>
    row.split("\n").map((line, part) => `${index === 0 && part === 0 ? label.padEnd(LABEL) : indent}${line}`),
  );
}
