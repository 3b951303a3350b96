import { dictionary } from "cmu-pronouncing-dictionary";

/** The longest words, in letters. */
export const LONGEST = 14;
/** The letters that a word may have. */
export const LETTERS = "abcdefghijklmnopqrstuvwxyz";
/** The greatest number of syllables. Words with more count as having as many. */
export const MOST_SYLLABLES = 6;

/** A fixed number in 0..2^32-1 for each word: an order that has nothing to do with spelling. */
function scramble(word) {
  let hash = 0x811c9dc5;
  for (const letter of word) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 0;
}

/** Counts the vowels that are pronounced. In the dictionary only they carry a stress, which is a digit. */
function syllablesOf(pronunciation) {
  return Math.min(MOST_SYLLABLES, pronunciation.match(/\d/g)?.length ?? 0);
}

/** Words and their numbers of syllables, by their first pronunciation, in a fixed order. */
export function readWords() {
  return Object.entries(dictionary)
    .filter(([word]) => /^[a-z]+$/.test(word) && word.length <= LONGEST)
    .map(([word, pronunciation]) => ({ word, syllables: syllablesOf(pronunciation), order: scramble(word) }))
    .filter(({ syllables }) => syllables > 0)
    .sort((one, other) => one.order - other.order || (one.word < other.word ? -1 : 1));
}

/** Letters as one-hot rows, zeros after a word's end: (words, LONGEST, 26). */
export function encode(words) {
  const data = new Float32Array(words.length * LONGEST * LETTERS.length);
  for (const [row, { word }] of words.entries()) {
    for (const [step, letter] of [...word].entries()) {
      data[(row * LONGEST + step) * LETTERS.length + LETTERS.indexOf(letter)] = 1;
    }
  }
  return data;
}

/** The simple rule: a syllable for each group of vowel letters, none for a silent e at the end. */
export function countVowelGroups(word) {
  const groups = word.match(/[aeiouy]+/g)?.length ?? 0;
  const silent = /[^aeiouyl]e$/.test(word) ? 1 : 0;
  return Math.min(MOST_SYLLABLES, Math.max(1, groups - silent));
}
