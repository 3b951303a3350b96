/** One call's sizes. Inputs are (batch, timesteps, features), outputs (batch, timesteps, units). */
export interface Shape {
  readonly batch: number;
  readonly timesteps: number;
  readonly features: number;
  readonly units: number;
}

/** The shapes measured by default: batches, single sequences, and one step of two sizes, as a stream computes it. */
export const DEFAULT_SHAPES = [
  "32x100x128-256",
  "64x50x512-512",
  "16x200x32-128",
  "8x100x128-256",
  "4x100x128-256",
  "2x100x128-256",
  "1x100x64-64",
  "1x100x256-256",
  "1x50x1024-1024",
  "1x1x32-32",
  "1x1x1-16",
];

/** The shapes of a quick run. */
export const QUICK_SHAPES = ["16x10x32-70", "1x10x64-64", "1x1x32-32"];

/** The most numbers of one call: 2 GiB as float32, of which contenders make copies of their own. */
const MOST_NUMBERS = 2 ** 29;

/** Reads `BxTxF-U`. Throws a `RangeError` for anything else, and for sizes that take too much memory. */
export function parseShape(text: string): Shape {
  const sizes = /^([1-9]\d*)[x×]([1-9]\d*)[x×]([1-9]\d*)(?:-|→)([1-9]\d*)$/.exec(text)?.slice(1).map(Number);
  if (sizes === undefined) {
    throw new RangeError(`Expected a shape such as 32x100x128-256 (batch, timesteps, features, units), got "${text}"`);
  }
  const [batch, timesteps, features, units] = sizes as [number, number, number, number];
  const numbers = (batch * timesteps + 3 * units) * (features + units);
  if (numbers > MOST_NUMBERS) {
    throw new RangeError(`Expected at most ${MOST_NUMBERS} numbers in inputs, outputs and weights, got "${text}"`);
  }
  return { batch, timesteps, features, units };
}

/** The shape in its usual notation: `32×100×128→256`. */
export function formatShape({ batch, timesteps, features, units }: Shape): string {
  return `${batch}×${timesteps}×${features}→${units}`;
}

/** True when calls of this shape are single steps, whose time mostly depends on the work around the arithmetic. */
export function isStreaming({ batch, timesteps }: Shape): boolean {
  return batch === 1 && timesteps === 1;
}

/** Floating-point operations of one call: 2 per multiply-add of the products with both kernels; gates are not counted. */
export function flopsOf({ batch, timesteps, features, units }: Shape): number {
  return 6 * batch * timesteps * (features + units) * units;
}

/** Bytes of the float32 recurrent kernel, which every time step reads. */
export function recurrentBytes({ units }: Shape): number {
  return 12 * units * units;
}
