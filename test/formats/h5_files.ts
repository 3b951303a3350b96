// The files of test/fixtures/keras_h5, and their contents according to their writers.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../fixtures/keras_h5/", import.meta.url));

export interface ExpectedArray {
  shape: number[];
  values: number[];
}

export interface ExpectedLayer {
  path: string[];
  /** In Keras 3's .weights.h5: the group of the cell's variables. */
  group: string | null;
  class_name: string;
  features: number;
  config: Record<string, unknown>;
  weights: ExpectedArray[];
  input: ExpectedArray;
  outputs: ExpectedArray[];
}

export const WRITERS = ["keras", "tf_keras", "keras213", "keras2", "windows"] as const;

export function expectedOf(writer: (typeof WRITERS)[number]): Record<string, ExpectedLayer[]> {
  if (writer === "windows") return Object.fromEntries(windowsFiles());
  return JSON.parse(readFileSync(join(FOLDER, `expected_${writer}.json`), "utf8")).files;
}

/** The files that make_windows_fixtures.py made from other files. They have the same content. */
function* windowsFiles(): Generator<[string, ExpectedLayer[]]> {
  for (const writer of ["keras", "tf_keras", "keras213"] as const) {
    for (const [name, layers] of Object.entries(expectedOf(writer))) {
      if (h5FixtureNames().includes(`windows_${name}`)) yield [`windows_${name}`, layers];
    }
  }
}

export function h5Fixture(name: string): string {
  return join(FOLDER, name);
}

export function h5FixtureNames(): string[] {
  return readdirSync(FOLDER).filter((name) => /\.(h5|keras)$/.test(name));
}
