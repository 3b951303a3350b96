// The documentation's site: its contents are those of docs/README.md, and links of the repository lead to its pages.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { documentsByPage, siteLink } from "../../docs-site/.vitepress/links.mjs";
import { anchorOf } from "../../scripts/docs/paths.mjs";
import { groupsOf, pageOf, titleOf } from "../../scripts/docs/site_contents.mjs";
import { sitePaths } from "../../scripts/docs/site_pages.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const groups: { title: string; pages: { path: string; question: string }[] }[] = groupsOf(
  readFileSync(`${root}docs/README.md`, "utf8"),
);
const listed = groups.flatMap(({ pages }) => pages);

describe("docs/README.md", () => {
  it("lists every page of docs/ once", () => {
    const pages = readdirSync(`${root}docs`).filter((file) => file.endsWith(".md") && file !== "README.md");
    const paths = listed.map(({ path }) => path);
    expect(paths.filter((path) => path.startsWith("docs/")).sort()).toEqual(pages.map((file) => `docs/${file}`).sort());
    expect(new Set(paths).size).toBe(paths.length);
  });

  it("says which question each page answers", () => {
    for (const { question } of listed) expect(question).toMatch(/^([A-Z].+\?|From .+)$/);
  });
});

describe("pages", () => {
  it("have names of their own, and titles", () => {
    const paths: string[] = sitePaths();
    expect(new Set(paths.map(pageOf)).size).toBe(paths.length);
    expect(documentsByPage(["README.md", "docs/calls.md"])).toEqual({
      "index.md": "README.md",
      "calls.md": "docs/calls.md",
    });
    for (const path of paths) expect(titleOf(readFileSync(root + path, "utf8"))).not.toBe("");
  });

  it("have the anchors of GitHub", () => {
    expect(anchorOf("`ERR_CUDNN`, `ERR_CUDA`")).toBe("err_cudnn-err_cuda");
  });
});

describe("siteLink", () => {
  const repository = "https://example.org/blob/main";

  it.each([
    ["README.md", "docs/calls.md#types", "./calls.md#types"],
    ["README.md", "docs/README.md", "./contents.md"],
    ["README.md", "docs/speed.svg", "./speed.svg"],
    ["docs/calls.md", "../README.md", "./index.md"],
    ["docs/calls.md", "async.md", "./async.md"],
    ["docs/architecture.md", "architecture.svg", "./architecture.svg"],
    ["docs/serving.md", "../CONTRIBUTING.md#test", "./contributing.md#test"],
    ["docs/serving.md", "../bench/README.md", `${repository}/bench/README.md`],
    ["docs/calls.md", "#types", "#types"],
    ["docs/calls.md", "https://nodejs.org/api/", "https://nodejs.org/api/"],
  ])("in %s of %s is %s", (document, target, link) => {
    expect(siteLink(document, target, repository)).toBe(link);
  });
});
