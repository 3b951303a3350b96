// The platforms that a release has a binary for. lib/prebuilt_binaries.ts has the same list, in the form that bundlers see.

/**
 * Every target: its name, which is that of its folder in prebuilds/, and the platform and architecture as Node.js names them.
 *
 * @type {{ name: string, platform: "linux" | "darwin" | "win32", arch: "x64" | "arm64" }[]}
 */
export const targets = [
  { name: "linux-x64", platform: "linux", arch: "x64" },
  { name: "linux-arm64", platform: "linux", arch: "arm64" },
  { name: "linux-x64-musl", platform: "linux", arch: "x64" },
  { name: "linux-arm64-musl", platform: "linux", arch: "arm64" },
  { name: "darwin-arm64", platform: "darwin", arch: "arm64" },
  { name: "darwin-x64", platform: "darwin", arch: "x64" },
  { name: "win32-x64", platform: "win32", arch: "x64" },
  { name: "win32-arm64", platform: "win32", arch: "arm64" },
];

/** The path of a target's binary in the package. */
export function binaryOf({ name }) {
  return `prebuilds/${name}/cudnn_gru.node`;
}
