import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { bin, version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const addon = fileURLToPath(new URL("./addon_double.cjs", import.meta.url));

const device = { index: 0, name: "A device", computeCapability: "9.0", totalMemory: 80 * 2 ** 30 };
const cuda = { available: true, reason: null, driver: "13.0", devices: [device] };
const noCuda = { available: false, reason: "libcuda.so.1 was not found.", driver: null, devices: [] };
const cudnn = { available: true, reason: null, version: "9.24.0", path: "/lib/libcudnn_adv.so.9.24.0", tried: [] };
const tried = ["/a/libcudnn_adv.so.9: no such file", "libcudnn_adv.so.9: not on the loader's path"];
const noCudnn = { available: false, reason: "No cuDNN 9 was found.", version: null, path: null, tried };

/** Runs the command on a made-up machine. */
function run(args: string[], double: object, env: NodeJS.ProcessEnv = {}) {
  const { CUDNN_GRU_DISABLE_CUDA: _, CUDNN_GRU_CUDNN_PATH: __, ...rest } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${root}${bin["cudnn-gru"]}`, ...args], {
    encoding: "utf8",
    env: {
      ...rest,
      ...(process.env.CUDNN_GRU_ADDON ? { CUDNN_GRU_REAL_ADDON: process.env.CUDNN_GRU_ADDON } : {}),
      CUDNN_GRU_ADDON: addon,
      CUDNN_GRU_ADDON_DOUBLE: JSON.stringify(double),
      ...env,
    },
  });
  return { status, stdout, stderr };
}

describe("doctor", () => {
  const works = { info: { cuda, cudnn } };
  const nothing = {
    info: { cuda: noCuda, cudnn: noCudnn },
    verdicts: Object.fromEntries(
      ["float32", "float64", "float16", "bfloat16"].map((dtype) => [
        `0 ${dtype}`,
        { met: false, detail: "No driver." },
      ]),
    ),
  };

  it("tells a person that calls run on the GPU", () => {
    const { status, stdout, stderr } = run(["doctor", "--require-cudnn"], works);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`cudnn-gru ${version}, Node.js ${process.version}`);
    expect(stdout).toMatch(/CPU path {6}works: \w+ kernels, \d+ threads?/);
    expect(stdout).toContain("works: driver for CUDA 13.0");
    expect(stdout).toContain("device 0: A device, compute capability 9.0, 80.0 GiB");
    expect(stdout).toContain("works: 9.24.0, /lib/libcudnn_adv.so.9.24.0");
    expect(stdout).toContain("every dtype yes: It works.");
    expect(stdout).toContain("runs on the GPU (device 0)");
    expect(stdout).not.toContain("What to do");
  });

  it("tells a person what is missing, what was tried, and what to do", () => {
    const { status, stdout } = run(["doctor"], nothing);
    expect(status).toBe(0);
    for (const text of [
      "libcuda.so.1 was not found.",
      "No cuDNN 9 was found.",
      ...tried.map((each) => `tried ${each}`),
    ]) {
      expect(stdout).toContain(text);
    }
    expect(stdout).toContain("every dtype no: No driver.");
    expect(stdout).toMatch(/runs on the CPU\.\n\nWhat to do for the GPU:\n- .*nvidia-smi.*\n- Install cuDNN 9/);
  });

  it("judges float32 for --require-cudnn, and one device", () => {
    const partly = { ...works, verdicts: { "0 bfloat16": { met: false, detail: "It needs cuDNN 9.13." } } };
    const { status, stdout } = run(["doctor", "--require-cudnn"], partly);
    expect(status).toBe(0);
    expect(stdout).toMatch(/float64 {3}yes: It works\.\n.*float16 {3}yes.*\n.*bfloat16 {2}no: It needs cuDNN 9\.13\./);
    const absent = { ...works, verdicts: { "3 float32": { met: false, detail: "There is no device 3." } } };
    const other = run(["doctor", "--require-cudnn", "--device", "3"], absent);
    expect(other.status).toBe(1);
    expect(other.stdout).toContain("- Choose a device that exists: 0.");
    expect(run(["doctor", "--require-cudnn"], nothing).status).toBe(1);
  });

  it("prints JSON for a machine", () => {
    const { status, stdout } = run(["doctor", "--json", "--require-cudnn"], nothing);
    expect(status).toBe(1);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ version, node: process.version, device: 0, path: "cpu" });
    expect(report.backend.cudnn).toEqual({ ...noCudnn, allow_tf32: false });
    expect(report.runtime.map(({ dtype, met }: { dtype: string; met: boolean }) => [dtype, met])).toEqual([
      ["float32", false],
      ["float64", false],
      ["float16", false],
      ["bfloat16", false],
    ]);
    expect(report.advice).toHaveLength(2);
    expect(JSON.parse(run(["doctor", "--json"], works).stdout)).toMatchObject({ path: "cudnn", advice: [] });
  });

  it("says to take CUDNN_GRU_DISABLE_CUDA away", () => {
    const { stdout } = run(["doctor"], nothing, { CUDNN_GRU_DISABLE_CUDA: "1" });
    expect(stdout).toMatch(/What to do for the GPU:\n- Unset CUDNN_GRU_DISABLE_CUDA\.\n$/);
  });

  it("speaks of CUDNN_GRU_CUDNN_PATH where that is what is wrong, and of no package", () => {
    const { stdout } = run(
      ["doctor"],
      { info: { cuda, cudnn: noCudnn }, verdicts: nothing.verdicts },
      {
        CUDNN_GRU_CUDNN_PATH: "/wrong",
      },
    );
    const advice = stdout.slice(stdout.indexOf("What to do"));
    expect(advice).toMatch(
      /^What to do for the GPU:\n- CUDNN_GRU_CUDNN_PATH is \/wrong[^\n]*libcudnn_adv\.so\.9[^\n]*unset it/,
    );
    expect(stdout).not.toMatch(/pip install|apt install|conda install/);
  });

  it("tells a cuDNN that cannot be used from one that is not there, and names the package for the driver", () => {
    const advice = (driver: string, info: object) =>
      JSON.parse(
        run(["doctor", "--json"], { info: { cuda: { ...cuda, driver }, cudnn: info }, verdicts: nothing.verdicts })
          .stdout,
      ).advice;
    const tooOld = { ...cudnn, available: false, reason: "The NVIDIA driver is too old for this cuDNN." };
    expect(advice("12.4", tooOld)).toEqual([expect.stringMatching(/^Mend or replace \/lib\/.*reason of cuDNN above/)]);
    expect(advice("12.4", tooOld)[0]).toMatch(/nvidia-cudnn-cu12/);
    expect(advice("12.4", tooOld)[0]).not.toMatch(/cu13/);
    expect(advice("13.0", noCudnn)[0]).toMatch(/^Install cuDNN 9: `pip install nvidia-cudnn-cu13`/);
    expect(advice("13.0", noCudnn)[0]).not.toMatch(/cu12/);
  });

  it.each([[[]], [["--require-cudnn"]], [["--json"]]])("exits with 1 where the addon cannot be loaded: %j", (flags) => {
    const { status, stdout } = run(["doctor", ...flags], {}, { CUDNN_GRU_ADDON: "/nowhere/cudnn_gru.node" });
    expect(status).toBe(1);
    if (flags.includes("--json")) {
      expect(JSON.parse(stdout).backend.cpu.available).toBe(false);
      return;
    }
    expect(stdout.match(/could be loaded/g)).toHaveLength(1);
    expect(stdout).toMatch(/runs nowhere\.[\s\S]*npx cudnn-gru build/);
  });
});

describe("the command line", () => {
  it("has a version and help, and refuses what it does not know", () => {
    expect(run(["--version"], {}).stdout).toBe(`${version}\n`);
    expect(run(["--help"], {}).stdout).toMatch(/doctor[\s\S]*build/);
    expect(run(["doctr"], {})).toMatchObject({ status: 1, stderr: expect.stringContaining("doctor") });
    expect(run(["doctor", "--jason"], {})).toMatchObject({ status: 1, stderr: expect.stringContaining("--json") });
    expect(run(["doctor", "--device", "-1"], {})).toMatchObject({ status: 1 });
  });
});
