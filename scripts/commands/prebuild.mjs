import { join } from "node:path";
import { addonSources } from "../setup/addon.mjs";
import { prebuildFolder, storePrebuild } from "../setup/prebuild.mjs";
import { root, say } from "../setup/shell.mjs";

/** Copies the addon to where an installed package looks for it: prebuilds/<platform>-<arch>/cudnn_gru.node. */
export function addPrebuild() {
  storePrebuild(join(root, "build/Release/cudnn_gru.node"), addonSources());
  say(`copied the addon to ${prebuildFolder}/`);
}
