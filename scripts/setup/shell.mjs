import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
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

/** One line about what a script is doing, and why. It goes to standard error, because standard output is the command's. */
export function say(message) {
  console.error(`cudnn-gru: ${message}`);
}

/**
 * Runs a program in the repository's root with this process's standard streams and waits for it; a `quiet` one is
 * heard only when it fails or warns, and what one that is `aside` prints goes to standard error. Throws `CommandError`
 * when it cannot be started or does not exit with 0.
 */
export function run(command, args, { cwd = root, quiet = false, aside = false } = {}) {
  const stdio = quiet ? ["ignore", "pipe", "pipe"] : ["inherit", aside ? 2 : "inherit", "inherit"];
  const child = spawnSync(command, args, { cwd, stdio, encoding: "utf8", maxBuffer: 1 << 28 });
  judge([command, ...args], child, quiet ? `${child.stdout}${child.stderr}` : "");
}

/** Prints the output of a program that warned or failed, and throws `CommandError` for one that failed. */
function judge(words, { status, signal, error }, output) {
  if (status !== 0 || /\bwarning:/i.test(output)) process.stderr.write(output);
  if (error) throw new CommandError(`${words[0]} could not be started: ${error.message}`, 127);
  if (status !== 0) {
    const how = signal ? `was ended by ${signal}` : `exited with ${status}`;
    throw new CommandError(`${words.join(" ")} ${how}`, status ?? 1);
  }
}

/**
 * Runs a program as a quiet `run` does, and passes each line of its output to `progress`, whose `tick` is called every
 * second meanwhile.
 */
export async function runWatched(command, args, progress) {
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      progress.line(line);
    });
  }
  const timer = setInterval(() => progress.tick(), 1000);
  const ended = await new Promise((settle) => {
    child.on("error", (error) => settle({ status: null, signal: null, error }));
    child.on("close", (status, signal) => settle({ status, signal }));
  });
  clearInterval(timer);
  const seconds = progress.end();
  judge([command, ...args], ended, lines.map((line) => `${line}\n`).join(""));
  return seconds;
}

/** Runs a JavaScript program with the running Node.js. */
export function runNode(script, args = [], options = {}) {
  run(process.execPath, [script, ...args], options);
}

/** Returns the program that runs npm, and its arguments: the npm that started us where there is one, so that versions cannot differ. */
export function npmCommand(args) {
  const npm = process.env.npm_execpath;
  if (npm?.endsWith("js")) return [process.execPath, npm, ...args];
  return [process.platform === "win32" ? "npm.cmd" : "npm", ...args];
}

/** Runs npm. */
export function runNpm(args, options = {}) {
  const [command, ...all] = npmCommand(args);
  run(command, all, options);
}
