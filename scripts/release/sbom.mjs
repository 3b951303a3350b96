// The SBOM of a release: CycloneDX, with npm's list of the dependencies, and every binary with its hash and the parts that are
// linked into it.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { npmCommand, root } from "../setup/shell.mjs";
import { linkedParts, sources } from "./linked_parts.mjs";
import { binaryOf } from "./targets.mjs";

/** Returns the SHA-256 of a file, in hexadecimal digits. */
export function sha256(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** Returns the version of LLVM that the C++ library of a release states, such as "19.1.5". */
function llvmVersion() {
  const header = readFileSync(join(sources.zig, "lib/libcxx/include/__config"), "utf8");
  const [, major, minor, patch] = /_LIBCPP_VERSION (\d+)(\d\d)(\d\d)\b/.exec(header);
  return [major, minor, patch].map(Number).join(".");
}

/** Returns the version of a part as a property, or nothing where it is not known, or the package is not installed. */
function versionOf({ version, source }) {
  if (version === null || !existsSync(sources[source])) return {};
  if (version === "llvm") return { version: llvmVersion() };
  return { version: JSON.parse(readFileSync(join(sources[source], "package.json"), "utf8")).version };
}

/** Returns the component of one binary of the package in the folder `base`. */
function componentOf(target, base) {
  const path = binaryOf(target);
  return {
    type: "file",
    "bom-ref": path,
    name: path,
    hashes: [{ alg: "SHA-256", content: sha256(join(base, path)) }],
    components: linkedParts
      .filter(({ within }) => within(target))
      .map((part) => ({
        type: "library",
        "bom-ref": `${path}#${part.name}`,
        name: part.name,
        ...versionOf(part),
        licenses: [{ expression: part.licence }],
      })),
  };
}

/** Returns npm's SBOM of the package and the dependencies that an installation brings. */
function npmSbom() {
  const omitted = ["dev", "peer", "optional"].map((kind) => `--omit=${kind}`);
  const [command, ...args] = npmCommand(["sbom", "--sbom-format=cyclonedx", "--package-lock-only", ...omitted]);
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`npm sbom failed: ${stderr}`);
  return JSON.parse(stdout);
}

/** Returns the SBOM of the package in the folder `base`, which has binaries for `targets`. */
export function sbomOf(targets, base = root) {
  const sbom = npmSbom();
  // npm writes the name of the folder.
  sbom.metadata.component.name = "cudnn-gru";
  sbom.components.push(...targets.map((target) => componentOf(target, base)));
  return sbom;
}
