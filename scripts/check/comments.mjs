// Finds out whether two versions of a source file differ in comments and layout alone. No test can tell such versions apart.

/** C++ without its comments, and with one space or one line break for any white space outside of strings. */
function bareCpp(text) {
  // In this order: comments, string literals, numbers with separators and words, character literals, anything else.
  const token =
    /\/\/(?:\\\n|[^\n])*|\/\*[\s\S]*?\*\/|"(?:\\[\s\S]|[^"\\\n])*"|\w(?:[\w']*\w)?|'(?:\\[\s\S]|[^'\\\n])*'|[\s\S]/g;
  const bare = [];
  for (const [piece] of text.matchAll(token)) {
    const space = /^(?:\s|\/[/*])/.test(piece);
    if (!space) bare.push(piece);
    else if (piece === "\n" && bare.at(-1) === " ") bare[bare.length - 1] = "\n";
    else if (piece === "\n" ? bare.at(-1) !== "\n" : !/^\s$/.test(bare.at(-1) ?? " "))
      bare.push(piece === "\n" ? piece : " ");
  }
  return bare.join("").trim();
}

/** A module's syntax tree without places, as text. Comments are no part of it; types are. */
async function bareModule(path, text) {
  // A package: not installed yet when this file is loaded in a fresh clone.
  const { parseSync } = await import("rolldown/utils");
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) return null;
  return JSON.stringify(program, (key, value) => {
    if (key === "start" || key === "end" || key === "range" || key === "loc") return undefined;
    return typeof value === "bigint" ? `${value}n` : value;
  });
}

/** Whether `before` and `after`, both versions of `path`, are the same program. */
export async function sameProgram(path, before, after) {
  if (before === null || after === null) return false;
  if (/\.(cc|h|inc)$/.test(path)) {
    // The lexer above knows no raw strings.
    return !/R"/.test(before + after) && bareCpp(before) === bareCpp(after);
  }
  if (!/\.(ts|mjs|cjs|js)$/.test(path)) return false;
  // These comments say what the compiler checks.
  if (/@ts-/.test(before + after)) return false;
  const bare = await bareModule(path, before);
  return bare !== null && bare === (await bareModule(path, after));
}
