import { join } from "node:path";
import { addonSources } from "../setup/addon.mjs";
import { hasPrebuild, prebuildFolder, storePrebuild } from "../setup/prebuild.mjs";
import { root, say } from "../setup/shell.mjs";

/**
 * Copies the everyday addon to where an installed package looks for it: prebuilds/<target>/cudnn_gru.node. A binary there
 * that was made from the same sources stays, because a release builds it for older systems than this one.
 */
export function addPrebuild() {
  const sources = addonSources();
  if (sources !== null && hasPrebuild(sources)) {
    say(`the addon in ${prebuildFolder}/ was built from the same sources`);
    return;
  }
  storePrebuild(join(root, "build/Release/cudnn_gru.node"), sources);
  say(`copied the addon to ${prebuildFolder}/`);
}
