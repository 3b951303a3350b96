import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root, say } from "./shell.mjs";

const lock = join(tmpdir(), `cudnn-gru-${createHash("sha256").update(root).digest("hex").slice(0, 16)}.lock`);

/** Whether the process that holds the lock has ended without taking it away. */
function abandoned() {
  try {
    process.kill(Number(readFileSync(lock, "utf8")), 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/** Runs `setUp` while no other run of these scripts in this clone sets anything up. */
export async function exclusively(setUp) {
  for (let waited = false; ; waited = true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (abandoned()) rmSync(lock, { force: true });
    else {
      if (!waited) say(`waiting for another run in this clone to finish its set-up (${lock})`);
      await sleep(200);
    }
  }
  try {
    return await setUp();
  } finally {
    rmSync(lock, { force: true });
  }
}
