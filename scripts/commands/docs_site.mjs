import { join } from "node:path";
import { copyPages } from "../docs/site_pages.mjs";
import { ensurePackages } from "../setup/packages.mjs";
import { root, runNode, say } from "../setup/shell.mjs";

/** Makes the documentation's site in docs-site/dist/: the pages of docs/, and the API reference from the sources. */
export function docsSite() {
  ensurePackages("docs-site");
  const cwd = join(root, "docs-site");
  const bin = (path) => join(cwd, "node_modules", path);
  copyPages(join(cwd, ".pages"));
  runNode(bin("typedoc/bin/typedoc"), ["--options", "typedoc.config.mjs", "--logLevel", "Warn"], { cwd });
  runNode(bin("vitepress/bin/vitepress.js"), ["build", "."], { cwd });
  say("the site is in docs-site/dist/; in docs-site/, npx vitepress preview shows it");
}
