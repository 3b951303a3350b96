import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Something the package did that it must not do, and how to see it again. */
export interface Finding {
  target: string;
  seed: number;
  case: number;
  /** The symptom, which is the same for every finding of one fault. */
  symptom: string;
  /** The step that was running. */
  step: string;
  detail: string;
}

const FOLDER = fileURLToPath(new URL("findings/", import.meta.url));

/** The findings of a run, one of each symptom kept in a file. */
export class Findings {
  readonly #first = new Map<string, { finding: Finding; times: number }>();

  readonly #kept: boolean;

  /** `kept`: whether they are written to files. */
  constructor(kept = true) {
    this.#kept = kept;
  }

  add(finding: Finding): void {
    const key = `${finding.target}: ${finding.symptom}`;
    const known = this.#first.get(key);
    if (known !== undefined) {
      known.times += 1;
      return;
    }
    this.#first.set(key, { finding, times: 1 });
    console.log(`  finding: ${key}\n    --target ${finding.target} --seed ${finding.seed} --case ${finding.case}`);
    console.log(`    ${finding.step}`);
    if (this.#kept) save(finding, this.size);
  }

  get size(): number {
    return this.#first.size;
  }

  all(): Finding[] {
    return [...this.#first.values()].map(({ finding }) => finding);
  }

  /** One line for each symptom, the most frequent first. */
  lines(): string[] {
    const all = [...this.#first.entries()].sort(([, one], [, other]) => other.times - one.times);
    return all.map(([key, { finding, times }]) => `${times} × ${key} (seed ${finding.seed}, case ${finding.case})`);
  }
}

function save(finding: Finding, number: number): void {
  mkdirSync(FOLDER, { recursive: true });
  const name = `${finding.target}-${finding.seed}-${finding.case}-${number}.json`;
  const again = `npm run fuzz -- --target ${finding.target} --seed ${finding.seed} --case ${finding.case}`;
  writeFileSync(join(FOLDER, name), `${JSON.stringify({ ...finding, again }, null, 2)}\n`);
}
