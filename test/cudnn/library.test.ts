import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DOUBLES, endOf, titled, withoutDoubles } from "./doubles.js";
import type { InfoReport } from "./programs/info.js";

/** The folder of a real cuDNN 9: named by CUDNN_GRU_TEST_CUDNN, or as pip installs it into .venv. */
function realCudnn(): string | null {
  const named = process.env.CUDNN_GRU_TEST_CUDNN;
  if (named) return named;
  const lib = fileURLToPath(new URL("../../.venv/lib", import.meta.url));
  const pythons = existsSync(lib) ? readdirSync(lib) : [];
  const folders = pythons.map((python) => join(lib, python, "site-packages/nvidia/cudnn/lib"));
  return folders.find((folder) => existsSync(join(folder, "libcudnn_adv.so.9"))) ?? null;
}

const cudnn = realCudnn();
const withoutCudnn =
  process.platform !== "linux"
    ? "the cuDNN path is for Linux"
    : cudnn === null && "cuDNN 9 is not here: pip install nvidia-cudnn-cu13 in .venv, or set CUDNN_GRU_TEST_CUDNN";

describe.skipIf(withoutCudnn)(titled("the real cuDNN, without a driver", withoutCudnn), () => {
  const folder = cudnn as string;

  it("loads, says its version, and every call that needs it is told what is missing", async ({ skip }) => {
    const env = { CUDNN_GRU_CUDNN_PATH: folder, LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH };
    const { code, stdout, stderr } = await endOf("info", { env });
    expect([code, stderr]).toEqual([0, ""]);
    const { info, runtime, required, automatic } = JSON.parse(stdout) as InfoReport;
    expect(info.cudnn).toMatchObject({ available: true, version: expect.stringMatching(/^9\.\d+\.\d+$/) });
    expect(info.cudnn.path).toMatch(/^\/.*\/libcudnn_adv\.so\.9/);
    expect(info.cudnn.tried.join("\n")).toContain("libcublasLt.so");
    if (info.cuda.available) skip("this machine has a driver");
    expect(info.cuda.reason).toMatch(/driver|device/);
    expect(runtime).toEqual({ met: false, detail: info.cuda.reason });
    expect(required?.code).toBe("ERR_CUDNN_UNAVAILABLE");
    expect(required?.message).toContain(info.cuda.reason);
    expect(automatic).toBe(true);
  });

  it("is found in the active Python environment", async () => {
    const prefix = folder.split(/\/lib\/python[^/]*\/site-packages\//)[0] as string;
    const env = {
      VIRTUAL_ENV: prefix,
      CUDNN_GRU_CUDNN_PATH: undefined,
      LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH,
    };
    const { code, stdout, stderr } = await endOf("info", { env });
    expect([code, stderr]).toEqual([0, ""]);
    const { info } = JSON.parse(stdout) as InfoReport;
    expect(info.cudnn.available).toBe(true);
    expect(info.cudnn.path).toContain("site-packages/nvidia/cudnn/lib");
  });
});

/** Runs a native test that is built with the doubles; it ends with 77 when something it needs is not here. */
function nativeTest(name: string): Promise<{ code: number | null; output: string }> {
  const env = { ...process.env, ...(cudnn && { CUDNN_GRU_TEST_CUDNN: cudnn }) };
  return new Promise((resolve) => {
    const child = execFile(join(DOUBLES, name), ["--no-intro"], { env }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, output: stdout + stderr });
    });
  });
}

const withoutTests =
  withoutDoubles ||
  (!existsSync(join(DOUBLES, "cudnn_doubles_test")) &&
    "the doubles' own tests are not built, because doctest was not found: apt-get install doctest-dev");

describe.skipIf(withoutTests)(titled("native tests of the cuDNN path", withoutTests), () => {
  const checked = /assertions: +[1-9]\d* \| +[1-9]\d* passed \| +0 failed/;

  it.each([
    ["cudnn_abi_test", "every declaration and value is that of the real headers", / prototypes and .* values are/],
    ["cudnn_library_test", "descriptor rules, error texts and 20,000 failing creations of the real cuDNN", checked],
    ["cudnn_doubles_test", "the doubles compute a GRU and notice broken rules", checked],
    ["cudnn_doubles_layers_test", "the doubles compute layers and directions, by the same rules", checked],
  ])("%s: %s", async (name, _about, says) => {
    const { code, output } = await nativeTest(name);
    if (code === 77) return expect(output).toMatch(/^skipped: /m);
    expect(output).toMatch(says);
    expect(code).toBe(0);
    console.log(`${name}: ${output.trim().split("\n").join("; ")}`);
  });
});
