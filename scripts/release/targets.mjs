// The platforms that a release has a binary for. lib/prebuilt_binaries.ts has the same list, in the form that bundlers see.

/**
 * Every target: its name, which is that of its folder in prebuilds/, and what it runs on, as npm writes it.
 *
 * @type {{ name: string, os: "linux" | "darwin" | "win32", cpu: "x64" | "arm64", libc?: "glibc" | "musl" }[]}
 */
export const targets = [
  { name: "linux-x64", os: "linux", cpu: "x64", libc: "glibc" },
  { name: "linux-arm64", os: "linux", cpu: "arm64", libc: "glibc" },
  { name: "linux-x64-musl", os: "linux", cpu: "x64", libc: "musl" },
  { name: "linux-arm64-musl", os: "linux", cpu: "arm64", libc: "musl" },
  { name: "darwin-arm64", os: "darwin", cpu: "arm64" },
  { name: "darwin-x64", os: "darwin", cpu: "x64" },
  { name: "win32-x64", os: "win32", cpu: "x64" },
];
