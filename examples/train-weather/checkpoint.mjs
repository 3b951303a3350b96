// A run on disk: the folder `checkpoint` holds everything that the next run needs to go on bit for bit.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const OPTIMIZER = "optimizer.safetensors";
const RUN = "run.json";

/**
 * Writes a checkpoint in place of the one before: whenever the process ends, one of them is there, whole.
 *
 * @param run what the run needs beside the optimizer's state; goes through JSON
 */
export async function saveCheckpoint(folder, run, optimizer) {
  const [current, next, last] = ["checkpoint", "checkpoint.new", "checkpoint.old"].map((name) => join(folder, name));
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next, { recursive: true });
  await optimizer.save(join(next, OPTIMIZER));
  writeFileSync(join(next, RUN), JSON.stringify(run), { flush: true });
  rmSync(last, { recursive: true, force: true });
  if (existsSync(current)) renameSync(current, last);
  renameSync(next, current);
  rmSync(last, { recursive: true, force: true });
}

/** The run of the checkpoint in `folder`, whose optimizer's state goes into `optimizer`; `null` where there is none. */
export async function loadCheckpoint(folder, optimizer) {
  const found = ["checkpoint", "checkpoint.old"].map((name) => join(folder, name)).find(existsSync);
  if (found === undefined) return null;
  const run = JSON.parse(readFileSync(join(found, RUN), "utf8"));
  await optimizer.load(join(found, OPTIMIZER));
  return run;
}

/** Forgets the checkpoint in `folder`. */
export function removeCheckpoint(folder) {
  for (const name of ["checkpoint", "checkpoint.new", "checkpoint.old"]) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}
