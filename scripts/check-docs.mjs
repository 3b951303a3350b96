// Fails when a document names or links to a file, folder or heading that does not exist, or when the rooms in
// docs/architecture.svg are not the folders of lib/ and native/.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { drawArchitecture } from "./docs/architecture_svg.mjs";
import { roomProblems } from "./docs/drawn_rooms.mjs";
import { pathProblems } from "./docs/paths.mjs";
import { root } from "./setup/shell.mjs";

/** Names that look like paths of this repository and are not. */
const foreign = [
  "napi.h", // of the package node-addon-api
  "lib/python3*/site-packages/nvidia/cudnn/lib", // in a Python environment
  "test/fuzz/findings/", // the fuzzer makes it, and git ignores it
];

const read = (path) => readFileSync(join(root, path), "utf8");

/** The files that git tracks and the new ones. A deleted file stays in git's list until the deletion is staged. */
const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\0")
  .filter((file) => file !== "" && existsSync(join(root, file)));

const pages = files.filter((file) => /^(docs\/[^/]+|README|CONTRIBUTING|SECURITY)\.md$/.test(file));
const picture = read("docs/architecture.svg");
const rooms = roomProblems(picture, files);
const problems = [...pages.flatMap((page) => pathProblems(page, read(page), { files, foreign, read })), ...rooms];
if (rooms.length === 0 && picture !== drawArchitecture()) {
  problems.push(
    "docs/architecture.svg is not what scripts/docs/rooms.mjs says: run node scripts/draw-architecture.mjs",
  );
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
