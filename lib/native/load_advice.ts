import { readFileSync } from "node:fs";
import { besideThisCode, isInBundle, packageRoot } from "../package_root.js";
import { PREBUILT_TARGETS } from "../prebuilt_binaries.js";
import { type Machine, targetsFor } from "./machine.js";

const BUILD =
  'In a clone, "npm test" builds it. From an installed package, "npx cudnn-gru build" builds it with CMake and a C++17 ' +
  "compiler.";

/** Returns how to build a binary on `platform`, or nothing where the sources cannot be built. */
function buildAdvice(platform: NodeJS.Platform): string {
  return platform === "linux" || platform === "darwin" ? ` ${BUILD}` : "";
}

/** Returns the list of the binaries that the package was published with, with their hashes, or "" in a clone and the like. */
function publishedBinaries(): string {
  try {
    return readFileSync(`${packageRoot}SHA256SUMS`, "utf8");
  } catch {
    return "";
  }
}

/** Returns what helps where no binary was found. `published` lists the binaries that the package was published with. */
export function adviceIfMissing(machine: Machine, published = publishedBinaries()): string {
  const [target] = targetsFor(machine) as [string];
  if (!PREBUILT_TARGETS.includes(target)) {
    return `The package has no binary for ${target}. ${withoutBinary(machine.platform)}`;
  }
  if (isInBundle()) {
    return (
      "This code is in a bundle. Leave cudnn-gru out of the bundle, or copy the folder node_modules/cudnn-gru/prebuilds beside " +
      `it, to ${besideThisCode.join(" or ")} (docs/bundlers.md).`
    );
  }
  const build = buildAdvice(machine.platform);
  return published.includes(`prebuilds/${target}/`)
    ? `The package's binary for ${target} is missing. Install cudnn-gru again.${build}`
    : `This copy of cudnn-gru was packed without a binary for ${target}. Install a release, which has one.${build}`;
}

function withoutBinary(platform: NodeJS.Platform): string {
  if (platform === "linux" || platform === "darwin") return BUILD;
  return platform === "win32"
    ? "On Windows, use Node.js for x64 or arm64."
    : "Its sources can be built on Linux and macOS only. Use one of these.";
}

/** Returns what helps if a binary was found, but could not be loaded for `reason`. */
export function adviceIfBroken(reason: string, { platform }: Machine): string {
  const needed = /\b(?:GLIBC|GLIBCXX|CXXABI)_[\d.]+/.exec(reason)?.[0];
  if (needed !== undefined) {
    return `The binary needs a newer system than this one (${needed}). Use a newer Linux, or build it here.${buildAdvice(platform)}`;
  }
  return `If the file is damaged, or of another machine, install cudnn-gru again on this one.${buildAdvice(platform)}`;
}
