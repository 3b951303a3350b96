// Builds the binaries of targets: compiles, links, checks and stores them in prebuilds/.
import { statSync } from "node:fs";
import { join } from "node:path";
import { sourcesOf } from "../setup/addon.mjs";
import { storePrebuild } from "../setup/prebuild.mjs";
import { newProgress } from "../setup/progress.mjs";
import { CommandError, root, say } from "../setup/shell.mjs";
import { problemsOf } from "./check.mjs";
import { compileObjects } from "./compile.mjs";
import { link } from "./link.mjs";
import { includesFunctions, writeFunctions } from "./node_api.mjs";
import { objectsOf } from "./objects.mjs";
import { cores } from "./tools.mjs";
import { unitProblems, unitsOf } from "./units.mjs";

/** Compiles everything of a target, and says how far it is. Returns its objects. */
async function compileTarget(target) {
  const progress = newProgress(`cudnn-gru: compiling for ${target.name}`);
  const timer = setInterval(() => progress.tick(), 1000);
  try {
    return await compileInOrder(target, progress);
  } finally {
    clearInterval(timer);
    progress.end();
  }
}

async function compileInOrder(target, progress) {
  const objects = objectsOf(target);
  // The list of functions is made from the other objects of the addon.
  const late = objects.filter(includesFunctions);
  const early = objects.filter((object) => !late.includes(object));
  await compileObjects(early, progress);
  if (late.length > 0) {
    const ofAddon = early.filter((object) => object.room === "addon");
    writeFunctions(target, ofAddon);
    await compileObjects(late, progress);
  }
  return objects;
}

/** Builds one target, checks its binary and stores it in prebuilds/<target>/. */
async function buildTarget(target) {
  const start = performance.now();
  // Before the build, so that a file that changes meanwhile makes the binary one of unknown sources.
  const sources = sourcesOf(target.platform, target.arch);
  const objects = await compileTarget(target);
  const unfit = unitsOf(target).flatMap((unit) => unitProblems(target, unit));
  if (unfit.length > 0) throw new CommandError(`The kernels are not fit for every CPU: ${unfit.join("; ")}`, 1);
  const binary = join(root, await link(target, objects));
  const problems = problemsOf(target, binary);
  if (problems.length > 0) throw new CommandError(`The binary for ${target.name} ${problems.join("; it ")}`, 1);
  const folder = `prebuilds/${target.name}`;
  storePrebuild(binary, sources, root, folder);
  const seconds = Math.round((performance.now() - start) / 1000);
  say(`${folder}/cudnn_gru.node: ${(statSync(binary).size / 1e6).toFixed(2)} MB, ${seconds} s`);
}

/** Builds the targets one after the other, each on all cores. */
export async function buildTargets(targets) {
  say(`building ${targets.map((target) => target.name).join(", ")} on ${cores} ${cores === 1 ? "core" : "cores"}`);
  for (const target of targets) await buildTarget(target);
}
