import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DOUBLES, type ProgramOptions, reportOf, titled, withoutDoubles } from "./doubles.js";
import type { InfoReport } from "./programs/info.js";

interface Situation extends ProgramOptions {
  name: string;
  /** The text that the sentence contains. */
  says: RegExp;
  /** Where `backendInfo()` says it; the others are matters of one device and dtype. */
  in?: ("cuda" | "cudnn")[];
}

const folders = mkdtempSync(join(tmpdir(), "cudnn-gru-environments-"));

/** The doubles' folder less the files that `missing` matches; real files, since the loader follows links. */
function folderWithout(name: string, missing: RegExp): string {
  const folder = join(folders, name);
  mkdirSync(folder);
  for (const file of readdirSync(join(DOUBLES, "cudnn")))
    if (!missing.test(file)) copyFileSync(join(DOUBLES, "cudnn", file), join(folder, file));
  return folder;
}

const situations: Situation[] = [
  { name: "no cuDNN", says: /cuDNN 9 was not found/, in: ["cudnn"], env: { CUDNN_GRU_CUDNN_PATH: folders } },
  { name: "a missing part", says: /libcudnn_ops\.so\.9/, in: ["cudnn"] },
  { name: "no cuBLASLt", says: /libcublasLt\.so\.13/, in: ["cudnn"] },
  { name: "parts of different versions", says: /different versions/, in: ["cudnn"], double: { ops_check: 1002 } },
  { name: "cuDNN 8", says: /is cuDNN 8\.9\.7/, in: ["cudnn"], double: { cudnn: 8907 } },
  { name: "a stub driver", says: /stub/, in: ["cuda"], double: { init: 34 } },
  { name: "a driver of another version", says: /kernel module/, in: ["cuda"], double: { init: 803 } },
  { name: "a driver that cannot start", says: /CUDA_ERROR_UNKNOWN/, in: ["cuda"], double: { init: 999 } },
  {
    name: "a driver too old for this cuDNN",
    says: /too old.*built for CUDA 13.*supports CUDA 12\.4/,
    in: ["cudnn"],
    double: { driver: 12040 },
  },
  { name: "no device", says: /finds no device/, in: ["cuda"], double: { devices: 0 } },
  { name: "no visible device", says: /CUDA_VISIBLE_DEVICES is ""/, in: ["cuda"], env: { CUDA_VISIBLE_DEVICES: "" } },
  {
    name: "CUDA switched off",
    says: /CUDNN_GRU_DISABLE_CUDA/,
    in: ["cuda", "cudnn"],
    env: { CUDNN_GRU_DISABLE_CUDA: "1" },
  },
  { name: "a GPU too old", says: /compute capability 7\.5 .* compute capability 6\.1/, double: { compute: 61 } },
  { name: "no such device", says: /no CUDA device 3/, args: ["float32", "3"] },
  {
    name: "a device that cannot be opened",
    says: /cuDevicePrimaryCtxRetain/,
    faults: "cuDevicePrimaryCtxRetain 1 9 46",
  },
  { name: "a handle that cannot be made", says: /cudnnCreate/, faults: "cudnnCreate 1 9 1001" },
  { name: "no memory for the self-check", says: /memory/, double: { memory: 16 } },
  { name: "a self-check whose launch fails", says: /cudnnRNNForward/, faults: "cudnnRNNForward 1 9 5000" },
  { name: "a self-check whose kernel fails", says: /CUDA_ERROR_ILLEGAL_ADDRESS/, faults: "kernel 1 1 700" },
];

/** The messages that a person reads in such a process, on the cuDNN path and without it. */
describe.skipIf(withoutDoubles)(titled("machines without a part", withoutDoubles), () => {
  const reasons = new Map<string, string>();

  beforeAll(() => {
    (situations[1] as Situation).env = { CUDNN_GRU_CUDNN_PATH: folderWithout("ops", /_ops/) };
    (situations[2] as Situation).env = { CUDNN_GRU_CUDNN_PATH: folderWithout("cublas", /cublas/) };
  });
  afterAll(() => rmSync(folders, { recursive: true }));

  it("nothing is missing", async () => {
    const { info, runtime, required, automatic } = await reportOf<InfoReport>("info");
    expect(info.cuda).toEqual({
      available: true,
      driver: "13.0",
      devices: [{ index: 0, name: "Test double of a GPU", computeCapability: "9.0", totalMemory: 2 ** 30 }],
    });
    expect(info.cudnn).toMatchObject({
      available: true,
      version: "9.24.0",
      path: join(DOUBLES, "cudnn/libcudnn_adv.so.9"),
    });
    expect(info.cudnn.tried).not.toEqual([]);
    expect(runtime.met).toBe(true);
    expect(required).toBeNull();
    expect(automatic).toBe(true);
  });

  it.each(situations)("$name", async ({ name, says, in: places = [], ...options }) => {
    const { info, runtime, required, automatic } = await reportOf<InfoReport>("info", options);
    for (const place of ["cuda", "cudnn"] as const) {
      expect(info[place].available).toBe(!places.includes(place));
      if (places.includes(place)) expect(info[place].reason).toMatch(says);
      else expect(info[place].reason).toBeUndefined();
    }
    expect(runtime.met).toBe(false);
    expect(runtime.detail).toMatch(says);
    expect(required?.code).toBe("ERR_CUDNN_UNAVAILABLE");
    expect(required?.message).toContain(runtime.detail);
    expect(automatic).toBe(true);
    reasons.set(name, runtime.detail);
  });

  it("each has a sentence of its own", () => {
    expect(reasons.size).toBe(situations.length);
    expect(new Set(reasons.values()).size).toBe(situations.length);
  });

  it("no driver", async ({ skip }) => {
    const env = { LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH };
    const { info, required, automatic } = await reportOf<InfoReport>("info", { env });
    if (info.cuda.available) skip("this machine has a driver");
    expect(info.cuda.reason).toMatch(/No CUDA driver was found/);
    expect(info.cudnn.available).toBe(true);
    expect(required?.code).toBe("ERR_CUDNN_UNAVAILABLE");
    expect(required?.message).toContain(info.cuda.reason);
    expect(automatic).toBe(true);
  });
});
