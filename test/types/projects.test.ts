// Compiles every file of test/types/strict against the package as Node.js and TypeScript find it, in strict projects
// with other settings than this repository's. Their `lib` is ES2020.
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
let folder: string;

const compilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  skipLibCheck: false,
  target: "ES2020",
  lib: ["ES2020"],
  types: ["node"],
  noEmit: true,
};

/** Returns the compiler's messages about `include`; empty when there are none. */
async function compile(name: string, options: object, include: string[]): Promise<string> {
  const project = join(folder, `tsconfig.${name}.json`);
  writeFileSync(project, JSON.stringify({ compilerOptions: { ...compilerOptions, ...options }, include }));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const run = promisify(execFile)(process.execPath, [tsc, "--project", project], { cwd: folder });
  return run.then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cudnn-gru-types-"));
  mkdirSync(join(folder, "node_modules/@types"), { recursive: true });
  symlinkSync(root, join(folder, "node_modules/cudnn-gru"), "dir");
  symlinkSync(join(root, "node_modules/@types/node"), join(folder, "node_modules/@types/node"), "dir");
  cpSync(join(root, "test/types/strict"), folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the types compile in a strict project with ES2020", () => {
  test("with NodeNext, imported and required", async () => {
    const options = { module: "NodeNext", moduleResolution: "NodeNext" };
    expect(await compile("next", options, ["*.ts", "*.cts"])).toBe("");
  });

  test("with Node16, imported", async () => {
    expect(await compile("node16", { module: "Node16", moduleResolution: "Node16" }, ["*.ts"])).toBe("");
  });

  test("with a bundler's resolution", async () => {
    expect(await compile("bundler", { module: "ESNext", moduleResolution: "Bundler" }, ["*.ts"])).toBe("");
  });

  test("and without exactOptionalPropertyTypes and noUncheckedIndexedAccess", async () => {
    const options = { module: "NodeNext", moduleResolution: "NodeNext", noUncheckedIndexedAccess: false };
    writeFileSync(
      join(folder, "plain.ts"),
      'import { GRU } from "cudnn-gru";\nexport const data: Float32Array = new GRU(4).call([[[1]]]).data;\n',
    );
    expect(await compile("plain", { ...options, exactOptionalPropertyTypes: false }, ["plain.ts"])).toBe("");
  });
});

test("a wrong program does not compile here", async () => {
  writeFileSync(join(folder, "wrong.ts"), 'import { GRU } from "cudnn-gru";\nnew GRU(4, { returnState: true });\n');
  expect(await compile("wrong", { module: "NodeNext" }, ["wrong.ts"])).toMatch(/returnState.*return_state/);
});
