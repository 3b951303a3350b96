// Reading a model from programs started in other ways.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { fixture } from "./keras_files.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const reader = JSON.stringify(new URL("../../dist/formats/index.js", import.meta.url));
const program = `const { readKerasGru } = await import(${reader});
  console.log((await readKerasGru(${JSON.stringify(fixture("sequential.keras"))})).path);`;

const node = (...args: string[]) => execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" }).trim();

describe("node", () => {
  it.each([
    ["--input-type=module", "-e"],
    ["--expose-gc", "--input-type", "module", "-e"],
    ["--max-old-space-size=200", "--input-type=module", "-e"],
  ])("%s %s", (...options) => {
    expect(node(...options, program)).toBe("encoder");
  });

  it("a CommonJS script with options of its own, which ends by itself", () => {
    expect(node("--expose-gc", "--no-warnings", "-e", `(async () => { ${program} })()`)).toBe("encoder");
  });

  it("a program whose event loop stays free", () => {
    const counting = `let ticks = 0; const timer = setInterval(() => { ticks += 1; }, 1);
      ${program}
      clearInterval(timer); console.log(ticks > 10);`;
    expect(node("--input-type=module", "-e", counting)).toBe("encoder\ntrue");
  });

  it("several readers at once", () => {
    const several = `const { readKerasGru } = await import(${reader});
      const all = await Promise.all(["first", "second", "first"].map((layer) =>
        readKerasGru(${JSON.stringify(fixture("two_grus.keras"))}, { layer })));
      console.log(all.map(({ path }) => path).join());`;
    expect(node("--input-type=module", "-e", several)).toBe("first,second,first");
  });
});
