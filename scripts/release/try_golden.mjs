// Runs the golden data on this machine's binary in prebuilds/, with nothing but Node.js, and fails if a case does, or if none
// was run: node scripts/release/try_golden.mjs
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-golden-"));
const file = join(folder, "golden.json");
const program = fileURLToPath(new URL("../../test/platforms/golden.mjs", import.meta.url));
const { status } = spawnSync(process.execPath, [program, file], { stdio: "inherit" });
if (status === 0) {
  const { layers, wrappers, models, failed, cpu } = JSON.parse(readFileSync(file, "utf8"));
  const kinds = [layers, wrappers, models];
  for (const sentence of failed) console.error(sentence);
  console.log(
    `golden cases of ${layers.cases} GRUs, ${wrappers.cases} Bidirectionals and stacks, and ${models.cases} models ` +
      `with the kernels ${cpu.isa}: ${failed.length} failed`,
  );
  process.exitCode = kinds.every(({ cases }) => cases > 0) && failed.length === 0 ? 0 : 1;
} else {
  process.exitCode = 1;
}
rmSync(folder, { recursive: true, force: true });
