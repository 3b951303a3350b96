import { readdirSync, readFileSync } from "node:fs";
import { arch } from "node:os";
import { join } from "node:path";
import { ChildContender, LineChild } from "../child.js";
import { compile, root } from "../compile.js";
import { type ContenderSource, Unavailable } from "../contender.js";

/** What every object file of the addon but those of its JavaScript side is below. */
const OBJECTS = join(root, "build/Release/obj.target");

/** Our forward pass from C++: what is left when JavaScript and the addon's arguments are taken away. */
export const kernel: ContenderSource = {
  name: "kernel",
  async open(threads) {
    const { isa } = JSON.parse(readFileSync(join(root, "native/sources.json"), "utf8"));
    const defines: string[] = isa[arch()]?.defines ?? [];
    const program = compile("kernel_gru", {
      flags: [`-I${join(root, "native")}`, ...defines.map((name) => `-D${name}`)],
      inputs: objects(),
    });
    return new ChildContender("C++ kernel alone", await LineChild.start(program, [String(threads)]), "kernel");
  },
};

function objects(): string[] {
  try {
    const names = readdirSync(OBJECTS, { recursive: true }).map(String);
    const found = names.filter((name) => name.endsWith(".o") && !name.includes("native/addon/"));
    if (found.length > 0) return found.map((name) => join(OBJECTS, name));
  } catch {
    // Said below.
  }
  throw new Unavailable("the addon's object files are not in build/Release (npm run build puts them there)");
}
