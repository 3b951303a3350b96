// What may and must be in the tarball of a release.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { strangersIn } from "./linked_parts.mjs";
import { sha256 } from "./sbom.mjs";
import { binaryOf } from "./targets.mjs";

const LARGEST_TARBALL = 8e6;
const BINARY_SIZES = { least: 300_000, most: 5_000_000 };

/** What the paths of a package may be, apart from binaries. */
const EXPECTED = [
  /^dist\/([\w-]+\/)*[\w-]+\.(js|d\.ts)$/,
  /^docs\/[\w-]+\.(md|svg)$/,
  /^native\/([\w-]+\/)*[\w-]+\.(cc|h|inc)$/,
  /^native\/sources\.json$/,
  /^(package\.json|CMakeLists\.txt|LICENSE|THIRD_PARTY_LICENSES|SHA256SUMS|sbom\.cdx\.json)$/,
  /^(README|CHANGELOG|SECURITY)\.md$/,
];
const NEEDED = [
  "LICENSE",
  "THIRD_PARTY_LICENSES",
  "SHA256SUMS",
  "sbom.cdx.json",
  "README.md",
  "CHANGELOG.md",
  "dist/index.js",
  "dist/index.d.ts",
  "dist/hdf5_worker.js",
  "dist/cli/main.js",
];

/** The first bytes of a binary for each target's machine: a format, and the processor in it. */
const MAGIC = {
  "linux-x64": (bytes) => bytes.toString("latin1", 0, 4) === "\x7fELF" && bytes.readUInt16LE(18) === 62,
  "linux-arm64": (bytes) => bytes.toString("latin1", 0, 4) === "\x7fELF" && bytes.readUInt16LE(18) === 183,
  "darwin-x64": (bytes) => bytes.readUInt32LE(0) === 0xfeedfacf && bytes.readUInt32LE(4) === 0x01000007,
  "darwin-arm64": (bytes) => bytes.readUInt32LE(0) === 0xfeedfacf && bytes.readUInt32LE(4) === 0x0100000c,
  "win32-x64": (bytes) => machineOfPe(bytes) === 0x8664,
  "win32-arm64": (bytes) => machineOfPe(bytes) === 0xaa64,
};

function machineOfPe(bytes) {
  if (bytes.toString("latin1", 0, 2) !== "MZ") return null;
  const at = bytes.readUInt32LE(60);
  return bytes.toString("latin1", at, at + 4) === "PE\0\0" ? bytes.readUInt16LE(at + 4) : null;
}

/** The name of the C library that a binary for Linux must ask for, and the one that it may not. */
function wrongLibc(name, bytes) {
  if (!name.startsWith("linux-")) return false;
  const needsGlibc = bytes.includes("\0libc.so.6\0");
  return needsGlibc === name.endsWith("-musl");
}

/**
 * Returns the problems of one binary, as sentences. `version` is that of the package. In a `kind` other than "release", any
 * compiler may have made the binary.
 */
export function binaryProblems(target, bytes, version, kind = "release") {
  const path = binaryOf(target);
  const { least, most } = BINARY_SIZES;
  if (bytes.length < least || bytes.length > most)
    return [`${path} has ${bytes.length} bytes, not ${least} to ${most}`];
  const strangers = kind === "release" ? strangersIn(bytes) : [];
  const problems = strangers.map((part) => `${path} contains ${part}, which THIRD_PARTY_LICENSES lacks`);
  if (!MAGIC[`${target.platform}-${target.arch}`](bytes)) problems.push(`${path} is for another machine`);
  else if (wrongLibc(target.name, bytes)) problems.push(`${path} is for another C library`);
  // What stands before it is up to the compiler. The loader compares the whole version.
  if (!bytes.includes(`${version}\0`)) problems.push(`${path} does not state version ${version}`);
  return problems;
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    );
}

function hashProblems(folder, binaries) {
  const listed = readFileSync(join(folder, "SHA256SUMS"), "utf8");
  const stated = JSON.parse(readFileSync(join(folder, "sbom.cdx.json"), "utf8")).components;
  const expected = binaries.map((path) => `${sha256(join(folder, path))}  ${path}\n`).join("");
  const inSbom = binaries.map((path) => {
    const component = stated.find(({ name }) => name === path);
    return `${component?.hashes[0].content}  ${path}\n`;
  });
  return [
    ...(listed === expected ? [] : ["SHA256SUMS does not have the hashes of exactly the binaries in the package"]),
    ...(inSbom.join("") === expected ? [] : ["the SBOM does not have the hash of each binary"]),
  ];
}

/**
 * Returns the problems of a package that was unpacked in `folder`, as sentences. `size` is that of its tarball, and `targets`
 * are those whose binaries it must have, and no others. `kind` is "release", or "partial" for one that is not published.
 */
export function inventoryProblems(folder, size, targets, kind = "release") {
  const files = filesBelow(folder);
  const binaries = targets.map(binaryOf).sort();
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const unexpected = files.filter((path) => !binaries.includes(path) && !EXPECTED.some((form) => form.test(path)));
  const missing = [...NEEDED, ...binaries].filter((path) => !files.includes(path));
  const problems = [
    ...(size > LARGEST_TARBALL ? [`the tarball has ${size} bytes, more than ${LARGEST_TARBALL}`] : []),
    ...unexpected.map((path) => `${path} does not belong in the package`),
    ...missing.map((path) => `${path} is missing in the package`),
  ];
  if (missing.length > 0) return problems;
  return [
    ...problems,
    ...targets.flatMap((target) => binaryProblems(target, readFileSync(join(folder, binaryOf(target))), version, kind)),
    ...hashProblems(folder, binaries),
  ];
}

/** Returns one line for each binary in `folder`, with its size in MB. */
export function sizesOf(folder, targets) {
  return targets.map((target) => {
    const { size } = statSync(join(folder, binaryOf(target)));
    return `${binaryOf(target)}: ${(size / 1e6).toFixed(2)} MB`;
  });
}
