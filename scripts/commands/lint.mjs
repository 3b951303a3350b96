import { existsSync } from "node:fs";
import { join } from "node:path";
import { tsc } from "../setup/dist.mjs";
import { CommandError, root, runNode, say } from "../setup/shell.mjs";

const biome = join(root, "node_modules/@biomejs/biome/bin/biome");

const checks = [
  ["Biome", () => runNode(biome, ["check", "--error-on-warnings", "."])],
  ["clang-format", () => runNode("scripts/clang-format.mjs", ["--check"])],
  ["types", () => runNode(tsc, ["--project", "tsconfig.check.json"])],
  ["layers", () => runNode("scripts/check-layers.mjs")],
  ["sources list", () => runNode("scripts/check-sources.mjs")],
  ["version", () => runNode("scripts/check-version.mjs")],
  ["lockfiles", () => runNode("scripts/check-lockfiles.mjs")],
  ["licences", () => runNode("scripts/release/licences.mjs", ["--check"])],
  ["documents", () => runNode("scripts/check-docs.mjs")],
  ["comments of public names", () => runNode("scripts/check-comments.mjs")],
  ["openings of comments", () => runNode("scripts/check-openings.mjs")],
];

/** The checks that can read single files: which they read, and the settings that concern every file. */
const ofFiles = {
  Biome: {
    settings: ["biome.json", "package-lock.json"],
    reads: /\.([cm]?[jt]s|json)$/,
    check: (files) => runNode(biome, ["check", "--error-on-warnings", "--no-errors-on-unmatched", ...files]),
  },
  "clang-format": {
    settings: [".clang-format", "package-lock.json"],
    reads: /^(native|test\/native|test\/doubles)\/.*\.(cc|h|inc)$/,
    check: (files) => runNode("scripts/clang-format.mjs", ["--check", ...files]),
  },
};

/** The check `name`, made to read no more than it must after `changed` changed. `check` is the one of everything. */
function narrowed([name, check], changed) {
  const tool = ofFiles[name];
  if (tool === undefined || changed.some((file) => tool.settings.includes(file))) return [name, check];
  const files = changed.filter((file) => tool.reads.test(file) && existsSync(join(root, file)));
  return [name, () => files.length > 0 && tool.check(files)];
}

/**
 * Runs the checks on the changed files `files`. Those that know no single files run on everything. `types` says whether
 * types are checked, which needs dist/.
 */
export function lintChanged(files, { types }) {
  const needed = checks.filter(([name]) => name !== "types" || types);
  runChecks(needed.map((check) => narrowed(check, files)));
}

/** Runs every check on everything. */
export function lint() {
  runChecks(checks);
}

/** Runs each check, also after one has failed, and says at the end which did. */
function runChecks(chosen) {
  const failed = [];
  for (const [name, check] of chosen) {
    try {
      check();
      say(`lint: ${name} is clean`);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      failed.push(name);
      say(`lint: ${name} FAILED`);
    }
  }
  if (failed.length > 0) throw new CommandError(`lint failed: ${failed.join(", ")} ("npm run format" mends style)`, 1);
}

/** Rewrites TypeScript, JavaScript, JSON and C++ sources in the house style, and draws the picture of the rooms. */
export function format() {
  runNode(biome, ["check", "--write", "."]);
  runNode("scripts/clang-format.mjs");
  runNode("scripts/draw-architecture.mjs");
}
