// The documentation as a static site. scripts/commands/docs_site.mjs puts the pages into .pages/: the documents of the
// repository as they are, and the API reference.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import { anchorOf } from "../../scripts/docs/paths.mjs";
import { groupsOf, pageOf, titleOf } from "../../scripts/docs/site_contents.mjs";
import { sitePaths } from "../../scripts/docs/site_pages.mjs";
import { documentsByPage, referenceAnchors, repositoryLinks } from "./links.mjs";

const read = (path) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");
const { version, description, repository } = JSON.parse(read("package.json"));
const address = repository.url.replace(/^git\+/, "").replace(/\.git$/, "");
const groups = groupsOf(read("docs/README.md"));
const questions = Object.fromEntries(
  groups.flatMap(({ pages }) => pages.map(({ path, question }) => [path, question])),
);
const documents = documentsByPage(sitePaths());

/** The loop of a recurrent layer. */
const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path d="M22 9a10 10 0 1 0 4 8" fill="none" stroke="#0a7d5b" ' +
  'stroke-width="5"/><path d="M18 2l12 4-8 9z" fill="#0a7d5b"/></svg>';

/** The words of a text for the search: `return_sequences` as a whole, and its parts. It runs in the browser, so it stands alone. */
function tokenize(text) {
  const words = text.split(/[^\p{L}\p{N}_]+/u);
  return words.flatMap((word) => (word.includes("_") ? [word, ...word.split("_")] : [word]));
}

const sidebarGroup = ({ title, pages }) => ({
  text: title,
  collapsed: false,
  items: pages.map(({ path }) => {
    const page = pageOf(path);
    return { text: titleOf(read(path)), link: page === null ? `${address}/blob/main/${path}` : `/${page}` };
  }),
});
const guide = [{ text: "All pages, by question", link: "/contents" }, ...groups.map(sidebarGroup)];

export default defineConfig({
  title: "cudnn-gru",
  description,
  lang: "en",
  head: [["link", { rel: "icon", href: `data:image/svg+xml,${encodeURIComponent(icon)}` }]],
  srcDir: ".pages",
  outDir: "dist",
  base: process.env.DOCS_BASE ?? "/",
  // A link to a page that is not there ends the build with an error.
  ignoreDeadLinks: false,
  markdown: {
    // Headings have the anchors that they have on GitHub, which lint checks.
    anchor: { slugify: anchorOf },
    config: (md) =>
      md.use(repositoryLinks, { documents, repository: `${address}/blob/main` }).use(referenceAnchors, { documents }),
  },
  /** The description of a page is the question that it answers. */
  transformPageData(page) {
    const question = questions[documents[page.relativePath]];
    if (question !== undefined) page.description = question;
  },
  themeConfig: {
    nav: [
      { text: "Guide", link: "/contents" },
      { text: "API reference", link: "/api/", activeMatch: "^/api/" },
      {
        text: version,
        items: [
          { text: "Changelog", link: "/changelog" },
          { text: "Repository", link: address },
        ],
      },
    ],
    sidebar: {
      "/api/": JSON.parse(read("docs-site/.pages/api/typedoc-sidebar.json")),
      "/": guide,
    },
    outline: [2, 3],
    search: { provider: "local", options: { miniSearch: { options: { tokenize } } } },
    footer: { message: "MIT licence" },
  },
});
