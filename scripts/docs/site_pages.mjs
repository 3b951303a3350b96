// The documents of which docs-site/ makes a site.
import { copyFileSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "../setup/shell.mjs";
import { OTHER_DOCUMENTS, pageOf } from "./site_contents.mjs";

/** The paths of all documents that become pages. */
export function sitePaths() {
  const pages = readdirSync(join(root, "docs")).filter((file) => file.endsWith(".md"));
  return [...OTHER_DOCUMENTS, ...pages.map((file) => `docs/${file}`)];
}

/** Fills `folder` with the documents and the pictures in docs/, in place of what was there. */
export function copyPages(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const path of sitePaths()) copyFileSync(join(root, path), join(folder, `${pageOf(path)}.md`));
  const pictures = readdirSync(join(root, "docs")).filter((file) => file.endsWith(".svg"));
  for (const file of pictures) copyFileSync(join(root, "docs", file), join(folder, file));
}
