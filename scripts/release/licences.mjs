// `THIRD_PARTY_LICENSES`: the licences of what is linked into the binaries. It is written by
// `node scripts/release/licences.mjs`, where the packages that bring the parts are installed, and checked by lint.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../setup/shell.mjs";
import { linkedParts, sources } from "./linked_parts.mjs";

const RULE = "=".repeat(80);
const FILE = join(root, "THIRD_PARTY_LICENSES");
const OPENING = `The binaries in prebuilds/ contain the following parts, which others wrote, under the following licences. The SBOM
(sbom.cdx.json) says which binary contains which of them. The rest of the package is under the licence in LICENSE.
`;

function headingOf({ name, licence }) {
  return `${RULE}\n${name} (${licence})\n${RULE}\n`;
}

/** Returns the text of a part's licence, from the package that brings the part. */
function textOf({ source, text: file }) {
  const text = readFileSync(join(sources[source], file), "utf8").replaceAll("\r\n", "\n");
  const comment = file.endsWith(".S") ? /\/\*(.*?)\*\//s.exec(text)?.[1] : text;
  return comment.trim();
}

/** Returns what the file must contain for `parts`, whose texts come from installed packages. */
export function licencesText(parts = linkedParts) {
  const texts = parts.map((part) => `${headingOf(part)}\n${textOf(part)}\n`);
  return [OPENING, ...texts].join("\n");
}

/**
 * Returns the problems of the file's `text`, as sentences. Every part must have its heading and the text of its licence;
 * where the packages that bring the parts are installed, exactly theirs.
 */
export function licenceProblems(text, parts = linkedParts) {
  const installed = Object.values(sources).every((folder) => existsSync(folder));
  const sections = text.split(`${RULE}\n`);
  const problems = parts.flatMap(({ name, licence }) => {
    const at = sections.indexOf(`${name} (${licence})\n`);
    if (at < 0) return [`THIRD_PARTY_LICENSES has no section for ${name} (${licence})`];
    return (sections[at + 1] ?? "").trim().length < 300 ? [`THIRD_PARTY_LICENSES has no text for ${name}`] : [];
  });
  if (problems.length > 0 || !installed || text === licencesText(parts)) return problems;
  return [
    "THIRD_PARTY_LICENSES has other texts than the packages that bring the parts: run node scripts/release/licences.mjs",
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes("--check")) {
    const problems = licenceProblems(existsSync(FILE) ? readFileSync(FILE, "utf8") : "");
    for (const problem of problems) console.error(problem);
    process.exitCode = problems.length > 0 ? 1 : 0;
  } else {
    writeFileSync(FILE, licencesText());
  }
}
