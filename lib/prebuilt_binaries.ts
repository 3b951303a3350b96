/** The targets that the published package has a binary for: a platform, an architecture, and musl where it is Linux's. */
export const PREBUILT_TARGETS: readonly string[] = [
  "darwin-arm64",
  "darwin-x64",
  "linux-arm64",
  "linux-arm64-musl",
  "linux-x64",
  "linux-x64-musl",
  "win32-arm64",
  "win32-x64",
];

/**
 * Returns the URL of the package's binary for `target`, or `undefined` if the package has none. Throws a `TypeError` in a
 * bundle in which `import.meta.url` is undefined.
 *
 * Hazard: bundlers and file tracers find the binaries by these literal paths, so they may not be computed, and this file
 * must lie directly in dist/, where a published package has its bundles.
 */
export function prebuiltBinary(target: string): URL | undefined {
  switch (target) {
    case "darwin-arm64":
      return new URL("../prebuilds/darwin-arm64/cudnn_gru.node", import.meta.url);
    case "darwin-x64":
      return new URL("../prebuilds/darwin-x64/cudnn_gru.node", import.meta.url);
    case "linux-arm64":
      return new URL("../prebuilds/linux-arm64/cudnn_gru.node", import.meta.url);
    case "linux-arm64-musl":
      return new URL("../prebuilds/linux-arm64-musl/cudnn_gru.node", import.meta.url);
    case "linux-x64":
      return new URL("../prebuilds/linux-x64/cudnn_gru.node", import.meta.url);
    case "linux-x64-musl":
      return new URL("../prebuilds/linux-x64-musl/cudnn_gru.node", import.meta.url);
    case "win32-arm64":
      return new URL("../prebuilds/win32-arm64/cudnn_gru.node", import.meta.url);
    case "win32-x64":
      return new URL("../prebuilds/win32-x64/cudnn_gru.node", import.meta.url);
    default:
      return undefined;
  }
}
