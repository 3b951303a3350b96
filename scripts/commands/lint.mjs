import { join } from "node:path";
import { tsc } from "../setup/dist.mjs";
import { CommandError, root, runNode, say } from "../setup/shell.mjs";

const biome = join(root, "node_modules/@biomejs/biome/bin/biome");

const checks = [
  ["Biome", () => runNode(biome, ["check", "--error-on-warnings", "."])],
  ["clang-format", () => runNode("scripts/clang-format.mjs", ["--check"])],
  ["types", () => runNode(tsc, ["--project", "tsconfig.check.json"])],
  ["layers", () => runNode("scripts/check-layers.mjs")],
  ["sources list", () => runNode("scripts/check-sources.mjs")],
  ["documents", () => runNode("scripts/check-docs.mjs")],
  ["comments of public names", () => runNode("scripts/check-comments.mjs")],
  ["openings of comments", () => runNode("scripts/check-openings.mjs")],
];

/** Runs every check, also after one has failed, and says at the end which did. */
export function lint() {
  const failed = [];
  for (const [name, check] of checks) {
    try {
      check();
      say(`lint: ${name} is clean`);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      failed.push(name);
      say(`lint: ${name} FAILED`);
    }
  }
  if (failed.length > 0) throw new CommandError(`lint failed: ${failed.join(", ")} ("npm run format" mends style)`, 1);
}

/** Rewrites TypeScript, JavaScript, JSON and C++ sources in the house style, and draws the picture of the rooms. */
export function format() {
  runNode(biome, ["check", "--write", "."]);
  runNode("scripts/clang-format.mjs");
  runNode("scripts/draw-architecture.mjs");
}
