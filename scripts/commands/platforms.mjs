import { buildTargets } from "../platforms/build.mjs";
import { targetNamed, targets } from "../platforms/targets.mjs";
import { ensureTools } from "../platforms/tools.mjs";
import { ensurePackages } from "../setup/packages.mjs";
import { CommandError } from "../setup/shell.mjs";

function chosenTargets(names) {
  if (names.length === 0) return targets;
  try {
    return names.map(targetNamed);
  } catch (error) {
    throw new CommandError(error.message, 2);
  }
}

/** Builds the binaries of the targets that are named, or of all, in prebuilds/<target>/. */
export async function buildPlatforms(names) {
  const chosen = chosenTargets(names);
  ensureTools();
  await buildTargets(chosen);
}

/** Installs what the tests of the binaries need: the tools, and Node.js for the platforms that are emulated. */
export function ensurePlatformTests() {
  ensureTools();
  ensurePackages("test/platforms/emulated");
}
