// The platforms that a release has a binary for. lib/prebuilt_binaries.ts has the same list, in the form that bundlers see.
export { targets } from "../platforms/targets.mjs";

/** The path of a target's binary in the package. */
export function binaryOf({ name }) {
  return `prebuilds/${name}/cudnn_gru.node`;
}
