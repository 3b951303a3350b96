// Which binary is looked for on which machine, and what the error says where there is none.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { requireWholeElf } from "../../dist/native/elf.js";
import { libcOf } from "../../dist/native/libc.js";
import { adviceIfBroken, adviceIfMissing } from "../../dist/native/load_advice.js";
import { describeFailure } from "../../dist/native/load_failure.js";
import { type Machine, machineText, targetsFor, thisMachine } from "../../dist/native/machine.js";
import { PREBUILT_TARGETS, prebuiltBinary } from "../../dist/prebuilt_binaries.js";
import { targets } from "../../scripts/release/targets.mjs";
import { ownTarget } from "../../scripts/setup/prebuild.mjs";

const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-machine-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const machine = (platform: string, arch: string, libc: Machine["libc"] = null) => ({ platform, arch, libc }) as Machine;

describe.skipIf(process.platform !== "linux")("the C library of the running program", () => {
  const program = readFileSync(process.execPath);
  const loader = /\/[\w./-]*ld-linux-[\w.-]+\0/.exec(program.toString("latin1", 0, 4096))?.[0];

  it("is the one that Node.js's own report names", () => {
    const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
    expect(libcOf(process.execPath)).toBe(header.glibcVersionRuntime === undefined ? "musl" : "glibc");
    expect(thisMachine().libc).toBe(libcOf(process.execPath));
    expect(targetsFor(thisMachine())).toEqual([ownTarget]);
  });

  it.skipIf(loader === undefined).each([
    ["/lib/ld-musl-x86_64.so.1", "musl"],
    ["/lib/ld-linux.so.3", "glibc"],
    ["/lib/ld64.so.2", "glibc"],
    ["/lib/ld-uClibc.so.0", null],
  ])("is read from the header: %s", (path, libc) => {
    const changed = Buffer.from(program.subarray(0, 1 << 16));
    changed.write(
      path.padEnd((loader as string).length, "\0"),
      changed.indexOf(loader as string, 0, "latin1"),
      "latin1",
    );
    const file = join(folder, "changed");
    writeFileSync(file, changed);
    expect(libcOf(file)).toBe(libc);
  });

  it("is not known where the file cannot be read, is cut off, or asks for no loader", () => {
    expect(libcOf(join(folder, "missing"))).toBeNull();
    expect(libcOf(folder)).toBeNull();
    const file = join(folder, "short");
    for (const length of [0, 5, 40, 64, 100]) {
      writeFileSync(file, program.subarray(0, length));
      expect(libcOf(file)).toBeNull();
    }
    const hostile = Buffer.from(program.subarray(0, 4096));
    hostile.fill(0xff, 32, 40);
    writeFileSync(file, hostile);
    expect(libcOf(file)).toBeNull();
    writeFileSync(file, "#!/bin/sh\n".padEnd(100));
    expect(libcOf(file)).toBeNull();
  });
});

describe.skipIf(process.platform !== "linux")("a file that is no plain one", () => {
  it("is not waited for: a named pipe, a device", () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    expect(libcOf(pipe)).toBeNull();
    expect(libcOf("/dev/zero")).toBeNull();
    expect(() => requireWholeElf(pipe)).not.toThrow();
  });
});

describe("a binary that is cut off", () => {
  const whole = readFileSync(fileURLToPath(new URL("../../build/Release/cudnn_gru.node", import.meta.url)));
  const file = join(folder, "cudnn_gru.node");
  const load = () =>
    spawnSync(process.execPath, ["--input-type=module", "-e", 'await (await import("cudnn-gru")).backendInfo()'], {
      env: { ...process.env, CUDNN_GRU_ADDON: file },
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      encoding: "utf8",
    });

  it.runIf(process.platform === "linux").each([64, 4096, 200_000, 1_000_000, -100, -1])(
    "at byte %i is an error and no signal",
    (end) => {
      const part = whole.subarray(0, end < 0 ? whole.length + end : end);
      writeFileSync(file, part);
      expect(() => requireWholeElf(file)).toThrow(
        `the file is cut off: its header describes ${whole.length} bytes, but it has ${part.length}`,
      );
      const { signal } = load();
      expect(signal).toBeNull();
    },
  );

  it("is left to the loader where it is whole, too short for a header, or no library of Linux", () => {
    writeFileSync(file, whole);
    expect(() => requireWholeElf(file)).not.toThrow();
    for (const bytes of [whole.subarray(0, 63), Buffer.alloc(0), Buffer.from("MZ".padEnd(100))]) {
      writeFileSync(file, bytes);
      expect(() => requireWholeElf(file)).not.toThrow();
    }
    expect(() => requireWholeElf(join(folder, "missing.node"))).not.toThrow();
  });
});

