// The pages docs/migrate-from-*.md: code of another library, and ours after it, which prints the same numbers. The blocks of a
// page run one after the other in one folder, since they hand files on.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Block, blocks, root } from "./blocks.js";

/** Files that the foreign blocks of a page make and what they print, for machines without the foreign library. */
export const recorded = join(root, "test/fixtures/migration");

/** One page, such as `keras`, with its blocks. */
export interface MigrationPage {
  readonly name: string;
  readonly blocks: readonly Block[];
}

export const pages: readonly MigrationPage[] = readdirSync(join(root, "docs"))
  .map((file) => /^migrate-from-(\w+)\.md$/.exec(file)?.[1])
  .filter((name) => name !== undefined)
  .map((name) => ({ name, blocks: blocks.filter(({ place }) => place.startsWith(`docs/migrate-from-${name}.md:`)) }));

/** Whether a block is of this package: it imports it. */
export const isOurs = ({ code }: Block) => /from "cudnn-gru/.test(code);

const python = join(root, ".venv/bin/python");
const onnxruntime = join(root, "bench/node_modules/onnxruntime-node");

/** Whether this machine has what a block of another library imports. */
export async function canRun({ language, code }: Block): Promise<boolean> {
  if (language !== "python") return !code.includes('"onnxruntime-node"') || existsSync(onnxruntime);
  if (!existsSync(python)) return false;
  const packages = [...code.matchAll(/^(?:import|from) (\w+)/gm)].map(([, name]) => name as string);
  // A double stands in for safetensors. Packages are looked for and not imported, which takes seconds.
  const needed = packages.filter((name) => name !== "safetensors");
  const look =
    "import sys; from importlib.util import find_spec; sys.exit(any(map(lambda n: not find_spec(n), sys.argv[1:])))";
  return promisify(execFile)(python, ["-c", look, ...needed]).then(
    () => true,
    () => false,
  );
}

/** A folder in which blocks find this package, tfjs and, if it is installed, onnxruntime-node. */
export function prepareFolder(folder: string): void {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  mkdirSync(join(folder, "node_modules/@types"), { recursive: true });
  for (const [name, target] of Object.entries(linkedPackages())) {
    symlinkSync(target, join(folder, "node_modules", name), "dir");
  }
}

/** The packages that blocks import, with their folders. onnxruntime-node is among them if the benchmark's packages are installed. */
export function linkedPackages(): Record<string, string> {
  const installed = ["@types/node", "@tensorflow"].map((name) => [name, join(root, "node_modules", name)]);
  const own = { "cudnn-gru": root, ...Object.fromEntries(installed) };
  if (!existsSync(onnxruntime)) return own;
  const common = join(root, "bench/node_modules/onnxruntime-common");
  return { ...own, "onnxruntime-node": onnxruntime, "onnxruntime-common": common };
}

/** Runs one block in `folder`, and returns what it printed. Rejects if it fails. */
export async function runBlock(block: Block, folder: string): Promise<string> {
  const file = join(folder, `${block.name}.${{ python: "py", ts: "ts" }[block.language] ?? "mjs"}`);
  writeFileSync(file, block.code);
  // safetensors is not among the Python packages of the tests: a double with its two functions stands in.
  const env = {
    ...process.env,
    ...{ CUDNN_GRU_DISABLE_CUDA: "1", NODE_OPTIONS: "", TF_CPP_MIN_LOG_LEVEL: "3" },
    PYTHONPATH: join(root, "test/docs/doubles"),
  };
  const run = promisify(execFile);
  if (block.language === "python") return (await run(python, [file], { cwd: folder, env })).stdout;
  const typed = block.language === "ts" ? ["--import", join(root, "scripts/typescript/register.mjs")] : [];
  return (await run(process.execPath, [...typed, file], { cwd: folder, env })).stdout;
}

/** The numbers in a text that have a point, and zeros. What is left out are shapes. */
export function numbersIn(text: string): number[] {
  return [...text.matchAll(/-?\d+\.(?:\d+(?:e[+-]?\d+)?)?|(?<=[[\s])-?0(?=[\s,\]])/g)].map(([number]) =>
    Number(number),
  );
}

/** What the foreign blocks of a page printed when they were recorded, by the order of the blocks in the page. */
export function recordedNumbers({ name }: MigrationPage): number[][] {
  return JSON.parse(readFileSync(join(recorded, name, "numbers.json"), "utf8"));
}
