import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** A command that was started and failed; `status` is what this process should exit with. */
export class CommandError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** One line about what a script is doing, and why. */
export function say(message) {
  console.log(`cudnn-gru: ${message}`);
}

/**
 * Runs a program in the repository's root with this process's standard streams and waits for it; a `quiet` one is
 * heard only when it fails or warns. Throws `CommandError` when it cannot be started or does not exit with 0.
 */
export function run(command, args, { cwd = root, quiet = false } = {}) {
  const stdio = quiet ? ["ignore", "pipe", "pipe"] : "inherit";
  const child = spawnSync(command, args, { cwd, stdio, encoding: "utf8", maxBuffer: 1 << 28 });
  const output = quiet ? `${child.stdout}${child.stderr}` : "";
  if (child.status !== 0 || /\bwarning:/i.test(output)) process.stderr.write(output);
  if (child.error) throw new CommandError(`${command} could not be started: ${child.error.message}`, 127);
  if (child.status !== 0) {
    const how = child.signal ? `was ended by ${child.signal}` : `exited with ${child.status}`;
    throw new CommandError(`${[command, ...args].join(" ")} ${how}`, child.status ?? 1);
  }
}

/** Runs a JavaScript program with the running Node.js. */
export function runNode(script, args = [], options = {}) {
  run(process.execPath, [script, ...args], options);
}

/** Runs npm: the one that started us where there is one, so that versions cannot differ. */
export function runNpm(args, options = {}) {
  const npm = process.env.npm_execpath;
  if (npm?.endsWith("js")) runNode(npm, args, options);
  else run(process.platform === "win32" ? "npm.cmd" : "npm", args, options);
}
