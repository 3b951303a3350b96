import { inspect, types } from "node:util";
import { GRUError } from "../errors.js";
import { meantName, remedyFor } from "./foreign_names.js";

const LONGEST = 100;

/** `value` as an error message shows it: one line, at most about 100 characters. Never throws. */
export function describe(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value);
  }
  if (typeof value === "bigint") return `${value}n`;
  if (types.isPromise(value)) return "a promise (await it first)";
  const text = inspected(value).replace(/\s+/g, " ");
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/**
 * Makes `console.log` and `util.inspect` print objects of a class as `String(object)` does, for classes that hide what they
 * have.
 */
export function printAsText(type: { prototype: object }): void {
  const value = function (this: object) {
    return String(this);
  };
  Object.defineProperty(type.prototype, Symbol.for("nodejs.util.inspect.custom"), { value, configurable: true });
}

/** More properties than a message shows. `inspect` has no bound for them: 300,000 take it seconds. */
const MOST_PROPERTIES = 200;

/** Whether `value`, or one of the first of its own values, has too many properties to be shown. Runs no getters or traps. */
function isTooLarge(value: unknown, depth = 1): boolean {
  if (typeof value !== "object" || value === null || types.isProxy(value) || ArrayBuffer.isView(value)) return false;
  const keys = Array.isArray(value) ? [0, 1, 2, 3, 4, 5] : Object.keys(value);
  if (keys.length > MOST_PROPERTIES) return true;
  return depth > 0 && keys.some((key) => isTooLarge(Object.getOwnPropertyDescriptor(value, key)?.value, depth - 1));
}

function inspected(value: unknown): string {
  try {
    if (isTooLarge(value)) return `${Array.isArray(value) ? "an array" : "an object"} of too many properties to show`;
    return inspect(value, {
      depth: 1,
      breakLength: Number.POSITIVE_INFINITY,
      maxArrayLength: 6,
      maxStringLength: 40,
      customInspect: false,
    });
  } catch {
    // `inspect` asks a value for its `Symbol.toStringTag` and for the sizes of what only looks like an array.
    return `${typeof value === "object" ? "an object" : "a value"} that cannot be shown`;
  }
}

/** What a caller's code threw, in words. Never throws. */
export function describeThrown(cause: unknown): string {
  try {
    return String(cause);
  } catch {
    return "a value that cannot be shown";
  }
}

/**
 * The error about arguments of `what` whose reading threw `error`: a getter, or a trap of a proxy, of the caller's. An error
 * of ours stays as it is.
 */
export function unreadable(error: unknown, what: string): GRUError {
  if (error instanceof GRUError) return error;
  const received = `some that throw: ${describeThrown(error)}`;
  return new GRUError("ERR_ARGUMENT", `Expected arguments that can be read for \`${what}\` but received ${received}.`, {
    cause: error,
  });
}

/** Runs `read`, which reads arguments of `what` and does nothing else; what it throws becomes a `GRUError`. */
export function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(error, what);
  }
}

/** Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`. */
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

/** Case and separators do not count: `returnSequences` is as good as `return_sequences`. */
function plain(word: string): string {
  return word.toLowerCase().replace(/[_\s-]/g, "");
}

/**
 * The candidate that `word` most likely meant, or `undefined` when none is near (more than a third of it differs).
 * Among candidates that differ in case and separators only, the one that is written most like `word`.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > LONGEST) return undefined;
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
 * The sentence that closes a message about an unknown name: the nearest one or, when none is near (or `word` is no
 * string at all), all of `listed`.
 */
export function suggestion(word: unknown, candidates: Iterable<string>, listed?: Iterable<string>): string {
  const names = [...candidates];
  const wanted = typeof word === "string" && word.length <= LONGEST ? plain(word) : "";
  const remedy = remedyFor(wanted, names);
  if (remedy !== undefined) return remedy;
  const found = meantName(wanted, names) ?? (typeof word === "string" ? nearest(word, names) : undefined);
  return found === undefined ? `Known: ${[...(listed ?? names)].join(", ")}.` : `Did you mean "${found}"?`;
}
