import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { root, say } from "../setup/shell.mjs";

/** Copies the addon to where an installed package looks for it: prebuilds/<platform>-<arch>/cudnn_gru.node. */
export function addPrebuild() {
  const folder = `prebuilds/${process.platform}-${process.arch}`;
  mkdirSync(join(root, folder), { recursive: true });
  copyFileSync(join(root, "build/Release/cudnn_gru.node"), join(root, folder, "cudnn_gru.node"));
  say(`copied the addon to ${folder}/`);
}
