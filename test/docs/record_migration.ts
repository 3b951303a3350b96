// node --import ./scripts/typescript/register.mjs test/docs/record_migration.ts [page...]: runs the blocks of the other
// libraries in docs/migrate-from-*.md, and records the files that they make and the numbers that they print. Needs Keras,
// PyTorch and onnx in .venv, and the packages of bench/.
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canRun, isOurs, numbersIn, pages, prepareFolder, recorded, runBlock } from "./migration_pages.js";

const names = process.argv.slice(2);
for (const page of pages.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-migration-"));
  prepareFolder(folder);
  const before = new Set(readdirSync(folder));
  const numbers: number[][] = [];
  for (const block of page.blocks.filter((one) => !isOurs(one))) {
    if (!(await canRun(block))) throw new Error(`What the code in ${block.place} imports is not installed`);
    numbers.push(numbersIn(await runBlock(block, folder)));
  }

  const target = join(recorded, page.name);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const made = readdirSync(folder).filter((file) => !before.has(file) && !/\.(py|ts|mjs)$/.test(file));
  for (const file of made.filter((name) => statSync(join(folder, name)).isFile())) {
    copyFileSync(join(folder, file), join(target, file));
  }
  writeFileSync(join(target, "numbers.json"), `${JSON.stringify(numbers)}\n`);
  console.log(`${page.name}: ${numbers.map((list) => list.length).join(", ")} numbers, ${made.join(", ")}`);
  rmSync(folder, { recursive: true, force: true });
}