describe("the binary for a machine", () => {
  it.each([
    ["linux", "x64", "glibc", ["linux-x64"], "linux-x64 (glibc)"],
    ["linux", "arm64", "musl", ["linux-arm64-musl"], "linux-arm64 (musl)"],
    ["linux", "x64", null, ["linux-x64", "linux-x64-musl"], "linux-x64 (unknown C library)"],
    ["darwin", "arm64", null, ["darwin-arm64"], "darwin-arm64"],
    ["win32", "x64", null, ["win32-x64"], "win32-x64"],
  ] as const)("%s-%s (%s)", (platform, arch, libc, names, text) => {
    expect(targetsFor(machine(platform, arch, libc))).toEqual(names);
    expect(machineText(machine(platform, arch, libc))).toBe(text);
  });

  it("has a literal path for every target of a release, and for no other", () => {
    expect(PREBUILT_TARGETS).toEqual(targets.map(({ name }) => name).toSorted());
    for (const target of PREBUILT_TARGETS) {
      expect(prebuiltBinary(target)?.href).toBe(
        new URL(`../../prebuilds/${target}/cudnn_gru.node`, import.meta.url).href,
      );
    }
    expect(prebuiltBinary("linux-ppc64")).toBeUndefined();
  });
});

describe("the advice where no binary loads", () => {
  const all = PREBUILT_TARGETS.map((target) => `0123  prebuilds/${target}/cudnn_gru.node\n`).join("");

  it.each([
    ["linux", "x64", "musl", /binary for linux-x64-musl is missing\. Install cudnn-gru again\..*npx cudnn-gru build/],
    ["linux", "ppc64", "glibc", /no binary for linux-ppc64\. .*npx cudnn-gru build/],
    ["linux", "arm", "musl", /no binary for linux-arm-musl\. .*npx cudnn-gru build/],
    ["darwin", "arm64", null, /binary for darwin-arm64 is missing\. Install cudnn-gru again\..*npx cudnn-gru build/],
    ["win32", "x64", null, /binary for win32-x64 is missing\. Install cudnn-gru again\.$/],
    ["win32", "ia32", null, /no binary for win32-ia32\. On Windows, use Node\.js for x64 or arm64\.$/],
    ["freebsd", "x64", null, /no binary for freebsd-x64\. Its sources can be built on Linux and macOS only/],
  ] as const)("missing on %s-%s (%s)", (platform, arch, libc, advice) => {
    expect(adviceIfMissing(machine(platform, arch, libc), all)).toMatch(advice);
  });

  it.each([
    ["linux", "x64", "musl", /packed without a binary for linux-x64-musl\. Install a release.*npx cudnn-gru build/],
    ["win32", "arm64", null, /packed without a binary for win32-arm64\. Install a release, which has one\.$/],
  ] as const)("packed without one for %s-%s (%s)", (platform, arch, libc, advice) => {
    expect(adviceIfMissing(machine(platform, arch, libc), "0123  prebuilds/linux-x64/cudnn_gru.node\n")).toMatch(
      advice,
    );
    expect(adviceIfMissing(machine(platform, arch, libc), "")).toMatch(advice);
  });

  it("names what the system is too old for, and advises no build where none works", () => {
    const linux = machine("linux", "x64", "glibc");
    const old = "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by /a/cudnn_gru.node)";
    expect(adviceIfBroken(old, linux)).toMatch(/newer system than this one \(GLIBC_2\.34\).*npx cudnn-gru build/);
    expect(adviceIfBroken("file too short", linux)).toMatch(/damaged.*install cudnn-gru again.*npx cudnn-gru build/);
    const windows = adviceIfBroken("\\\\?\\C:\\a.node is not a valid Win32 application.", machine("win32", "x64"));
    expect(windows).toMatch(/install cudnn-gru again on this one\.$/);
  });
});

describe("a script that CUDNN_GRU_ADDON names", () => {
  const hostile = {
    get message(): string {
      throw new Error("no message");
    },
  };
  it.each([
    ["null", null],
    ["undefined", undefined],
    ["text", "text"],
    ["an object without a message", {}],
    ["a getter that throws", hostile],
  ])("may throw %s, which becomes a reason", (_, thrown) => {
    expect(describeFailure("/addon.js", thrown)).toMatchObject({
      path: "/addon.js",
      kind: "broken",
      reason: expect.any(String),
    });
  });
});
