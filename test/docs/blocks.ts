// The code blocks of README.md and docs/*.md.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

export interface Block {
  /** Such as `docs/files.md:15`, where the block begins. */
  readonly place: string;
  /** Of a file with the block's code. */
  readonly name: string;
  readonly language: string;
  readonly code: string;
  /** Why it cannot run: the text of a comment `<!-- not run: … -->` on the line before. */
  readonly notRun: string | null;
}

const FENCE = /^(?:<!-- not run: (.+) -->\n+)?```(\w*)\n(.*?)^```$/gms;

/** The blocks of one text. */
export function blocksOf(page: string, text: string): Block[] {
  return [...text.matchAll(FENCE)].map((match) => {
    const [whole, notRun = null, language = "", code = ""] = match;
    const line = text.slice(0, match.index + whole.indexOf("```")).split("\n").length;
    return { place: `${page}:${line}`, name: `${page.replace(/\W/g, "_")}_${line}`, language, code, notRun };
  });
}

/** Every block of the documentation. */
export const blocks: readonly Block[] = [
  "README.md",
  ...readdirSync(join(root, "docs"))
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
].flatMap((page) => blocksOf(page, readFileSync(join(root, page), "utf8")));
