// The tarball of a release: every binary, hashes, an SBOM, checks of all that, and a first use.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inventoryProblems, sizesOf } from "../release/inventory.mjs";
import { licenceProblems } from "../release/licences.mjs";
import { sbomOf, sha256 } from "../release/sbom.mjs";
import { binaryOf, targets } from "../release/targets.mjs";
import { CommandError, root, run, runNode, runNpm, say } from "../setup/shell.mjs";
import { addPrebuild } from "./prebuild.mjs";

/** The folder that the tarball is written to, relative to the root. */
const FOLDER = "release";

/** The files that are in a package only if it is a release. */
const SUMS = join(root, "SHA256SUMS");
const SBOM = join(root, "sbom.cdx.json");

/** Returns the targets whose binaries are built. A release must have all, and `kind` says whether it is one. */
function builtTargets(kind) {
  const built = targets.filter((target) => existsSync(join(root, binaryOf(target))));
  const missing = targets.filter((target) => !built.includes(target)).map(({ name }) => name);
  if (missing.length > 0) {
    const sentence = `there is no binary for ${missing.join(", ")}, which npm run build:platforms makes`;
    if (kind === "release") throw new CommandError(sentence, 1);
    say(`${sentence}. What is made here is no release`);
  }
  return built;
}

function stopAt(what, problems) {
  for (const problem of problems) console.error(`  ${problem}`);
  if (problems.length > 0) throw new CommandError(`${what}, for the reasons above`, 1);
}

/** Packs the package with its hashes and its SBOM. Returns the path of the tarball, relative to the root. */
function pack(built, version) {
  mkdirSync(join(root, FOLDER), { recursive: true });
  const paths = built.map(binaryOf).sort();
  writeFileSync(SUMS, paths.map((path) => `${sha256(join(root, path))}  ${path}\n`).join(""));
  writeFileSync(SBOM, `${JSON.stringify(sbomOf(built), null, 2)}\n`);
  try {
    runNpm(["pack", "--loglevel=error", "--pack-destination", FOLDER]);
  } finally {
    rmSync(SUMS, { force: true });
    rmSync(SBOM, { force: true });
  }
  return `${FOLDER}/cudnn-gru-${version}.tgz`;
}

/** Checks everything in the tarball. */
function inspect(tarball, built, kind) {
  const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-tarball-"));
  try {
    run("tar", ["-xzf", join(root, tarball), "-C", folder]);
    const bytes = readFileSync(join(root, tarball)).length;
    for (const line of sizesOf(join(folder, "package"), built)) say(`release: ${line}`);
    say(`release: ${tarball}: ${(bytes / 1e6).toFixed(2)} MB`);
    stopAt("the tarball is not in order", inventoryProblems(join(folder, "package"), bytes, built, kind));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * `npm run release:tarball [-- --partial]`: makes the tarball of a release in release/, from the binaries in prebuilds/, checks
 * it, installs it in an empty folder and computes with it. The workflow publishes this very file.
 */
export async function makeTarball(args) {
  // This comes from a package, which is not installed yet where other commands of scripts/run.mjs begin.
  const { Command } = await import("commander");
  const program = new Command("npm run release:tarball --")
    .description("Makes the tarball of a release in release/, checks it and computes with it.")
    .option(
      "--partial",
      "use the everyday build for this machine, and go on without the binaries that are missing; no release",
    );
  program.parse(args, { from: "user" });
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const kind = program.opts().partial ? "partial" : "release";
  if (kind === "partial") addPrebuild();
  const built = builtTargets(kind);
  say("release: the licences of what is linked in");
  stopAt(
    "THIRD_PARTY_LICENSES is not complete",
    licenceProblems(readFileSync(join(root, "THIRD_PARTY_LICENSES"), "utf8")),
  );
  say("release: hashes, SBOM and tarball");
  const tarball = pack(built, version);
  say("release: what is in the tarball");
  inspect(tarball, built, kind);
  say("release: an installation of the tarball");
  runNode("scripts/release/try_tarball.mjs", [tarball]);
  say(`release: ${tarball} is in order`);
}
