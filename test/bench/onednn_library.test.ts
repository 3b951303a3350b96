// Which oneDNN the benchmark measures, in made-up installations.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Unavailable } from "../../bench/contender.js";
import { findOnednn, onednnIn } from "../../bench/onednn_library.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bench-onednn-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Makes an installation, and returns its prefix. */
function install(
  name: string,
  version: string,
  library: string,
  header = "include/oneapi/dnnl/dnnl_version.h",
): string {
  const prefix = join(folder, name);
  const write = (path: string, text: string) => {
    mkdirSync(join(prefix, path, ".."), { recursive: true });
    writeFileSync(join(prefix, path), text);
  };
  const defines = version.split(".").map((number, part) => {
    return `#define DNNL_VERSION_${["MAJOR", "MINOR", "PATCH"][part]} ${number}`;
  });
  write(header, `#ifndef GUARD\n${defines.join("\n")}\n#endif\n`);
  write("include/dnnl.hpp", "");
  write(library, "");
  return prefix;
}

describe("onednnIn", () => {
  it.each([
    ["a build from sources", "lib/libdnnl.so"],
    ["lib64", "lib64/libdnnl.so"],
    ["Debian's package elsewhere", "lib/x86_64-linux-gnu/libdnnl.so"],
    ["a Python environment without the development link", "lib/libdnnl.so.3"],
    ["macOS", "lib/libdnnl.dylib"],
  ])("finds the header and the library of %s", (_, library) => {
    const prefix = install("one", "3.8.1", library);
    expect(onednnIn(prefix)).toEqual({
      prefix,
      version: "3.8.1",
      flags: ["-isystem", join(prefix, "include"), join(prefix, library), `-Wl,-rpath,${join(prefix, library, "..")}`],
    });
  });

  it("reads the version where older releases have it", () => {
    expect(onednnIn(install("old", "2.0.0", "lib/libdnnl.so", "include/dnnl_version.h"))?.version).toBe("2.0.0");
  });

  it.each([
    ["another generation's library", "lib/libdnnl.so.2"],
    ["no library", "lib/libother.so"],
  ])("finds nothing beside %s", (_, library) => {
    expect(onednnIn(install("one", "3.8.1", library))).toBeNull();
  });

  it("finds nothing without headers", () => {
    expect(onednnIn(folder)).toBeNull();
  });
});

describe("findOnednn", () => {
  it("takes the one that ONEDNN_ROOT names, whatever else there is", () => {
    const old = install("old", "0.1.0", "lib/libdnnl.so");
    const active = install("active", "99.0.0", "lib/libdnnl.so");
    expect(findOnednn({ ONEDNN_ROOT: old, VIRTUAL_ENV: active }).prefix).toBe(old);
  });

  it("does not fall back when ONEDNN_ROOT has none", () => {
    const active = install("active", "99.0.0", "lib/libdnnl.so");
    const find = () => findOnednn({ ONEDNN_ROOT: folder, VIRTUAL_ENV: active });
    expect(find).toThrow(Unavailable);
    expect(find).toThrow(`ONEDNN_ROOT is ${folder}, which lacks include/dnnl.hpp or libdnnl in lib`);
  });

  it("takes the newest of those it finds by itself", () => {
    const newer = install("newer", "99.10.0", "lib/libdnnl.so");
    const older = install("older", "99.9.9", "lib/libdnnl.so");
    expect(findOnednn({ VIRTUAL_ENV: older, CONDA_PREFIX: newer }).prefix).toBe(newer);
    expect(findOnednn({ VIRTUAL_ENV: newer, CONDA_PREFIX: older }).prefix).toBe(newer);
  });
});
