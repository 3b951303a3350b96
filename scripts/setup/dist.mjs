import { rmSync } from "node:fs";
import { join } from "node:path";
import { root, runNode, say } from "./shell.mjs";
import { stateOf } from "./stamp.mjs";

/** The TypeScript compiler's program. */
export const tsc = join(root, "node_modules/typescript/bin/tsc");

/** Compiles lib/ to dist/ when it changed. The old folder goes first: a deleted source must not live on in it. */
export function ensureDist() {
  const steps = { output: "dist/index.js", inputs: ["lib", "tsconfig.json"] };
  const { reason, record } = stateOf("dist", steps);
  if (!reason) return;
  say(`compiling lib/ to dist/ (${reason})`);
  rmSync(join(root, "dist"), { recursive: true, force: true });
  runNode(tsc, ["--project", "tsconfig.json"], { aside: true });
  record();
}
