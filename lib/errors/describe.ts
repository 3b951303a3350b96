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

function inspected(value: unknown): string {
  try {
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
