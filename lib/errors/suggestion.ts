import { meantName, remedyFor } from "./foreign_names.js";

/** Longer words are not compared: no argument has a longer name. */
const LONGEST_WORD = 100;

/**
 * Returns how many edits turn `a` into `b`. An edit inserts, deletes or replaces a character, or swaps two neighbours.
 */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replaced, (previous[j] as number) + 1, (row[j - 1] as number) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforePrevious[j - 2] as number) + 1);
      }
      row.push(best);
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length] as number;
}

/** Removes differences of case and separators, so that `returnSequences` equals `return_sequences`. */
function plain(word: string): string {
  return word.toLowerCase().replace(/[_\s-]/g, "");
}

/**
 * Returns the candidate that `word` most likely means, or `undefined` when more than a third of every candidate
 * differs. Among candidates that differ only in case and separators, it returns the one written most like `word`.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > LONGEST_WORD) return undefined;
  const wanted = plain(word);
  let found: string | undefined;
  let least = Math.ceil(wanted.length / 3);
  let leastAsWritten = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const other = plain(candidate);
    if (Math.abs(other.length - wanted.length) > least) continue;
    const distance = editDistance(wanted, other);
    if (distance > least) continue;
    const asWritten = editDistance(word, candidate);
    if (distance === least && asWritten >= leastAsWritten) continue;
    [found, least, leastAsWritten] = [candidate, distance, asWritten];
  }
  return found;
}

/**
 * Returns the sentence that ends a message about an unknown name. It names the nearest candidate. When none is near, or
 * `word` is not a string, it lists all of `listed`.
 */
export function suggestion(word: unknown, candidates: Iterable<string>, listed?: Iterable<string>): string {
  const names = [...candidates];
  const wanted = typeof word === "string" && word.length <= LONGEST_WORD ? plain(word) : "";
  const remedy = remedyFor(wanted, names);
  if (remedy !== undefined) return remedy;
  const found = meantName(wanted, names) ?? (typeof word === "string" ? nearest(word, names) : undefined);
  return found === undefined ? `Known: ${[...(listed ?? names)].join(", ")}.` : `Did you mean "${found}"?`;
}
