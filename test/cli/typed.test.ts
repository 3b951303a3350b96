// What the user typed: exit status 2 where it is wrong whatever the files hold, and messages that name it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { emptyFolder, run } from "./run.js";

const weather = fileURLToPath(new URL("../../examples/weather/model.keras", import.meta.url));
const cwd = emptyFolder();
const row = Array.from({ length: 288 }, (_, at) => at).join(",");
writeFileSync(join(cwd, "x.csv"), `${row}\n`);
writeFileSync(join(cwd, "short.json"), "[[[1, 2, 3]]]");
writeFileSync(join(cwd, "text.json"), '[[["a", 2, 3]]]');
writeFileSync(join(cwd, "broken.json"), "[1, 2 3]");

describe("exit status 2, for a model that is not even opened", () => {
  it.each<[string[], string]>([
    [["predict", "absent.keras"], "--input"],
    [["predict", "absent.keras", "-i", "x.csv", "-i", "x.csv"], "--input"],
    [["predict", "absent.keras", "-i", "x.csv", "-i", "query=x.csv"], "--input"],
    [["predict", "absent.keras", "-i", "query=x.csv", "-i", "query=y.csv"], "query=y.csv after query=x.csv"],
    [["predict", "absent.keras", "-i", "query=-", "-i", "key=-"], "standard input, at most once"],
    [["predict", "absent.keras", "-i", "x.npz"], '"x.npz"'],
    [["predict", "absent.keras", "-i", "query=x.npz"], '"x.npz"'],
    [["predict", "absent.keras", "-i", "x.csv", "-o", "y.txt"], "`--output` but received"],
    [["predict", "absent.keras", "-i", "x.csv", "-o", "a=y.csv", "-o", "b=./y.csv"], "`--output` but received"],
    [["predict", "absent.keras", "-i", "x.csv", "-o", "y.csv", "-o", "z.csv"], "`--output` but received"],
    [["predict", "", "-i", "x.csv"], "`MODEL` but received"],
    [["inspect", ""], "`MODEL` but received"],
    [["convert", "absent.keras", "out.onnx"], "`OUT` but received"],
    [["convert", "", "out.keras"], "`MODEL` but received"],
  ])("%j", (args, text) => {
    const { status, stderr } = run(args, { cwd });
    expect(stderr).toContain(text);
    expect(status).toBe(2);
  });

  it("is reported as JSON too", () => {
    const { status, stdout } = run(["predict", "absent.keras", "-i", "x.npz", "--json"], { cwd });
    expect([status, JSON.parse(stdout).error.code]).toEqual([2, "ERR_ARGUMENT"]);
  });
});

describe("exit status 1, and a message that names what was typed", () => {
  it.each<[string[], string]>([
    [["inspect", "absent.keras"], '`MODEL` but received "absent.keras"'],
    [["predict", "absent.keras", "-i", "x.csv"], '`MODEL` but received "absent.keras"'],
    [["convert", "absent.keras", "out.keras"], '`MODEL` but received "absent.keras"'],
    [["convert", weather, "none/out.keras"], '`OUT` but received "none/out.keras"'],
    [["predict", weather, "-i", "x.csv", "-o", "none/y.csv"], '`--output none/y.csv` but received "none/y.csv"'],
    [["predict", weather, "-i", "short.json"], "`--input short.json` but received shape [1, 1, 3]"],
    [["predict", weather, "-i", "text.json"], "`--input text.json` but received"],
    [["predict", weather, "-i", "broken.json"], "Expected JSON for `--input broken.json` but received other text ("],
    [["predict", weather, "-i", "absent.csv"], "`--input absent.csv` but received"],
    [["predict", weather, "-i", "none=x.csv"], "`--input` but received none=x.csv"],
  ])("%j", (args, text) => {
    const { status, stderr } = run(args, { cwd });
    expect(stderr).toContain(text);
    expect(status).toBe(1);
  });

  it.each([`${row}\n`, "1\n"])("says that standard input is JSON", (input) => {
    const { status, stderr } = run(["predict", weather, "-i", "-"], { input });
    expect(status).toBe(1);
    expect(stderr).toContain("Standard input is always JSON.");
    expect(run(["predict", "--help"]).stdout).toContain("must be JSON");
  });
});
