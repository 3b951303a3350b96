import { expectedText } from "../errors/messages.js";
import type { NativeArray } from "../native/arrays.js";
import { lengthOf } from "../native/intrinsics.js";
import { native } from "../native/load.js";
import type { GradientPair } from "./gradient_pairs.js";
import type { OptimizerSettings } from "./optimizer_settings.js";

/** The limits that an optimizer applies to gradients. */
export type Limits = Pick<OptimizerSettings, "clipnorm" | "clipvalue" | "global_clipnorm">;

/** Rounds `value` to the precision of the numbers in `like`. */
export function roundedLike(like: NativeArray, value: number): number {
  return like instanceof Float32Array ? Math.fround(value) : value;
}

/** True when no element is NaN and, unless `infinities` is true, none is infinite. */
export function isFiniteGradient(gradient: NativeArray, infinities: boolean): boolean {
  if (!infinities && Number.isFinite(native().squareSum(gradient))) return true;
  return native().firstNonFinite(gradient, infinities ? 0 : 1) === lengthOf(gradient);
}

/**
 * Throws `ERR_ARGUMENT`, naming the first element that is not finite. Infinities are allowed where they will be
 * clipped.
 */
export function requireFinite(pairs: readonly GradientPair[], { clipvalue }: Limits): void {
  const clipped = clipvalue !== null && clipvalue > 0;
  for (const { gradient, name, variable } of pairs) {
    if (isFiniteGradient(gradient, clipped)) continue;
    const at = native().firstNonFinite(gradient, clipped ? 0 : 1);
    const received = `${gradient[at]} at element ${at}`;
    throw expectedText("ERR_ARGUMENT", name, `finite numbers (the gradient of "${variable.path}")`, received);
  }
}

/**
 * Returns the gradients, clipped as Keras clips them. Clipped gradients are written to the memory that `scratch`
 * returns, which may be the gradient's own. Throws `ERR_ARGUMENT` when a norm is too large for float64.
 */
export function clipGradients(
  pairs: readonly GradientPair[],
  limits: Limits,
  scratch: (pair: GradientPair) => NativeArray,
): readonly GradientPair[] {
  const { clipnorm, clipvalue, global_clipnorm } = limits;
  const each = (clip: (out: NativeArray, pair: GradientPair) => void) =>
    pairs.map((pair) => {
      const out = scratch(pair);
      clip(out, pair);
      return { ...pair, gradient: out };
    });
  if (clipnorm !== null && clipnorm > 0) {
    return each((out, pair) => {
      const norm = roundedLike(out, requireNorm(Math.sqrt(native().squareSum(pair.gradient)), pair.name));
      native().rescale(out, pair.gradient, clipnorm, Math.max(norm, clipnorm));
    });
  }
  if (global_clipnorm !== null && global_clipnorm > 0) {
    const squares = pairs.reduce((sum, { gradient }) => sum + native().squareSum(gradient), 0);
    const exact = requireNorm(Math.sqrt(squares), "gradients");
    return each((out, { gradient }) => {
      const norm = roundedLike(out, exact);
      const least = Math.min(roundedLike(out, 1 / norm), roundedLike(out, 1 / global_clipnorm));
      native().rescale(out, gradient, roundedLike(out, roundedLike(out, global_clipnorm) * least), 1);
    });
  }
  if (clipvalue !== null && clipvalue > 0) {
    return each((out, { gradient }) => native().clipValues(out, gradient, clipvalue));
  }
  return pairs;
}

function requireNorm(norm: number, name: string): number {
  if (Number.isFinite(norm)) return norm;
  throw expectedText("ERR_ARGUMENT", name, "a norm that float64 can hold (it is to be clipped)", "a greater one");
}
