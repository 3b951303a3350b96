// Every code block of the documentation compiles in a strict TypeScript project, and runs.
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Block, blocks, blocksOf, root } from "./blocks.js";
import { linkedPackages } from "./migration_pages.js";

const code = blocks.filter(({ language }) => /^(js|ts|javascript|typescript|mjs|mts)$/.test(language));
const foreign = linkedPackages();
const usesTfjs = ({ code: text }: Block) => text.includes("@tensorflow/tfjs");
const usesOnnxruntime = ({ code: text }: Block) => text.includes("onnxruntime-node");
/** The blocks of a migration page need the files of the blocks before them: migration.test.ts runs them. */
const runsAlone = ({ place, notRun }: Block) => !place.startsWith("docs/migrate-") && notRun === null;
const LIMIT = 240_000;
let folder: string;

/** A file that blocks read. */
function give(source: string, target: string): void {
  mkdirSync(dirname(join(folder, target)), { recursive: true });
  cpSync(join(root, source), join(folder, target));
}

interface Outcome {
  failed: boolean;
  output: string;
}

function node(...args: string[]): Promise<Outcome> {
  // Blocks show the output of the CPU path.
  const env = { ...process.env, CUDNN_GRU_DISABLE_CUDA: "1", NODE_OPTIONS: "" };
  return promisify(execFile)(process.execPath, args, { cwd: folder, env }).then(
    ({ stdout, stderr }) => ({ failed: false, output: stdout + stderr }),
    ({ stdout, stderr }) => ({ failed: true, output: stdout + stderr }),
  );
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cudnn-gru-docs-"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  mkdirSync(join(folder, "node_modules/@types"), { recursive: true });
  for (const [name, target] of Object.entries(foreign)) symlinkSync(target, join(folder, "node_modules", name), "dir");
  give("examples/weather/model.keras", "examples/weather/model.keras");
  give("test/fixtures/keras/sequential.keras", "model.keras");
  give("test/fixtures/keras_h5/keras_sequential.weights.h5", "model.weights.h5");
  give("test/fixtures/torch/stack.safetensors", "torch.safetensors");
  for (const block of code) {
    writeFileSync(join(folder, `${block.name}.ts`), block.code);
    writeFileSync(join(folder, `${block.name}.mjs`), block.code);
  }
  const model = `
    import * as tf from "@tensorflow/tfjs";
    import { fileSystem, GRU } from "cudnn-gru/tfjs";
    const layers = [new GRU({ units: 2, inputShape: [10, 3] }), tf.layers.dense({ units: 1 })];
    await tf.sequential({ layers }).save(fileSystem("model"));`;
  writeFileSync(join(folder, "model.mjs"), model);
  expect(await node("model.mjs")).toMatchObject({ failed: false });
}, LIMIT);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function compile(name: string, files: readonly Block[], options: object): Promise<string> {
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    target: "ES2022",
    lib: ["ES2022"],
    module: "NodeNext",
    moduleResolution: "NodeNext",
    types: ["node"],
    noEmit: true,
    ...options,
  };
  const project = join(folder, `tsconfig.${name}.json`);
  writeFileSync(project, JSON.stringify({ compilerOptions, files: files.map((block) => `${block.name}.ts`) }));
  return (await node(join(root, "node_modules/typescript/bin/tsc"), "--project", project)).output;
}

describe("code blocks", () => {
  it("are found", () => {
    expect(code.length).toBeGreaterThanOrEqual(19);
    expect(new Set(code.map(({ place }) => place.split(":")[0])).size).toBeGreaterThanOrEqual(7);
    const text = "<!-- not run: needs a GPU -->\n\n```js\n1;\n```\n```sh\nls\n```\n";
    expect(blocksOf("a.md", text)).toMatchObject([
      { place: "a.md:3", language: "js", code: "1;\n", notRun: "needs a GPU" },
      { place: "a.md:6", language: "sh", code: "ls\n", notRun: null },
    ]);
  });

  it("are of known languages", () => {
    const known = ["", "js", "ts", "sh", "python"];
    expect(blocks.filter(({ language }) => !known.includes(language))).toEqual([]);
  });

  it("compile in a strict project", { timeout: LIMIT }, async () => {
    expect(
      await compile(
        "package",
        code.filter((block) => !usesTfjs(block) && !usesOnnxruntime(block)),
        {},
      ),
    ).toBe("");
    // The declarations of others need the browser's, and have faults of their own.
    const options = { skipLibCheck: true, lib: ["ES2022", "DOM"] };
    expect(await compile("tfjs", code.filter(usesTfjs), options)).toBe("");
    if ("onnxruntime-node" in foreign) {
      expect(await compile("onnxruntime", code.filter(usesOnnxruntime), options)).toBe("");
    }
  });

  it("run, all but those marked, which are none", () => {
    expect(code.filter(({ notRun }) => notRun !== null).map(({ place }) => place)).toEqual([]);
  });

  it.each(code.filter(runsAlone).map((block) => [block.place, block] as const))(
    "%s runs",
    { timeout: LIMIT },
    async (_, block) => {
      const typed = ["--import", join(root, "scripts/typescript/register.mjs"), `${block.name}.ts`];
      const { failed, output } = await node(...(block.language === "ts" ? typed : [`${block.name}.mjs`]));
      expect(failed, output).toBe(false);
    },
  );
});

describe("shell blocks", () => {
  const shell = blocks.filter(({ language }) => language === "sh");
  const { scripts, bin, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  /** The programs of this package, and of other packages that the tests of this repository run. */
  const programs = { ...bin, ...devDependencies };

  it.each(shell.map((block) => [block.place, block] as const))("%s: npm scripts and programs exist", (_, block) => {
    for (const [, run] of block.code.matchAll(/\bnpm (?:run )?(start|test|(?<=run )[\w:]+)/g)) {
      expect(scripts).toHaveProperty([run as string]);
    }
    for (const [, program] of block.code.matchAll(/\bnpx (\S+)/g)) {
      expect(programs).toHaveProperty([program as string]);
    }
  });

  it("name npm scripts at all", () => {
    expect(shell.filter(({ code: text }) => text.includes("npm ")).length).toBeGreaterThan(0);
  });
});
