import { describe, expect, it } from "vitest";
import { released, unreleased } from "../../scripts/release/changelog.mjs";
import { nextVersion, obstacles } from "../../scripts/release/checks.mjs";

const changelog = "# Changelog\n\n## Unreleased\n\n- A new thing.\n\n## 0.2.0 (2026-01-01)\n\n- An old thing.\n";

const ready = {
  version: "0.2.0",
  changelog,
  branch: "main",
  dirty: [] as string[],
  tags: ["v0.1.0", "v0.2.0"],
  files: { "package.json": '{ "repository": "github:someone/cudnn-gru" }' },
};

describe("a release", () => {
  it("knows the next version by its level or by its name", () => {
    expect(nextVersion("0.2.0", "patch")).toBe("0.2.1");
    expect(nextVersion("0.2.0", "minor")).toBe("0.3.0");
    expect(nextVersion("0.2.0", "major")).toBe("1.0.0");
    expect(nextVersion("0.2.0", "1.4.0-beta.1")).toBe("1.4.0-beta.1");
    expect(nextVersion("0.2.0", "next")).toBeNull();
  });

  it("meets no obstacle in a clean repository", () => {
    expect(obstacles("0.3.0", ready)).toEqual([]);
  });

  it.each([
    ["a word that is no version", null, {}, /Expected a version such as/],
    ["an older version", "0.1.9", {}, /from 0\.2\.0 on but received 0\.1\.9/],
    ["a version that is tagged", "0.2.0", {}, /tag v0\.2\.0 exists/],
    ["another branch", "0.3.0", { branch: "topic" }, /branch main but this is topic/],
    ["uncommitted changes", "0.3.0", { dirty: ["lib/index.ts"] }, /uncommitted changes .*lib\/index\.ts/],
    ["an empty changelog", "0.3.0", { changelog: "# Changelog\n\n## Unreleased\n\n## 0.2.0\n" }, /says nothing/],
    ["no place in the changelog", "0.3.0", { changelog: "# Changelog\n" }, /says nothing/],
    ["the placeholder", "0.3.0", { files: { "package.json": "github:OWNER/REPO" } }, /package\.json still has/],
    ["the placeholder of an owner", "0.3.0", { files: { ".github/CODEOWNERS": "* @OWNER" } }, /CODEOWNERS still has/],
  ])("is refused for %s", (_, version, change, reason) => {
    const found = obstacles(version, { ...ready, ...change });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(reason);
  });

  it("moves what is unreleased under its version, and leaves room for more", () => {
    const next = released(changelog, "0.3.0", "2026-02-03");
    expect(unreleased(changelog)).toBe("- A new thing.");
    expect(unreleased(next)).toBe("");
    expect(next).toContain("## Unreleased\n\n## 0.3.0 (2026-02-03)\n\n- A new thing.\n\n## 0.2.0");
  });
});
