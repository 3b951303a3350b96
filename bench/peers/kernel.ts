import { existsSync, readFileSync } from "node:fs";
import { arch, platform } from "node:os";
import { join } from "node:path";
import { ChildContender, LineChild } from "../child.js";
import { compile, type Ingredients, root } from "../compile.js";
import { type ContenderSource, Unavailable } from "../contender.js";

/** Where node-gyp puts object files, by target and source. */
const OBJECTS = join(root, "build/Release/obj.target");

/** The sources of each room. */
interface Parts {
  core: string[];
  cpu: string[];
  cudnn: string[];
}

/** The part of native/sources.json that is used here. */
interface Sources {
  sources: Parts;
  /** The sources that only one system has, by its name in Node.js. */
  platform_sources: Record<string, Partial<Parts>>;
  isa: Record<string, { defines: string[]; units: Record<string, { sources: string[] }> }>;
}

/** Our forward pass from C++: what is left when JavaScript and the addon's arguments are taken away. */
export const kernel: ContenderSource = {
  name: "kernel",
  async open(threads) {
    const program = compile("kernel_gru", linkedWithAddon());
    return new ChildContender("C++ kernel alone", await LineChild.start(program, [String(threads)]), "kernel");
  },
};

/**
 * Returns the arguments to compile a program that calls the addon's C++ code. Throws `Unavailable` before the addon is
 * built.
 */
export function linkedWithAddon(): Ingredients {
  const { sources, platform_sources, isa } = JSON.parse(
    readFileSync(join(root, "native/sources.json"), "utf8"),
  ) as Sources;
  const { defines = [], units = {} } = isa[arch()] ?? {};
  // Named one by one, since an older build may have left object files of sources that are gone.
  const objects = [
    ...[sources, platform_sources[platform()] ?? {}]
      .flatMap(({ core = [], cpu = [], cudnn = [] }) => [...core, ...cpu, ...cudnn])
      .map((source) => objectOf("cudnn_gru", source)),
    ...Object.entries(units).flatMap(([unit, { sources }]) => sources.map((source) => objectOf(`isa_${unit}`, source))),
  ];
  if (!objects.every((path) => existsSync(path))) {
    throw new Unavailable("the addon's object files are not in build/Release (npm run build puts them there)");
  }
  return { flags: [`-I${join(root, "native")}`, ...defines.map((name) => `-D${name}`)], inputs: objects };
}

function objectOf(target: string, source: string): string {
  return join(OBJECTS, target, source.replace(/\.cc$/, ".o"));
}
