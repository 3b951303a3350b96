import type { DoctorReport } from "./report.js";

const LABEL = 14;

/** Returns the report as lines of text for a person. */
export function reportText(report: DoctorReport): string {
  const { backend, version, node, platform, works, addon, advice, verdict } = report;
  const lines = [`cudnn-gru ${version}, Node.js ${node} on ${platform}`, ""];
  const loaded = addon.path === null ? `no: ${addon.reason}` : `loaded: ${addon.path}`;
  lines.push(...block("addon", [loaded]));
  if (works) lines.push(...cpuRows(backend.cpu), ...gpuRows(report));
  lines.push("", verdict);
  if (advice.length > 0) lines.push("", heading(report), ...advice.map((item) => `- ${item}`));
  return `${lines.join("\n")}\n`;
}

/** Returns the heading of the advice. It is needed only where something fails; a machine without a GPU is fine. */
function heading({ works, exitStatus }: DoctorReport): string {
  if (!works) return "What to do:";
  return exitStatus === 0 ? "Nothing has to be done. To run calls on an NVIDIA GPU:" : "What to do for the GPU:";
}

function cpuRows({ isa, threads }: DoctorReport["backend"]["cpu"]): string[] {
  return block("CPU path", [`works: ${isa} kernels, ${threads} thread${threads === 1 ? "" : "s"}`]);
}

function gpuRows({ backend: { cuda, cudnn }, device, runtime }: DoctorReport): string[] {
  const driver = cuda.driver === null ? "" : `driver for CUDA ${cuda.driver}`;
  const devices = cuda.devices.map(
    ({ index, name, computeCapability, totalMemory }) =>
      `device ${index}: ${name}, compute capability ${computeCapability}, ${(totalMemory / 2 ** 30).toFixed(1)} GiB`,
  );
  const found = `works: ${cudnn.version}, ${cudnn.path}`;
  const verdicts = runtime.map(({ dtype, met, detail }) => `${dtype.padEnd(9)} ${met ? "yes" : "no"}: ${detail}`);
  return [
    ...block("CUDA", [cuda.available ? `works: ${driver}` : `no: ${cuda.reason}`, ...devices]),
    ...block("cuDNN", [
      cudnn.available ? found : `no: ${cudnn.reason}`,
      ...cudnn.tried.map((entry) => `tried ${entry}`),
    ]),
    ...block("cuDNN path", [`on device ${device}:`, ...grouped(verdicts)]),
  ];
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
