// The rules for kernel units, on objects that zig compiles for every target from a few lines.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runZig } from "../../scripts/platforms/compile.mjs";
import { targets } from "../../scripts/platforms/targets.mjs";
import { symbolsOf, unitProblems } from "../../scripts/platforms/units.mjs";

const SOURCE = `
extern "C" double Foreign(double);
namespace cudnn_gru {
double Ours(double);
inline double Shared(double x) { return x * 3; }
template <typename T> T SharedTemplate(T x) { return x + 1; }
namespace { double Hidden(double x) { return x * 5; } }
double Visible(double x) { return Foreign(Ours(Shared(x))) + SharedTemplate(x) + Hidden(x); }
}
`;
const SHARED = ["_ZN9cudnn_gru14SharedTemplateIdEET_S1_", "_ZN9cudnn_gru6SharedEd"];

const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-units-"));
const source = join(folder, "unit.cc");
beforeAll(() => writeFileSync(source, SOURCE));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(targets.filter(({ kernels }) => kernels === undefined))("$name", (target) => {
  const file = join(folder, `${target.name}.o`);
  // At -O0 nothing is inlined. With sections for functions, as in a release, each is in a section of its own on Windows too.
  const flags = ["-O0", "-ffunction-sections", "-fno-stack-protector", "-fno-sanitize=all"];

  it("shows what a unit shares with others and takes from them", { timeout: 60_000 }, async () => {
    await runZig(["c++", "-target", target.triple, ...flags, "-c", source, "-o", file]);
    const { undefined: wanted, shared } = symbolsOf(target, file);
    expect(shared.sort()).toEqual(SHARED);
    expect(wanted.sort()).toEqual(["Foreign", "_ZN9cudnn_gru4OursEd"]);
    expect(unitProblems(target, { name: "isa_any", file }).sort()).toEqual([
      ...SHARED.map((symbol) => `${target.name} isa_any shares ${symbol}`),
      `${target.name} isa_any uses Foreign`,
    ]);
  });
});
