// The site's contents, from docs/README.md: its groups of pages, and the question that each page answers.
import { posix } from "node:path";

/** Documents outside of docs/ that are pages of the site too. */
export const OTHER_DOCUMENTS = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];

/**
 * The name of the page that the document `path` of the repository becomes, without `.md`; null for a file that the site does
 * not have.
 */
export function pageOf(path) {
  if (path === "README.md") return "index";
  if (path === "docs/README.md") return "contents";
  if (OTHER_DOCUMENTS.includes(path)) return posix.basename(path, ".md").toLowerCase();
  return /^docs\/[^/]+\.md$/.test(path) ? posix.basename(path, ".md") : null;
}

/** The groups of docs/README.md: `{ title, pages: [{ path, question }] }`, with paths from the repository's root. */
export function groupsOf(text) {
  return text
    .split(/^## /m)
    .slice(1)
    .map((group) => ({
      title: group.slice(0, group.indexOf("\n")),
      pages: [...group.matchAll(/^- \[([^\]]+)\]\(([^)#]+)\)$/gm)].map(([, question, link]) => ({
        path: posix.join("docs", link),
        question,
      })),
    }));
}

/** The first heading of a document. */
export function titleOf(text) {
  return /^# (.+)$/m.exec(text)[1].replaceAll("`", "");
}
