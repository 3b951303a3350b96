// Real .keras files of test/fixtures/keras, taken apart and put together again with changes.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { type KerasArchive, readArchive } from "../../dist/formats/keras_files/keras_archive.js";
import { withFile } from "../../dist/formats/open_file.js";
import { readSource } from "../../dist/formats/source.js";
import { writeZip, type ZipEntry } from "./zip_writer.js";

const FIXTURES = fileURLToPath(new URL("../fixtures/keras/", import.meta.url));

export interface ExpectedGru {
  path: string[];
  weights_group: string;
  features: number;
  config: Record<string, unknown>;
  weights: { dtype: string; shape: number[]; values: number[] }[];
}

export interface ExpectedFile {
  layers: [className: string, path: string][];
  grus: ExpectedGru[];
}

export const expectedFiles: Record<string, ExpectedFile> = JSON.parse(
  readFileSync(join(FIXTURES, "expected.json"), "utf8"),
).files;

export function fixture(name: string): string {
  return join(FIXTURES, name);
}

export function fixtureNames(): string[] {
  return readdirSync(FIXTURES).filter((name) => name.endsWith(".keras"));
}

/** A folder for this test file's own model files; removed when its tests are done. */
const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-formats-"));
afterAll(() => rmSync(folder, { recursive: true }));

let written = 0;

/** Writes `bytes` to a new file and returns its path. */
export function modelFile(bytes: Uint8Array, extension = ".keras"): string {
  written += 1;
  const path = join(folder, `model_${written}${extension}`);
  writeFileSync(path, bytes);
  return path;
}

// biome-ignore lint/suspicious/noExplicitAny: tests change any part of a model's config
export type Json = any;

export interface KerasParts {
  metadata: Json;
  config: Json;
  weights: Uint8Array<ArrayBuffer>;
}

/** Opens the `.keras` file at `path` and passes its parts to `use`. */
export function withKerasArchive<T>(path: string, use: (archive: KerasArchive) => Promise<T>): Promise<T> {
  return withFile(readSource(path), async (file) => use(await readArchive(file)));
}

export async function partsOf(name: string): Promise<KerasParts> {
  return withKerasArchive(fixture(name), async ({ kerasVersion, config, readWeights }) => ({
    metadata: { keras_version: kerasVersion },
    config,
    weights: await readWeights(),
  }));
}

/** The entries of a `.keras` file, stored as Keras stores them. */
export function entriesOf({ metadata, config, weights }: KerasParts): ZipEntry[] {
  return [
    { name: "metadata.json", data: Buffer.from(JSON.stringify(metadata)) },
    { name: "config.json", data: Buffer.from(JSON.stringify(config)) },
    { name: "model.weights.h5", data: weights },
  ];
}

/** Writes the `.keras` file of fixture `name` with some parts replaced; returns its path. */
export async function changedFile(name: string, changes: Partial<KerasParts>): Promise<string> {
  return modelFile(writeZip(entriesOf({ ...(await partsOf(name)), ...changes })));
}
