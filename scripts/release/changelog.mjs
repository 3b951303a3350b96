/** The heading under which changes are gathered until a release. */
const UNRELEASED = "## Unreleased";

/** The text under `## Unreleased`, without white space around it; `undefined` where the heading is missing. */
export function unreleased(changelog) {
  const start = changelog.indexOf(`${UNRELEASED}\n`);
  if (start < 0) return undefined;
  const rest = changelog.slice(start + UNRELEASED.length);
  const next = rest.indexOf("\n## ");
  return (next < 0 ? rest : rest.slice(0, next)).trim();
}

/** Returns the changelog with the unreleased changes under the heading of `version`, and with an empty section for later ones. */
export function released(changelog, version, date) {
  return changelog.replace(`${UNRELEASED}\n`, `${UNRELEASED}\n\n## ${version} (${date})\n`);
}
