// Finds out whether the code blocks of a document changed. No other part of it can make test/docs/blocks.test.ts fail.

/** The code blocks of a Markdown text, each with the comment before it that says why it is not run. */
const blocksOf = (text) => text.match(/^(?:<!-- not run: .+ -->\n+)?```[\s\S]*?^```$/gm) ?? [];

/** Whether `before` and `after`, two versions of a document, have the same code blocks; `null` is a missing version. */
export function sameBlocks(before, after) {
  return blocksOf(before ?? "").join("\n") === blocksOf(after ?? "").join("\n");
}
