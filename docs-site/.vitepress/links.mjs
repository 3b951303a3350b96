// The links of the documents, which lead through the repository's folders, lead to pages of the site instead. Files that the
// site does not have are linked in the repository.
import { posix } from "node:path";
import { pageOf } from "../../scripts/docs/site_contents.mjs";

/** Where the documents of the repository are, by the page: `{ "calls.md": "docs/calls.md" }`. */
export function documentsByPage(paths) {
  return Object.fromEntries(paths.map((path) => [`${pageOf(path)}.md`, path]));
}

/**
 * The target of a link in the document `document` of the repository, for a page of the site. `repository` is the address
 * under which the files of the repository are shown.
 */
export function siteLink(document, target, repository) {
  if (/^(\w+:|#|\/)/.test(target)) return target;
  const [path, anchor] = target.split("#");
  const file = posix.join(posix.dirname(document), path);
  const page = pageOf(file);
  const hash = anchor === undefined ? "" : `#${anchor}`;
  if (page !== null) return `./${page}.md${hash}`;
  if (/^docs\/[^/]+\.svg$/.test(file)) return `./${posix.basename(file)}`;
  return `${repository}/${file}${hash}`;
}

/**
 * A plugin of markdown-it that gives the headings and properties of the API reference the anchors by which
 * typedoc-vitepress-theme links to them: with dashes in place of underscores.
 */
export function referenceAnchors(md, { documents }) {
  const dashed = (text) => text.replaceAll("_", "-");
  md.core.ruler.push("reference_anchors", ({ tokens, env }) => {
    if (documents[env.relativePath] !== undefined) return;
    for (const token of tokens.flatMap((one) => [one, ...(one.children ?? [])])) {
      const [name, value] =
        { heading_open: ["id", token.attrGet("id")], link_open: ["href", token.attrGet("href")] }[token.type] ?? [];
      if (value && (name === "id" || value.startsWith("#"))) token.attrSet(name, dashed(value));
      if (token.type === "html_inline") token.content = token.content.replace(/(?<=^<a id=")[^"]+/, dashed);
    }
  });
}

/** A plugin of markdown-it that changes the links and pictures of all documents in `documents`. */
export function repositoryLinks(md, { documents, repository }) {
  const attributes = { link_open: "href", image: "src" };
  md.core.ruler.push("repository_links", ({ tokens, env }) => {
    const document = documents[env.relativePath];
    if (document === undefined) return;
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const name = attributes[token.type];
      if (name !== undefined) token.attrSet(name, siteLink(document, token.attrGet(name), repository));
    }
  });
}
