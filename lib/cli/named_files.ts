import { resolve } from "node:path";
import { expectedText } from "../errors/messages.js";
import { formatOf } from "./read_array.js";
import { judging } from "./typed.js";

/** An option that names files. */
export type FileOption = "--input" | "--output";

/** A file of arrays, as the user typed it. */
export interface NamedFile {
  /** The whole text: `FILE` or `NAME=FILE`. */
  readonly text: string;
  /** The name before the file; `null` where there is none. */
  readonly name: string | null;
  readonly path: string;
}

/**
 * Judges the files of an option as far as that is possible without the model.
 *
 * @throws UsageError for endings that are no format, for names or files that are there twice, and for a file without a
 * name beside others.
 */
export function judgeFiles(option: FileOption, texts: readonly string[]): void {
  judging(() => {
    // The names of the model's inputs are not known yet. Whatever they are, this finds the ending of the file.
    const files = texts.map(divided);
    for (const { path } of files) formatOf(option, path);
    requireDistinct(option, files);
    const alone = files.find(({ name }) => name === null);
    if (alone !== undefined && files.length > 1) throw several(option, alone);
  });
}

/**
 * Divides what the user typed into names of the model, which `names` lists, and files. A text that begins with none of the
 * names is a file if it looks like a path.
 *
 * @throws UsageError where several files have no name; GRUError for a name that the model does not have.
 */
export function namedFiles(option: FileOption, texts: readonly string[], names: readonly string[]): NamedFile[] {
  const files = texts.map((text): NamedFile => {
    const file = divided(text);
    if (file.name === null || names.includes(file.name)) return file;
    if (/[/\\.]/.test(file.name)) return { text, name: null, path: text };
    throw expectedText("ERR_ARGUMENT", option, `FILE, or NAME=FILE with a name of ${names.join(", ")}`, text);
  });
  const alone = files.find(({ name }) => name === null);
  if (alone !== undefined && files.length > 1) {
    judging(() => {
      throw several(option, alone);
    });
  }
  return files;
}

function divided(text: string): NamedFile {
  const at = text.indexOf("=");
  return at > 0 ? { text, name: text.slice(0, at), path: text.slice(at + 1) } : { text, name: null, path: text };
}

function several(option: FileOption, { text }: NamedFile): Error {
  return expectedText("ERR_ARGUMENT", option, "one FILE alone, or NAME=FILE each time", `${text} beside others`);
}

/** Nothing may be given twice: the second file would take the place of the first one. */
function requireDistinct(option: FileOption, files: readonly NamedFile[]): void {
  const seen = new Map<string, string>();
  for (const { text, name, path } of files) {
    const keys = [`name ${name}`];
    if (path === "-") keys.push("stream");
    else if (option === "--output") keys.push(`file ${resolve(path)}`);
    const before = keys.map((key) => seen.get(key)).find((one) => one !== undefined);
    if (before !== undefined) {
      const stream = option === "--input" ? "standard input" : "each file";
      const what = `each ${option.slice(2)}, and ${stream}, at most once`;
      throw expectedText("ERR_ARGUMENT", option, what, `${text} after ${before}`);
    }
    for (const key of keys) seen.set(key, text);
  }
}
