import { inspect, types } from "node:util";

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

/** A shape as JavaScript writes it; unknown dimensions are `null`. */
export function formatShape(shape: readonly (number | null)[]): string {
  return `[${shape.map((dimension) => String(dimension)).join(", ")}]`;
}
