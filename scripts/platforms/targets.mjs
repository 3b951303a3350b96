// The platforms that have a binary of their own. A target is named as its folder in prebuilds/ is.

/**
 * @typedef {object} Target
 * @property {string} name
 * @property {"linux" | "darwin" | "win32"} platform  Node.js's name of the system
 * @property {"x64" | "arm64"} arch  Node.js's name of the processor
 * @property {string} triple  zig's name, with the oldest C library or system that the binary must run on
 * @property {string} [variant]  the entry of `platform_sources` in native/sources.json whose rooms replace the platform's
 * @property {string} [kernels]  the target that it shares the objects of the kernel units with: they call no C library
 */

/** Instead of the cuDNN path, its binaries have what says that there is none. */
const MUSL = { platform: "linux", variant: "linux-musl" };
const LINUX = { platform: "linux" };
const DARWIN = { platform: "darwin" };
const WIN32 = { platform: "win32" };

/**
 * Every target. The oldest glibc, macOS and Windows are those of Node.js 20.
 * @type {Target[]}
 */
export const targets = [
  { name: "linux-x64", ...LINUX, arch: "x64", triple: "x86_64-linux-gnu.2.28" },
  { name: "linux-arm64", ...LINUX, arch: "arm64", triple: "aarch64-linux-gnu.2.28" },
  { name: "linux-x64-musl", ...MUSL, arch: "x64", triple: "x86_64-linux-musl", kernels: "linux-x64" },
  { name: "linux-arm64-musl", ...MUSL, arch: "arm64", triple: "aarch64-linux-musl", kernels: "linux-arm64" },
  { name: "darwin-arm64", ...DARWIN, arch: "arm64", triple: "aarch64-macos.11.0" },
  { name: "darwin-x64", ...DARWIN, arch: "x64", triple: "x86_64-macos.10.15" },
  { name: "win32-x64", ...WIN32, arch: "x64", triple: "x86_64-windows-gnu" },
  { name: "win32-arm64", ...WIN32, arch: "arm64", triple: "aarch64-windows-gnu" },
];

/** Returns the target of that name. Throws a `RangeError` that lists the names for any other one. */
export function targetNamed(name) {
  const target = targets.find((one) => one.name === name);
  if (target) return target;
  const names = targets.map((one) => one.name).join(", ");
  throw new RangeError(`Expected a target (${names}) but received ${name}`);
}
