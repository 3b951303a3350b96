// Fails when native/sources.json and the C++ files of native/ differ: both builds compile exactly what it lists.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./setup/shell.mjs";
import { filesBelow } from "./setup/stamp.mjs";

const {
  sources,
  platform_sources: platformSources,
  isa,
} = JSON.parse(readFileSync(join(root, "native/sources.json"), "utf8"));
const units = Object.values(isa).flatMap((architecture) => Object.values(architecture.units));
// Platforms may share a file.
const shared = [...new Set(Object.values(platformSources).flatMap((layers) => Object.values(layers).flat()))];
const listed = [...Object.values(sources).flat(), ...shared, ...units.flatMap((unit) => unit.sources)];
const layers = [sources, ...Object.values(platformSources)].flatMap(Object.entries);
const present = filesBelow("native").filter((path) => path.endsWith(".cc"));

const problems = [
  ...present.filter((path) => !listed.includes(path)).map((path) => `${path} is not in native/sources.json`),
  ...listed.filter((path) => !present.includes(path)).map((path) => `${path} is in native/sources.json but missing`),
  ...listed.filter((path, at) => listed.indexOf(path) !== at).map((path) => `${path} is listed twice`),
  ...layers.flatMap(([layer, paths]) =>
    paths.filter((path) => !path.startsWith(`native/${layer}/`)).map((path) => `${path} is not of the layer ${layer}`),
  ),
];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
