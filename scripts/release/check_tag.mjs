// Fails unless the tag that a workflow runs for, which GITHUB_REF_NAME names, is that of package.json's version.
import { readFileSync } from "node:fs";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
const tag = process.env.GITHUB_REF_NAME;
if (tag !== `v${version}`) {
  console.error(`Expected the tag v${version} for the version of package.json but this is ${tag}`);
  process.exitCode = 1;
}
