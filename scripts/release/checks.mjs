import semver from "semver";
import { unreleased } from "./changelog.mjs";

/** The placeholders for the repository's owner and name. */
const PLACEHOLDER = /\bOWNER\b|\bOWNER\/REPO\b/;

/** The version that `request` (a version, or `major`, `minor` or `patch`) asks for; `null` when it is neither. */
export function nextVersion(current, request) {
  if (["major", "minor", "patch"].includes(request)) return semver.inc(current, request);
  return semver.valid(request);
}

/**
 * Why a release cannot be made, one sentence each; none when it can. `repository` says how things stand: `version` (that of
 * package.json), `changelog` (its text), `branch`, `dirty` (the changed files), `tags`, and `files`, the text of every file
 * that may name the repository, by its path.
 */
export function obstacles(version, repository) {
  const { changelog, branch, dirty, tags, files } = repository;
  const found = [];
  if (version === null) {
    found.push("Expected a version such as 1.2.3, or major, minor or patch.");
  } else if (!semver.gte(version, repository.version)) {
    found.push(`Expected a version from ${repository.version} on but received ${version}.`);
  } else if (tags.includes(`v${version}`)) {
    found.push(`The tag v${version} exists already.`);
  }
  if (branch !== "main") found.push(`Expected the branch main but this is ${branch || "no branch"}.`);
  if (dirty.length > 0) found.push(`Expected no uncommitted changes but there are some: ${dirty.join(", ")}.`);
  if (!unreleased(changelog)) found.push("CHANGELOG.md says nothing under ## Unreleased.");
  for (const [path, text] of Object.entries(files)) {
    if (PLACEHOLDER.test(text))
      found.push(`${path} still has the placeholder OWNER/REPO: put in the repository's name.`);
  }
  return found;
}
