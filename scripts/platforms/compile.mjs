// Compiles the objects of targets, on all cores, and only those that changed.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { CommandError, root } from "../setup/shell.mjs";
import { forget, isFresh, listOf, record } from "./freshness.mjs";
import { cores, toolVersions, zig, zigEnvironment } from "./tools.mjs";

/** Runs zig in the root. Returns its output; throws `CommandError` with it when zig fails. */
export async function runZig(args) {
  const child = spawn(zig, args, { cwd: root, env: zigEnvironment(), stdio: ["ignore", "pipe", "pipe"] });
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => chunks.push(chunk));
  const ended = await new Promise((settle, reject) => {
    child.on("error", (error) => reject(new CommandError(`zig could not be started: ${error.message}`, 127)));
    child.on("close", (status, signal) =>
      settle(signal ? `was ended by ${signal}` : status && `exited with ${status}`),
    );
  });
  const output = Buffer.concat(chunks).toString();
  if (ended) throw new CommandError(`zig ${args.join(" ")} ${ended}:\n${output}`, 1);
  return output;
}

async function compile({ source, output, flags }, command) {
  mkdirSync(dirname(join(root, output)), { recursive: true });
  forget(output);
  const warnings = await runZig(["c++", ...flags, "-MD", "-MF", listOf(output), "-c", source, "-o", output]);
  if (warnings !== "") process.stderr.write(warnings);
  record(output, command);
}

/**
 * Runs `work` for every item, on all cores. After a failure no further item is begun.
 *
 * @template T
 * @param {T[]} items
 * @param {(item: T) => Promise<unknown>} work
 */
export async function onAllCores(items, work) {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      try {
        await work(item);
      } catch (error) {
        waiting.length = 0;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: cores }, worker));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed) throw failed.reason;
}

/** Compiles those of the objects that are not up to date. `progress` (newProgress) says which of how many is compiled. */
export async function compileObjects(objects, progress) {
  const versions = toolVersions();
  const commandOf = ({ source, flags }) => [versions, source, flags];
  const old = objects.filter((object) => !isFresh(object.output, commandOf(object)));
  let count = 0;
  await onAllCores(old, async (object) => {
    count += 1;
    progress.line(`[${count}/${old.length}] `);
    await compile(object, commandOf(object));
  });
  return old.length;
}
