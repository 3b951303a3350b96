import { inspect, types } from "node:util";

const LONGEST = 100;

/** Returns `value` as an error message shows it: on one line, in at most about 100 characters. Never throws. */
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
 * Values with more properties than this are not shown. `inspect` has no limit of its own and takes seconds for 300,000.
 */
const MOST_PROPERTIES = 200;

/**
 * True when `value`, or one of its first properties, has too many properties to show. Runs no getters and no proxy
 * traps.
 */
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
    // `inspect` reads a value's `Symbol.toStringTag`, and the sizes of an object that only looks like an array.
    return `${typeof value === "object" ? "an object" : "a value"} that cannot be shown`;
  }
}

/** Returns the text of a value that a caller's code threw. Never throws. */
export function describeThrown(cause: unknown): string {
  try {
    return String(cause);
  } catch {
    return "a value that cannot be shown";
  }
}

/** Returns a shape as JavaScript writes it. Unknown dimensions are `null`. */
export function formatShape(shape: readonly (number | null)[]): string {
  return `[${shape.map((dimension) => String(dimension)).join(", ")}]`;
}
