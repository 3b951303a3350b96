import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { adviceToLoad } from "../../dist/cli/advice.js";
import { prebuildFolder } from "../../scripts/setup/prebuild.mjs";

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
function run(
  args: string[],
  double: object,
  env: NodeJS.ProcessEnv = {},
  command: string = `${root}${bin["cudnn-gru"]}`,
) {
  const { CUDNN_GRU_DISABLE_CUDA: _, CUDNN_GRU_CUDNN_PATH: __, ...rest } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
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
    expect(stdout).not.toMatch(/What to do|has to be done/);
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
    expect(stdout).toMatch(
      /works here\..* run on the CPU\.\n\nNothing has to be done\. To run calls on an NVIDIA GPU:\n- .*nvidia-smi.*\n- Install cuDNN 9/,
    );
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
    const without = run(["doctor", "--require-cudnn"], nothing);
    expect(without.status).toBe(1);
    expect(without.stdout).toMatch(
      /run on the CPU\. It fails, because --require-cudnn[^\n]*\n\nWhat to do for the GPU:\n/,
    );
  });

  it("prints JSON for a machine", () => {
    const { status, stdout } = run(["doctor", "--json", "--require-cudnn"], nothing);
    expect(status).toBe(1);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      version,
      node: process.version,
      device: 0,
      path: "cpu",
      works: true,
      exitStatus: 1,
    });
    expect(report.verdict).toContain("--require-cudnn");
    expect(report.addon).toEqual({ path: addon, reason: null, failures: [] });
    expect(report.backend.cudnn).toEqual({ ...noCudnn, allow_tf32: false });
    expect(report.runtime.map(({ dtype, met }: { dtype: string; met: boolean }) => [dtype, met])).toEqual([
      ["float32", false],
      ["float64", false],
      ["float16", false],
      ["bfloat16", false],
    ]);
    expect(report.advice).toHaveLength(2);
    expect(JSON.parse(run(["doctor", "--json"], works).stdout)).toMatchObject({
      path: "cudnn",
      advice: [],
      exitStatus: 0,
      verdict: expect.stringContaining("runs on the GPU (device 0)"),
    });
  });

  it("says to take CUDNN_GRU_DISABLE_CUDA away", () => {
    const { stdout } = run(["doctor"], nothing, { CUDNN_GRU_DISABLE_CUDA: "1" });
    expect(stdout).toMatch(/To run calls on an NVIDIA GPU:\n- Unset CUDNN_GRU_DISABLE_CUDA\.\n$/);
  });

  it("speaks of CUDNN_GRU_CUDNN_PATH where that is what is wrong, and of no package", () => {
    const { stdout } = run(
      ["doctor"],
      { info: { cuda, cudnn: noCudnn }, verdicts: nothing.verdicts },
      {
        CUDNN_GRU_CUDNN_PATH: "/wrong",
      },
    );
    const advice = stdout.slice(stdout.indexOf("To run calls"));
    expect(advice).toMatch(
      /^To run calls on an NVIDIA GPU:\n- CUDNN_GRU_CUDNN_PATH is \/wrong[^\n]*libcudnn_adv\.so\.9[^\n]*unset it/,
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

  describe("exits with 1 where the addon cannot be loaded, and its advice fits the cause:", () => {
    const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-doctor-"));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    /** Runs doctor as text and as JSON, and returns both. Both must fail alike and say the same. */
    function failure(env: NodeJS.ProcessEnv, command?: string) {
      const text = run(["doctor"], {}, env, command);
      const json = run(["doctor", "--json", "--require-cudnn"], {}, env, command);
      const report = JSON.parse(json.stdout);
      expect([text.status, text.stderr, json.status]).toEqual([1, "", 1]);
      expect(report).toMatchObject({ works: false, exitStatus: 1, path: null, runtime: [] });
      expect(report.addon).toMatchObject({ path: null, reason: report.backend.cpu.reason });
      expect(text.stdout.replace(/^ {14}/gm, "")).toContain(
        `addon         no: ${report.addon.reason}\n\n${report.verdict}`,
      );
      expect(text.stdout.endsWith(`\n\nWhat to do:\n- ${report.advice.join("\n- ")}\n`)).toBe(true);
      return report;
    }

    it("a variable whose value the addon refuses", () => {
      const { advice, addon } = failure({ CUDNN_GRU_ISA: "foo" });
      expect(advice).toEqual([expect.stringMatching(/^Unset CUDNN_GRU_ISA\b/)]);
      expect(addon.failures).toEqual([expect.objectContaining({ kind: "refused" })]);
      expect(failure({ CUDNN_GRU_THREADS: "0" }).advice).toEqual([expect.stringMatching(/^Unset CUDNN_GRU_THREADS\b/)]);
    });

    it.each(["/nowhere/cudnn_gru.node", "relative.node"])("CUDNN_GRU_ADDON=%s", (path) => {
      const { advice, addon } = failure({ CUDNN_GRU_ADDON: path });
      expect(advice).toEqual([expect.stringMatching(/^Unset CUDNN_GRU_ADDON\b.*or correct it/)]);
      expect(advice[0]).toContain(path);
      expect(`${advice}${addon.reason}`).not.toContain("npx cudnn-gru build");
    });

    it("a package without a binary for this machine, or with one that does not load", () => {
      cpSync(`${root}dist`, join(folder, "dist"), { recursive: true });
      cpSync(`${root}package.json`, join(folder, "package.json"));
      symlinkSync(`${root}node_modules`, join(folder, "node_modules"));
      const command = join(folder, bin["cudnn-gru"]);
      const missing = failure({ CUDNN_GRU_ADDON: "" }, command);
      expect(missing.advice).toEqual([
        expect.stringMatching(/^This copy of cudnn-gru was packed without a binary for .*npx cudnn-gru build/),
      ]);
      expect(new Set(missing.addon.failures.map(({ kind }: { kind: string }) => kind))).toEqual(new Set(["missing"]));
      const binary = join(folder, `${prebuildFolder}/cudnn_gru.node`);
      mkdirSync(dirname(binary), { recursive: true });
      writeFileSync(binary, "no binary");
      const broken = failure({ CUDNN_GRU_ADDON: "" }, command);
      expect(broken.advice).toEqual([
        expect.stringMatching(/cannot be loaded, for the reason above\..*npx cudnn-gru build/),
      ]);
      expect(broken.advice[0]).toContain(binary);
    });

    it("Windows, where no build works", () => {
      const failures = [{ path: "C:\\a.node", kind: "missing" as const, reason: "Cannot find module" }];
      const adviceOn = (platform: "win32" | "darwin") =>
        adviceToLoad({ reason: "none", failures, environment: {}, machine: { platform, arch: "x64", libc: null } })[0];
      expect(adviceOn("win32")).toMatch(/Install a release/);
      expect(adviceOn("win32")).not.toMatch(/cudnn-gru build|npm test/);
      expect(adviceOn("darwin")).toMatch(/npx cudnn-gru build/);
    });
  });
});

describe("the command line", () => {
  it("has a version and help, and refuses what it does not know", () => {
    expect(run(["--version"], {}).stdout).toBe(`${version}\n`);
    expect(run(["--help"], {}).stdout).toMatch(/doctor[\s\S]*build/);
    expect(run(["doctr"], {})).toMatchObject({ status: 2, stderr: expect.stringContaining("doctor") });
    expect(run(["doctor", "--jason"], {})).toMatchObject({ status: 2, stderr: expect.stringContaining("--json") });
    expect(run(["doctor", "--device", "-1"], {})).toMatchObject({ status: 2 });
  });
});
