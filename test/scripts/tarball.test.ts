// The checks of a release's tarball refuse what must not be published.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { binaryProblems, inventoryProblems } from "../../scripts/release/inventory.mjs";
import { licenceProblems } from "../../scripts/release/licences.mjs";
import { linkedParts } from "../../scripts/release/linked_parts.mjs";
import { sbomOf, sha256 } from "../../scripts/release/sbom.mjs";
import { binaryOf, targets } from "../../scripts/release/targets.mjs";
import { ownTarget } from "../../scripts/setup/prebuild.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const addon = process.env.CUDNN_GRU_ADDON || join(root, "build/Release/cudnn_gru.node");
const own = targets.filter(({ name }) => name === ownTarget);
const target = own[0] as (typeof targets)[number];
const base = mkdtempSync(join(tmpdir(), "cudnn-gru-tarball-"));
const folder = join(base, "package");

afterAll(() => rmSync(base, { recursive: true, force: true }));

function put(path: string, content: string | Buffer) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

/** A package with one binary, in which everything is in order. */
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  const texts = ["LICENSE", "THIRD_PARTY_LICENSES", "README.md", "CHANGELOG.md", "package.json", "native/sources.json"];
  for (const path of texts) put(path, readFileSync(join(root, path)));
  for (const path of ["dist/index.js", "dist/index.d.ts", "dist/hdf5_worker.js", "dist/cli/main.js"]) put(path, "");
  put("docs/files.md", "");
  put("native/core/status.cc", "");
  put(binaryOf(target), readFileSync(addon));
  put("SHA256SUMS", `${sha256(addon)}  ${binaryOf(target)}\n`);
  put("sbom.cdx.json", JSON.stringify(sbom(own)));
});

let cached: ReturnType<typeof sbomOf> | undefined;
function sbom(of: typeof targets) {
  cached ??= sbomOf(of, folder);
  return cached;
}

const problems = (size = 1e6) => inventoryProblems(folder, size, own, "partial");

describe("what is in the tarball", () => {
  it("is in order", () => {
    expect(problems()).toEqual([]);
    expect(sbom(own)).toMatchObject({
      bomFormat: "CycloneDX",
      metadata: { component: { name: "cudnn-gru", version } },
    });
    const names = sbom(own).components.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(["commander", "h5wasm", "yauzl", binaryOf(target)]));
  });

  it.each([
    [
      "a record of the build",
      () => put("prebuilds/linux-x64/built_from.json", "{}"),
      /built_from\.json does not belong/,
    ],
    ["a source of the tests", () => put("test/a.test.ts", ""), /test\/a\.test\.ts does not belong/],
    ["a key", () => put(".npmrc", ""), /\.npmrc does not belong/],
    ["a binary of no target", () => put("prebuilds/aix-ppc64/cudnn_gru.node", ""), /aix-ppc64.* does not belong/],
    ["no licences", () => rmSync(join(folder, "THIRD_PARTY_LICENSES")), /THIRD_PARTY_LICENSES is missing/],
    ["no binary", () => rmSync(join(folder, binaryOf(target))), /cudnn_gru\.node is missing/],
    ["other hashes", () => put("SHA256SUMS", ""), /SHA256SUMS does not have the hashes/],
    ["another SBOM", () => put("sbom.cdx.json", '{ "components": [] }'), /SBOM does not have the hash/],
  ])("is refused with %s", (_, spoil, message) => {
    spoil();
    expect(problems()).toEqual([expect.stringMatching(message)]);
  });

  it("is refused if it is too large, or lacks the binary of another target", () => {
    expect(problems(8e6 + 1)).toEqual([expect.stringMatching(/has 8000001 bytes/)]);
    const missing = inventoryProblems(folder, 1e6, targets);
    expect(missing).toHaveLength(targets.length - 1);
  });
});

describe("a binary", () => {
  const bytes = readFileSync(addon);
  const other = (name: string) => targets.find((one) => one.name === name) as typeof target;

  it("is for its target, and states the version", () => {
    expect(binaryProblems(target, bytes, version, "partial")).toEqual([]);
    expect(binaryProblems(target, bytes, "9.8.7", "partial")).toEqual([
      expect.stringMatching(/not state version 9\.8\.7/),
    ]);
    for (const { name } of targets.filter(({ name }) => name !== ownTarget)) {
      expect(binaryProblems(other(name), bytes, version, "partial")).toEqual([
        expect.stringMatching(/is for another (machine|C library)/),
      ]);
    }
  });

  it("has a plausible size", () => {
    expect(binaryProblems(target, bytes.subarray(0, 1000), version)).toEqual([expect.stringMatching(/has 1000 bytes/)]);
  });

  it.skipIf(!bytes.includes("GCC: ("))("of another compiler than that of a release is refused", () => {
    expect(binaryProblems(target, bytes, version)).toEqual([expect.stringMatching(/contains GCC's C\+\+ run time/)]);
  });
});

describe("the licences of what is linked in", () => {
  const text = readFileSync(join(root, "THIRD_PARTY_LICENSES"), "utf8");

  it("are complete", () => {
    expect(licenceProblems(text)).toEqual([]);
    expect(text).toContain("Apache License");
    expect(text).toContain("Copyright (c) Zig contributors");
  });

  it("are refused without a part, or with a heading alone", () => {
    const part = { ...(linkedParts[0] as (typeof linkedParts)[number]), name: "another" };
    expect(licenceProblems(text, [...linkedParts, part])).toEqual([expect.stringMatching(/no section for another/)]);
    expect(licenceProblems("")).toHaveLength(linkedParts.length);
    const { name } = linkedParts[1] as (typeof linkedParts)[number];
    const at = text.indexOf(`${name} (`);
    const rule = text.indexOf("=".repeat(80), at);
    const end = text.indexOf("=".repeat(80), rule + 80);
    const emptied = `${text.slice(0, rule + 81)}\n${text.slice(end)}`;
    expect(licenceProblems(emptied)).toContain(`THIRD_PARTY_LICENSES has no text for ${name}`);
  });
});
