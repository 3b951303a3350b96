import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Control } from "./control.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Where the doubles are (test/doubles/README.md). */
export const DOUBLES = join(ROOT, "build-cmake/doubles");

/** Why tests on the doubles cannot run here; `false` when they can. */
export const withoutDoubles: string | false =
  process.platform !== "linux"
    ? "the cuDNN path is for Linux"
    : !existsSync(join(DOUBLES, "cudnn/libcudnn_adv.so.9")) &&
      "the doubles of cuDNN are not built (npm test builds them where cmake is)";

/** A suite's title, with the reason where it is skipped. */
export function titled(title: string, reason: string | false): string {
  return reason ? `${title} (skipped: ${reason})` : title;
}

export interface ProgramOptions {
  /** Options of the doubles, such as `{ compute: 75 }`. */
  double?: Record<string, number>;
  /** Variables on top; `undefined` removes one. */
  env?: Record<string, string | undefined>;
  /** Faults from the start, as `Control.fail` takes them. */
  faults?: string;
  args?: string[];
}

/** How a program ended. */
export interface Ended {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  /** The doubles' counters at its end. */
  counters: Map<string, number>;
}

/** The environment of a process that finds the doubles, and no real cuDNN or driver. `control` is a file of `Control`'s. */
export function environment({ double = {}, env = {} }: ProgramOptions, control: string): NodeJS.ProcessEnv {
  const inherited = { ...process.env };
  for (const name of ["CUDNN_GRU_CUDNN_PATH", "CUDNN_GRU_DISABLE_CUDA", "CUDA_VISIBLE_DEVICES"]) delete inherited[name];
  const options = Object.entries(double).map(([key, value]) => `${key}=${value}`);
  return {
    ...inherited,
    LD_LIBRARY_PATH: [join(DOUBLES, "cuda"), process.env.LD_LIBRARY_PATH].filter(Boolean).join(":"),
    CUDNN_GRU_CUDNN_PATH: join(DOUBLES, "cudnn"),
    CUDNN_GRU_DOUBLE: options.join(","),
    CUDNN_GRU_DOUBLE_CONTROL: control,
    ...env,
  };
}

/** Runs `programs/<name>.ts` in a process of its own, on the doubles, until it ends. */
export async function endOf(name: string, options: ProgramOptions = {}): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-doubles-"));
  try {
    const control = Control.create(join(folder, "control"));
    control.fail(options.faults ?? "");
    const program = join(ROOT, "test/cudnn/programs", `${name}.ts`);
    const args = ["--import", "./scripts/typescript/register.mjs", program, ...(options.args ?? [])];
    const settings = { cwd: ROOT, env: environment(options, control.path), maxBuffer: 1 << 26 };
    return await new Promise<Ended>((resolve) => {
      const child = execFile(process.execPath, args, settings, (_error, stdout, stderr) => {
        const { exitCode: code, signalCode: signal } = child;
        resolve({ code, signal, stdout, stderr, counters: control.counters() });
      });
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns the report of a program that ends well: the JSON that it prints. Any other outcome is an error. */
export async function reportOf<Report>(name: string, options: ProgramOptions = {}): Promise<Report> {
  const { code, signal, stdout, stderr } = await endOf(name, options);
  if (code !== 0 || stderr !== "")
    throw new Error(`${name}.ts ended with ${signal ?? code} and wrote to stderr:\n${stderr}`);
  return JSON.parse(stdout) as Report;
}
