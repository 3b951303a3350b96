// Fails when a public name has no comment that a documentation generator could print. The public names are what users reach
// from the types of package.json's `exports`, so dist/ must be built.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { uncommentedNames } from "./public_names/uncommented.mjs";
import { root } from "./setup/shell.mjs";

const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const entries = Object.values(exports).flatMap(({ types }) => (types === undefined ? [] : [join(root, types)]));

const names = uncommentedNames(entries);
for (const name of names) console.error(`lib/${name.replace(".d.ts: ", ".ts: ")} has no comment`);
process.exitCode = names.length > 0 ? 1 : 0;
