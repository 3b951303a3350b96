import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { released } from "../release/changelog.mjs";
import { writeVersion } from "../release/version_files.mjs";
import { CommandError, root, run, runNpm, say } from "../setup/shell.mjs";

function read(path) {
  return readFileSync(join(root, path), "utf8");
}

function git(...args) {
  return execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
}

function lines(text) {
  return text.split("\n").filter((line) => line !== "");
}

/** How the repository stands: see `obstacles`. */
function repository() {
  const named = ["package.json", ...lines(git("ls-files", "README.md", "SECURITY.md", ".github"))];
  return {
    version: JSON.parse(read("package.json")).version,
    changelog: read("CHANGELOG.md"),
    branch: git("branch", "--show-current"),
    dirty: lines(git("status", "--porcelain")).map((line) => line.slice(3)),
    tags: lines(git("tag", "--list", "v*")),
    files: Object.fromEntries(named.map((path) => [path, read(path)])),
  };
}

/** The steps of a release on this machine, in order. Each has a description and a function. */
function steps(version, changelog) {
  const date = new Date().toISOString().slice(0, 10);
  return [
    ["run .ci/run, which must pass", () => run("bash", [".ci/run"])],
    [
      `write ${version} into package.json and package-lock.json`,
      () => runNpm(["version", version, "--no-git-tag-version", "--allow-same-version"]),
    ],
    ["write it into both sides of the addon's contract", () => writeVersion(version, root)],
    [
      `move what CHANGELOG.md has under Unreleased to ${version} (${date})`,
      () => writeFileSync(join(root, "CHANGELOG.md"), released(changelog, version, date)),
    ],
    [`commit it as "Version ${version}"`, () => run("git", ["commit", "--all", "--message", `Version ${version}`])],
    [`make the tag v${version}`, () => run("git", ["tag", "--annotate", `v${version}`, "--message", `v${version}`])],
  ];
}

/**
 * `npm run release -- <version> [--dry-run]`: makes a release up to its tag. The workflow release.yml, which the tag starts,
 * builds, tests and publishes it. A dry run looks for the same obstacles, prints the steps and changes nothing.
 */
export async function release(args) {
  // These come from packages, which are not installed yet where other commands of scripts/run.mjs begin.
  const { Command } = await import("commander");
  const { nextVersion, obstacles } = await import("../release/checks.mjs");
  const program = new Command("npm run release --")
    .description(
      "Checks, sets the version, writes the changelog, commits and tags. The workflow that the tag starts does the rest.",
    )
    .argument("<version>", "the version, or major, minor or patch")
    .option("--dry-run", "only print what would be done");
  program.parse(args, { from: "user" });
  const state = repository();
  const version = nextVersion(state.version, program.args[0]);
  const found = obstacles(version, state);
  for (const sentence of found) console.error(`  ${sentence}`);
  if (found.length > 0) throw new CommandError("no release was made, for the reasons above", 1);
  for (const [what, perform] of steps(version, state.changelog)) {
    say(`release: ${program.opts().dryRun ? "would " : ""}${what}`);
    if (!program.opts().dryRun) perform();
  }
  say("release: now run git push --follow-tags, and approve the workflow release on GitHub when its tests have passed");
}
