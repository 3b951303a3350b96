// Installs a tarball of cudnn-gru in an empty folder, without install scripts, and computes with it: a call, an asynchronous
// call, and a model of Keras. Needs nothing but Node.js and npm: node scripts/release/try_tarball.mjs <tarball, or its folder>
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
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

/** Returns the path of the tarball that an argument names, or that is alone in the folder that it names. */
function tarballAt(path) {
  if (path === undefined || !existsSync(path)) return undefined;
  if (!statSync(path).isDirectory()) return resolve(path);
  const [name, ...others] = readdirSync(path).filter((file) => file.endsWith(".tgz"));
  return name === undefined || others.length > 0 ? undefined : resolve(path, name);
}

const tarball = tarballAt(process.argv[2]);
if (tarball === undefined) {
  console.error(`Expected the path of a tarball, or of a folder with one, but received ${process.argv[2]}`);
  process.exit(2);
}
const app = mkdtempSync(join(tmpdir(), "cudnn-gru-try-"));
writeFileSync(join(app, "package.json"), '{ "name": "app", "private": true, "type": "module" }\n');
const npm = process.platform === "win32" ? "npm.cmd" : "npm";
const options = ["--ignore-scripts", "--omit=dev", "--prefer-offline", "--no-audit", "--no-fund"];
run(npm, ["install", ...options, tarball], app);
copyFileSync(here("./try_package.mjs"), join(app, "try_package.mjs"));
copyFileSync(here("../../examples/weather/model.keras"), join(app, "model.keras"));
run(process.execPath, ["try_package.mjs"], app);
rmSync(app, { recursive: true, force: true });
