// Installs a tarball of cudnn-gru in an empty folder, without install scripts, and computes with it: a call, an asynchronous
// call, and a model of Keras. Needs nothing but Node.js and npm: node scripts/release/try_tarball.mjs <tarball>
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Runs a program in `cwd`. Ends this process with an error when it fails. */
function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: "inherit", shell: command.endsWith(".cmd") });
  if (status === 0) return;
  console.error(`${command} ${args.join(" ")}: ${error?.message ?? `exit status ${status}`}`);
  process.exit(1);
}

const [, , tarball] = process.argv;
if (tarball === undefined) {
  console.error("Expected the path of a tarball");
  process.exit(2);
}
const app = mkdtempSync(join(tmpdir(), "cudnn-gru-try-"));
writeFileSync(join(app, "package.json"), '{ "name": "app", "private": true, "type": "module" }\n');
const npm = process.platform === "win32" ? "npm.cmd" : "npm";
const options = ["--ignore-scripts", "--omit=dev", "--prefer-offline", "--no-audit", "--no-fund"];
run(npm, ["install", ...options, resolve(tarball)], app);
copyFileSync(here("./try_package.mjs"), join(app, "try_package.mjs"));
copyFileSync(here("../../examples/weather/model.keras"), join(app, "model.keras"));
run(process.execPath, ["try_package.mjs"], app);
rmSync(app, { recursive: true, force: true });
