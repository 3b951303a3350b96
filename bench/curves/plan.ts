import type { Axis } from "../record.js";
import { flopsOf, type Shape } from "../shapes.js";

/** A curve to measure: `base` with its size along `axis` replaced by each of `sizes`. */
export interface CurvePlan {
  axis: Axis;
  series: string;
  base: Shape;
  /** Of every point, but where they are the axis. */
  threads: number;
  sizes: number[];
}

/** The shape and the number of threads at one size of a curve. */
export function pointAt({ axis, base, threads }: CurvePlan, size: number): { shape: Shape; threads: number } {
  return axis === "threads" ? { shape: base, threads: size } : { shape: { ...base, [axis]: size }, threads };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** All small sizes, then powers of two with their neighbours, and round numbers that are not powers of two. */
const BATCHES = [
  ...range(1, 17),
  20,
  24,
  28,
  31,
  32,
  33,
  40,
  48,
  56,
  63,
  64,
  65,
  80,
  96,
  112,
  127,
  128,
  129,
  160,
  192,
  224,
].concat([255, 256]);
const STEPS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 100, 128, 192, 256, 384, 512, 768, 1000];
const UNITS = [
  ...range(1, 70),
  72,
  80,
  95,
  96,
  97,
  100,
  112,
  127,
  128,
  129,
  144,
  160,
  191,
  192,
  193,
  200,
  224,
  250,
  255,
]
  .concat([
    256, 257, 288, 300, 320, 352, 384, 400, 448, 500, 511, 512, 513, 576, 600, 640, 700, 704, 768, 800, 832, 896,
  ])
  .concat([900, 960, 1000, 1023, 1024]);
const FEATURES = [
  ...range(1, 20),
  24,
  28,
  31,
  32,
  33,
  40,
  48,
  56,
  63,
  64,
  65,
  80,
  96,
  100,
  127,
  128,
  129,
  192,
  200,
  255,
].concat([256, 257, 300, 384, 400, 500, 511, 512, 513, 640, 768, 800, 1000, 1023, 1024]);

/** Beyond this a point is left out of a quick run. */
const MOST_FLOPS_WHEN_QUICK = 2e7;

/** All curves, with threads up to `usableCpus`. */
export function planCurves(usableCpus: number, quick: boolean): CurvePlan[] {
  const plan = (axis: Axis, series: string, sizes: number[], [batch, timesteps, features, units]: number[]) => ({
    axis,
    series,
    base: { batch, timesteps, features, units } as Shape,
    threads: 1,
    sizes,
  });
  const threads = range(1, usableCpus);
  const plans = [
    plan("batch", "units 64", BATCHES, [1, 50, 64, 64]),
    plan("batch", "units 256", BATCHES, [1, 50, 128, 256]),
    plan("timesteps", "batch 1", STEPS, [1, 1, 64, 64]),
    plan("timesteps", "batch 32", STEPS, [32, 1, 64, 64]),
    plan("units", "batch 1", UNITS, [1, 50, 32, 1]),
    plan("units", "batch 32", UNITS, [32, 50, 32, 1]),
    plan("features", "batch 1", FEATURES, [1, 50, 1, 64]),
    plan("features", "batch 32", FEATURES, [32, 50, 1, 64]),
    plan("threads", "1×100×256→256", threads, [1, 100, 256, 256]),
    plan("threads", "32×100×128→256", threads, [32, 100, 128, 256]),
    plan("threads", "64×50×512→512", threads, [64, 50, 512, 512]),
  ];
  return quick ? plans.map(thinned) : plans;
}

function thinned(plan: CurvePlan): CurvePlan {
  const cheap = (size: number) => flopsOf(pointAt(plan, size).shape) <= MOST_FLOPS_WHEN_QUICK;
  return { ...plan, sizes: plan.sizes.filter((size, index) => index === 0 || cheap(size)) };
}
