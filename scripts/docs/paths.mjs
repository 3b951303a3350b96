// Which files of the repository a document names, and which of them are missing.
import { posix } from "node:path";

/** Endings of source files. A word in backticks that has one of them names a file of ours, wherever that file lies. */
const sourceFile = /^[\w.-]+\.(cc|h|inc|ts|mjs|cjs|py|sh|cmake)$/;

/** The text of a document without its fenced code blocks, whose lines stay in place as empty ones. */
function proseOf(text) {
  return text.replace(/^```[\s\S]*?^```$/gm, (block) => block.replace(/[^\n]/g, ""));
}

/** Each match of `pattern` in `text`, with the number of its line. */
function matchesOf(text, pattern) {
  return [...text.matchAll(pattern)].map((match) => ({
    line: text.slice(0, match.index).split("\n").length,
    match,
  }));
}

/** The text of a document's shell blocks alone; all other lines are empty. */
function shellOf(text) {
  let inside = false;
  const lines = text.split("\n").map((line) => {
    if (!line.startsWith("```")) return inside ? line : "";
    inside = line === "```sh";
    return "";
  });
  return lines.join("\n");
}

/**
 * The names of files and folders of the repository in a document. In backticks these are names that begin with one of the
 * top folders (`lib/index.ts`, `test/native/`), and bare names of source files (`time_loop.cc`). In shell blocks they are
 * words that begin with a top folder. `folders` are the top folders.
 */
export function namesIn(text, folders) {
  const inFolder = ({ name }) => folders.some((folder) => name.startsWith(`${folder}/`));
  const nameIn = ({ line, match }) => ({ line, name: match[1] });
  const quoted = matchesOf(proseOf(text), /`([^`\n]+)`/g).map(nameIn);
  const words = matchesOf(shellOf(text), /(?<![^\s"'=])([^\s"'=`]*\/[^\s"'`]*?)(?=[,:;)]*(?:[\s"']|$))/g).map(nameIn);
  return [
    ...quoted.filter(({ name }) => !/\s/.test(name) && (inFolder({ name }) || sourceFile.test(name))),
    ...words.filter(inFolder),
  ];
}

/**
 * A pattern for the files that `name` means. `*` and a placeholder such as `<isa>` stand for any characters but a slash,
 * and `{a,b}` for one of its words.
 */
function patternOf(name) {
  const parts = name
    .replace(/\/$/, "")
    .split(/(\*|<[\w ]+>|\{[^{}]*\})/)
    .map((part, at) => {
      if (at % 2 === 0) return part.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
      return part.startsWith("{") ? `(?:${part.slice(1, -1).replaceAll(".", "\\.").replaceAll(",", "|")})` : "[^/]+";
    });
  const start = name.includes("/") ? "^" : "(?:^|/)";
  return new RegExp(`${start}${parts.join("")}${name.endsWith("/") ? "/" : "(?:/|$)"}`);
}

/** The anchor that GitHub makes of a heading. */
export function anchorOf(heading) {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
}

/** The anchors of a document's headings. */
function anchorsOf(text) {
  return [...proseOf(text).matchAll(/^#+ +(.+)$/gm)].map(([, heading]) => anchorOf(heading));
}

/**
 * Returns the problems with the files that the document `page` names, as sentences. `files` are the paths of all files of the repository,
 * `foreign` are names that only look like ours, and `read` returns the text of a file.
 */
export function pathProblems(page, text, { files, foreign, read }) {
  const folders = [...new Set(files.filter((file) => file.includes("/")).map((file) => file.split("/")[0]))];
  const exists = (name) => files.some((file) => patternOf(name).test(file));
  const missing = namesIn(text, folders)
    .filter(({ name }) => !foreign.includes(name) && !exists(name))
    .map(({ line, name }) => `${page}:${line}: names ${name}, which does not exist`);
  const broken = linksIn(page, text).flatMap(({ line, target, anchor }) => {
    if (!exists(target)) return [`${page}:${line}: links to ${target}, which does not exist`];
    if (!anchor || anchorsOf(target === page ? text : read(target)).includes(anchor)) return [];
    return [`${page}:${line}: links to the heading ${target}#${anchor}, which does not exist`];
  });
  return [...missing, ...broken];
}

/** The links of a document to files of the repository, as paths from its root, and the headings they lead to. */
function linksIn(page, text) {
  return matchesOf(proseOf(text), /\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g).map(({ line, match }) => {
    const [, path, anchor] = match;
    return { line, target: path === "" ? page : posix.join(posix.dirname(page), path), anchor };
  });
}
