// Finds comments that begin with a noun clause. Comments say in full sentences who does what, and a comment that begins
// with one of these words does not: "What x takes" is "The arguments of x", and "Gives x" is "Returns x".

/** The words that no comment may begin with. */
export const bannedOpenings = ["Gives", "What", "That of", "Those of", "One that"];

const opening = new RegExp(`^(${bannedOpenings.join("|")})\\b`);

/**
 * The comments of a TypeScript or C++ file that begin with a banned opening, as lines `number: text`. Comments behind code
 * on the same line are not looked at.
 */
export function badOpenings(lines) {
  return lines.flatMap((line, index) => {
    const text = beginningOfComment(lines, index);
    return text !== null && opening.test(text) ? [`${index + 1}: ${line.trim()}`] : [];
  });
}

/** The text of line `index` if the first words of a comment stand there, else `null`. */
function beginningOfComment(lines, index) {
  const line = lines[index].trim();
  const before = lines[index - 1]?.trim() ?? "";
  if (line.startsWith("//")) return before.startsWith("//") ? null : line.replace(/^\/+\s*/, "");
  if (line.startsWith("/*")) return line.replace(/^\/\*+\s*/, "");
  return line.startsWith("*") && /^\/\*+$/.test(before) ? line.replace(/^\*\s*/, "") : null;
}
