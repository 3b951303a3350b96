// Files that `cudnn-gru predict` cannot read: each message says which file, and what is wrong with it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { emptyFolder, run } from "./run.js";

const weather = fileURLToPath(new URL("../../examples/weather/model.keras", import.meta.url));
const folder = emptyFolder();

/** What `numpy.save` writes for zeros of shape (2, 96, 3) in float32. */
function npy(): Buffer {
  const header = `${"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 96, 3), }".padEnd(117)}\n`;
  const start = Buffer.from("\x93NUMPY\x01\x00\x76\x00", "latin1");
  return Buffer.concat([start, Buffer.from(header), Buffer.alloc(2 * 96 * 3 * 4)]);
}

function predicted(name: string, content: Uint8Array | string) {
  const path = join(folder, name);
  writeFileSync(path, content);
  return { path, ...run(["predict", weather, "-i", path, "--quiet"]) };
}

describe("a .npy file", () => {
  it("is read when it is whole", () => {
    expect(predicted("whole.npy", npy()).status).toBe(0);
  });

  it.each([
    [0, "an empty file"],
    [5, "5 bytes, which end within its header"],
    [9, "9 bytes, which end within its header"],
    [11, "11 bytes, which end within its header"],
    [100, "100 bytes, which end within its header"],
    [127, "127 bytes, which end within its header"],
    [128, "0 bytes"],
    [500, "372 bytes"],
  ])("cut off after %i bytes: the message says so", (length, received) => {
    const { status, stderr } = predicted(`cut${length}.npy`, npy().subarray(0, length));
    expect(status).toBe(1);
    expect(stderr).toContain(`but received ${received}. (ERR_FILE_FORMAT)`);
  });
});
