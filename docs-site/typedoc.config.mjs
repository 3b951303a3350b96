// The API reference, as Markdown pages in .pages/api/. Links that lead nowhere, and names that are used and not described,
// are errors.
import { OptionDefaults } from "typedoc";

export default {
  name: "API reference",
  entryPoints: ["reference/index.ts", "reference/tfjs.ts"],
  tsconfig: "tsconfig.json",
  plugin: ["typedoc-plugin-markdown", "typedoc-vitepress-theme"],
  out: ".pages/api",
  docsRoot: ".pages",
  readme: "none",
  excludeInternal: true,
  excludePrivate: true,
  excludeProtected: true,
  // What tfjs's classes have by themselves is described by tfjs.
  excludeExternals: true,
  disableSources: true,
  githubPages: false,
  // A tag of tfjs's compiler.
  blockTags: [...OptionDefaults.blockTags, "@nocollapse"],
  excludeTags: [...OptionDefaults.excludeTags, "@nocollapse"],
  validation: { invalidLink: true, notExported: true, notDocumented: true },
  treatWarningsAsErrors: true,
  entryFileName: "index",
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  // Each name with the first sentence about it.
  indexFormat: "table",
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  classPropertiesFormat: "table",
  typeDeclarationFormat: "table",
  propertyMembersFormat: "table",
};
