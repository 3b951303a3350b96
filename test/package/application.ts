import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { prebuildFolder } from "../../scripts/setup/prebuild.mjs";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** The binary of this platform in the package. */
export const prebuild = `${prebuildFolder}/cudnn_gru.node`;

/** The documented example, (32, 10, 8) → (32, 4), with every weight and input fixed. */
export const forward = `
  const gru = new GRU(4, { kernel_initializer: "ones", recurrent_initializer: "ones" });
  const inputs = tensor(Float32Array.from({ length: 32 * 10 * 8 }, (_, i) => Math.sin(i)), [32, 10, 8]);
  const output = gru.call(inputs);
  console.log(JSON.stringify({ shape: output.shape, data: Array.from(output.data) }));
`;

function npmProgram(): string {
  const running = process.env.npm_execpath;
  if (running?.endsWith("js")) return running;
  const globalModules = execFileSync("npm", ["root", "--global"], { encoding: "utf8" }).trim();
  return join(globalModules, "npm/bin/npm-cli.js");
}

/** Runs npm with this environment, and returns its output. */
function npm(args: string[], env: NodeJS.ProcessEnv, cwd: string): string {
  return execFileSync(process.execPath, [npmProgram(), ...args, "--no-audit", "--no-fund", "--prefer-offline"], {
    cwd,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** Runs Node.js with these arguments in `cwd`, and returns what it prints. Throws with it when Node.js fails. */
export type RunNode = (args: string[], options: { cwd: string; env: NodeJS.ProcessEnv }) => string;

const runOwnNode: RunNode = (args, options) =>
  execFileSync(process.execPath, args, { ...options, encoding: "utf8", stdio: "pipe" });

/** Makes an empty application in a new folder, and the functions that tests use on it. Its programs run in `runNode`'s Node.js. */
export function newApplication(runNode: RunNode = runOwnNode) {
  const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-package-"));
  const app = join(folder, "app");
  mkdirSync(app);
  writeFileSync(join(app, "package.json"), JSON.stringify({ name: "app", version: "1.0.0", private: true }));

  /** This process's environment without npm's settings and our own. */
  function cleanEnvironment(): NodeJS.ProcessEnv {
    return Object.fromEntries(
      Object.entries(process.env).filter(([key]) => !/^(npm_|CUDNN_GRU_|NODE_PATH$|VITEST|INIT_CWD)/i.test(key)),
    );
  }

  /** An environment with Node.js and a shell on the PATH, but no compiler, make or Python, and without npm's settings. */
  function bareEnvironment(): NodeJS.ProcessEnv {
    const bin = join(folder, "bin");
    mkdirSync(bin, { recursive: true });
    for (const [name, target] of [
      ["node", process.execPath],
      ["sh", "/bin/sh"],
    ] as const) {
      rmSync(join(bin, name), { force: true });
      symlinkSync(target, join(bin, name));
    }
    return { ...cleanEnvironment(), PATH: bin };
  }

  /** Packs the package, everything built; the path of the tarball. */
  function pack(): string {
    const name = npm(["pack", "--pack-destination", folder], process.env, root).trim().split("\n").at(-1);
    return join(folder, name ?? "");
  }

  /** Runs a program of the application with arguments, and parses the JSON that it prints. */
  function runFile(name: string, args: string[] = []): unknown {
    return JSON.parse(runNode([name, ...args], { cwd: app, env: bareEnvironment() }));
  }

  /** Writes a program in the application's folder, runs it, and parses the JSON that it prints. */
  function runInApp(name: string, source: string): unknown {
    writeFileSync(join(app, name), source);
    return runFile(name);
  }

  return { app, folder, bareEnvironment, cleanEnvironment, npm, pack, runFile, runInApp };
}

export type Application = ReturnType<typeof newApplication>;
