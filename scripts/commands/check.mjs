// The quick loop: the style of what changed, types and layers, and the tests that the changes concern.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { sameBlocks } from "../check/blocks.mjs";
import { changesSince, versionsOf } from "../check/changes.mjs";
import { sameProgram } from "../check/comments.mjs";
import { planFor } from "../check/plan.mjs";
import { ensureAddon, ensureCmakeAddon, ensureDoubles } from "../setup/addon.mjs";
import { ensureDist } from "../setup/dist.mjs";
import { exclusively } from "../setup/lock.mjs";
import { CommandError, root, run, runNode, say } from "../setup/shell.mjs";
import { filesBelow } from "../setup/stamp.mjs";
import { lintChanged } from "./lint.mjs";

const HELP = `Usage: npm run check -- [--since COMMIT] [--plan]

Checks style and types, and runs the tests of what changed since COMMIT. Without --since these are the uncommitted
changes, and where there are none the last commit. --plan only says what would be run.`;

const vitest = join(root, "node_modules/vitest/vitest.mjs");

/** The texts of the source files of native/ and test/, by path. */
function sourceTexts() {
  const files = [...filesBelow("native"), ...filesBelow("test")].filter((file) =>
    /\.(ts|mjs|cjs|cc|h|inc)$/.test(file),
  );
  return new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
}

/** The files whose program changed: those with other comments alone concern no test. */
async function programsAmong(files, base) {
  const same = await Promise.all(
    files.map(async (file) => {
      const { before, after } = versionsOf(file, base);
      return sameProgram(file, before, after);
    }),
  );
  return files.filter((_, at) => !same[at]);
}

const counted = (count, thing) => `${count} ${thing}${count === 1 ? "" : "s"}`;

function announce({ base, files }, programs, { tests, native, left }) {
  const others = files.length - programs.length;
  const quiet = others > 0 ? `, ${others} of them in nothing but comments` : "";
  say(`${counted(files.length, "file")} changed since ${base}${quiet}; tests that this concerns:`);
  for (const test of tests) say(`  ${test}`);
  for (const test of native) say(`  ${test}, a native one`);
  if (tests.length + native.length === 0) say("  none");
  if (left.length > 0) say(`left to npm test, because they are slow: ${left.join(", ")}`);
}

function runNative(names) {
  if (spawnSync("cmake", ["--version"]).error) {
    say("the native tests did not run, because cmake was not found");
    return;
  }
  const cases = `^(${names.join("|")})/`;
  run("ctest", ["--test-dir", "build-cmake", "--output-on-failure", "--parallel", "2", "--tests-regex", cases]);
}

async function buildAll(builds) {
  for (const build of builds) await build();
}

/** The documents among `files` whose code blocks changed. */
function documentsWithNewBlocks(files, base) {
  return files.filter((file) => {
    if (!file.endsWith(".md")) return false;
    const { before, after } = versionsOf(file, base);
    return !sameBlocks(before, after);
  });
}

/**
 * The steps of a plan, by name, in their order. `files` changed, `programs` of them in more than comments. Types are
 * checked against dist/, so where neither types nor tests are needed, lib/ is not compiled.
 */
function stepsFor({ tests, native }, files, programs) {
  const types = programs.some((file) => /\.(ts|mts|cts|js|mjs|cjs|json)$/.test(file));
  const steps = [];
  if (types || tests.length > 0) steps.push(["dist", () => exclusively(ensureDist)]);
  steps.push(["lint", () => lintChanged(files, { types })]);
  if (tests.length > 0) {
    const builds = [ensureAddon, ...(tests.some((test) => test.startsWith("test/cudnn/")) ? [ensureDoubles] : [])];
    steps.push(["builds", () => exclusively(() => buildAll(builds))]);
    steps.push(["tests", () => runNode(vitest, ["run", ...tests])]);
  }
  if (native.length > 0) {
    steps.push(["native build", () => exclusively(ensureCmakeAddon)]);
    steps.push(["native tests", () => runNative(native)]);
  }
  return steps;
}

function readArguments(args) {
  const options = { since: { type: "string" }, plan: { type: "boolean" }, help: { type: "boolean" } };
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new CommandError(`${error.message}\n${HELP}`, 2);
  }
}

/** Runs the quick loop on this machine's working tree; every step, also after one has failed. */
export async function check(args) {
  const start = performance.now();
  const { since, plan: planOnly, help } = readArguments(args);
  if (help) {
    console.log(HELP);
    return;
  }
  const changes = changesSince(since);
  const programs = await programsAmong(changes.files, changes.base);
  const plan = planFor(programs, sourceTexts(), documentsWithNewBlocks(programs, changes.base));
  announce(changes, programs, plan);
  if (planOnly) return;
  const failed = [];
  for (const [name, step] of stepsFor(plan, changes.files, programs)) {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      say(error.message);
      failed.push(name);
    }
  }
  const seconds = Math.round((performance.now() - start) / 1000);
  if (failed.length > 0) throw new CommandError(`check failed after ${seconds} s: ${failed.join(", ")}`, 1);
  say(`check passed in ${seconds} s`);
}
