// Every npm script of this repository: node scripts/run.mjs <command> [arguments]. It runs in a fresh clone, before
// anything is installed, so this file and its imports use Node.js alone.
import { commands } from "./commands/index.mjs";
import { ensureAddon, ensureCmakeAddon, ensureDoubles, ensureSanitizedAddon } from "./setup/addon.mjs";
import { ensureDist } from "./setup/dist.mjs";
import { exclusively } from "./setup/lock.mjs";
import { ensurePackages } from "./setup/packages.mjs";
import { CommandError } from "./setup/shell.mjs";

const setUp = {
  packages: ensurePackages,
  dist: ensureDist,
  addon: ensureAddon,
  cmake: ensureCmakeAddon,
  sanitized: ensureSanitizedAddon,
  doubles: ensureDoubles,
};

/** Whether this Node.js is one that package.json's `engines` names. */
function supported() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  return (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
}

async function main([name, ...args]) {
  if (!supported()) throw new CommandError(`Expected Node.js ^20.19.0 || >=22.12.0 but this is ${process.version}`, 1);
  const command = Object.hasOwn(commands, name ?? "") ? commands[name] : undefined;
  if (!command) {
    const list = Object.entries(commands).map(([key, { about }]) => `  ${key.padEnd(16)} ${about}`);
    throw new CommandError(`Expected one of these commands but received ${name ?? "none"}:\n${list.join("\n")}`, 2);
  }
  await exclusively(async () => {
    for (const need of command.needs) await setUp[need]();
  });
  await command.run(args);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error instanceof CommandError ? `cudnn-gru: ${error.message}` : error);
  process.exitCode = error.status ?? 1;
});
