import { describe, expect, it } from "vitest";
import { initializers } from "../../dist/keras/index.js";
import { getInitializer } from "../../dist/keras/initializers.js";

type Values = Float32Array | Float64Array;

const SHAPE = [300, 600];
const SIZE = 300 * 600;

function fill(initializer: InstanceType<typeof initializers.Initializer>, shape: readonly number[]): Float64Array {
  const out = new Float64Array(shape.reduce((size, dimension) => size * dimension, 1));
  initializer.fill(out, shape);
  return out;
}

/** Moments and bounds of a sample. */
function statistics(values: Values) {
  let [sum, squares, least, greatest] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    sum += value;
    squares += value * value;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  const mean = sum / values.length;
  return { mean, stddev: Math.sqrt(squares / values.length - mean * mean), least, greatest };
}

/** Share of the values within `distance` of `center`. */
function shareWithin(values: Values, center: number, distance: number): number {
  let count = 0;
  for (const value of values) if (Math.abs(value - center) <= distance) count += 1;
  return count / values.length;
}

/** The share of a normal distribution's standard deviation that remains after truncation at two standard deviations. */
const TRUNCATED = 0.87962566103423978;

/**
 * The distribution of each initializer at SHAPE (fan-in 300, fan-out 600): mean, standard deviation, the distance from
 * the mean that no value passes and one comes within 1 % of, and the share of values within half a standard deviation.
 */
const NORMAL_SHARE = 0.38292;
const TRUNCATED_SHARE = 0.35613;
const UNIFORM_SHARE = 0.28868;
const CASES = [
  { name: "RandomNormal", config: { mean: 1, stddev: 2 }, mean: 1, stddev: 2, share: NORMAL_SHARE },
  {
    name: "TruncatedNormal",
    config: { mean: -1, stddev: 2 },
    mean: -1,
    stddev: 2 * TRUNCATED,
    reach: 4,
    share: TRUNCATED_SHARE,
  },
  {
    name: "RandomUniform",
    config: { minval: -1, maxval: 3 },
    mean: 1,
    stddev: 4 / Math.sqrt(12),
    reach: 2,
    share: UNIFORM_SHARE,
  },
  {
    name: "VarianceScaling",
    config: { scale: 3, mode: "fan_out", distribution: "untruncated_normal" },
    stddev: Math.sqrt(3 / 600),
    share: NORMAL_SHARE,
  },
  {
    name: "VarianceScaling",
    config: { input_axes: [1], output_axes: [0] },
    stddev: Math.sqrt(1 / 600),
    reach: (2 * Math.sqrt(1 / 600)) / TRUNCATED,
    share: TRUNCATED_SHARE,
  },
  { name: "GlorotUniform", stddev: Math.sqrt(2 / 900), reach: Math.sqrt(6 / 900), share: UNIFORM_SHARE },
  {
    name: "GlorotNormal",
    stddev: Math.sqrt(2 / 900),
    reach: (2 * Math.sqrt(2 / 900)) / TRUNCATED,
    share: TRUNCATED_SHARE,
  },
  { name: "HeUniform", stddev: Math.sqrt(2 / 300), reach: Math.sqrt(6 / 300), share: UNIFORM_SHARE },
  {
    name: "HeNormal",
    stddev: Math.sqrt(2 / 300),
    reach: (2 * Math.sqrt(2 / 300)) / TRUNCATED,
    share: TRUNCATED_SHARE,
  },
  { name: "LecunUniform", stddev: Math.sqrt(1 / 300), reach: Math.sqrt(3 / 300), share: UNIFORM_SHARE },
  {
    name: "LecunNormal",
    stddev: Math.sqrt(1 / 300),
    reach: (2 * Math.sqrt(1 / 300)) / TRUNCATED,
    share: TRUNCATED_SHARE,
  },
];

describe("distributions", () => {
  it.each(CASES)("of $name $config are Keras's", ({ name, config = {}, mean = 0, stddev, reach, share }) => {
    const values = fill(getInitializer({ class_name: name, config: { ...config, seed: 11 } }, "k"), SHAPE);
    const sample = statistics(values);
    // Five standard errors of the mean; the standard error of the deviation is below 0.2 %, of the share below 0.0012.
    expect(Math.abs(sample.mean - mean)).toBeLessThan((5 * stddev) / Math.sqrt(SIZE));
    expect(Math.abs(sample.stddev / stddev - 1)).toBeLessThan(0.01);
    expect(Math.abs(shareWithin(values, mean, stddev / 2) - share)).toBeLessThan(0.006);
    if (reach === undefined) {
      expect(sample.greatest).toBeGreaterThan(mean + 3.5 * stddev);
      expect(sample.least).toBeLessThan(mean - 3.5 * stddev);
    } else {
      expect(sample.greatest - mean).toBeGreaterThan(reach * 0.99);
      expect(mean - sample.least).toBeGreaterThan(reach * 0.99);
      expect(Math.max(sample.greatest - mean, mean - sample.least)).toBeLessThanOrEqual(reach * (1 + 1e-12));
    }
  });

  it("keep float32 values below an open upper bound", () => {
    const out = new Float32Array(1 << 20);
    new initializers.RandomUniform({ minval: 0, maxval: 1, seed: 4 }).fill(out, [out.length]);
    const { least, greatest } = statistics(out);
    expect(least).toBeGreaterThanOrEqual(0);
    expect(greatest).toBeLessThan(1);
  });

  it("come down to a point where they have no width", () => {
    const point = new initializers.RandomUniform({ minval: 2, maxval: 2, seed: 1 });
    expect(new Set(fill(point, [5]))).toEqual(new Set([2]));
    expect(new Set(fill(new initializers.RandomNormal({ mean: 2, stddev: 0, seed: 1 }), [5]))).toEqual(new Set([2]));
    expect(new Set(fill(new initializers.TruncatedNormal({ mean: 2, stddev: 0 }), [5]))).toEqual(new Set([2]));
  });

  it("fill nothing where there is nothing", () => {
    for (const name of ["random_normal", "random_uniform", "truncated_normal", "glorot_uniform", "orthogonal"]) {
      expect(fill(getInitializer(name, "k"), [0, 6])).toEqual(new Float64Array(0));
    }
  });
});

const RANDOM = ["random_normal", "random_uniform", "truncated_normal", "variance_scaling", "he_normal", "orthogonal"];

describe("seeds", () => {
  it.each(RANDOM)("make %s repeat: one instance, and one seed", (name) => {
    const seeded = () => getInitializer({ class_name: name, config: { seed: 77 } }, "k");
    const initializer = seeded();
    const values = fill(initializer, [4, 5]);
    expect(fill(initializer, [4, 5])).toEqual(values);
    expect(fill(seeded(), [4, 5])).toEqual(values);
    const unseeded = getInitializer(name, "k");
    expect(fill(unseeded, [4, 5])).toEqual(fill(unseeded, [4, 5]));
    expect(fill(unseeded, [4, 5])).not.toEqual(fill(getInitializer(name, "k"), [4, 5]));
  });

  it.each(RANDOM)("make %s differ when they differ, in one bit or in sign", (name) => {
    const drawn = [0, 1, -1, -2, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 3, -(2 ** 52)].map((seed) =>
      fill(getInitializer({ class_name: name, config: { seed } }, "k"), [3, 3]).join(),
    );
    expect(new Set(drawn).size).toBe(drawn.length);
  });

  it.each(RANDOM)("from a generator give %s other values each time, in a repeatable sequence", (name) => {
    const make = () => {
      const seed = new initializers.SeedGenerator({ seed: 9 });
      return getInitializer({ class_name: name, config: { seed: seed.serialize() } }, "k");
    };
    const [a, b] = [make(), make()];
    const [first, second] = [fill(a, [3, 3]), fill(a, [3, 3])];
    expect(second).not.toEqual(first);
    expect([fill(b, [3, 3]), fill(b, [3, 3])]).toEqual([first, second]);
  });
});

/** Largest entry of |QᵀQ - gain² I| (or QQᵀ for wide matrices) over gain². */
function orthogonalityError(values: Values, rows: number, columns: number, gain: number): number {
  const [count, length, step, next] = rows < columns ? [rows, columns, 1, columns] : [columns, rows, columns, 1];
  let worst = 0;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let product = 0;
      for (let k = 0; k < length; k++) {
        product += (values[i * next + k * step] as number) * (values[j * next + k * step] as number);
      }
      worst = Math.max(worst, Math.abs(product / gain ** 2 - (i === j ? 1 : 0)));
    }
  }
  return worst;
}

describe("Orthogonal", () => {
  it.each([
    [[1, 1], 1],
    [[1, 7], 1],
    [[7, 1], -2],
    [[16, 16], 1],
    [[17, 51], 0.5],
    [[64, 192], 1],
    [[100, 33], 3],
    [[3, 5, 4], 1],
  ])("makes a shape of %o with gain %d", (shape, gain) => {
    const columns = shape.at(-1) as number;
    const rows = shape.slice(0, -1).reduce((size, dimension) => size * dimension, 1);
    const initializer = new initializers.Orthogonal({ gain, seed: 5 });
    expect(orthogonalityError(fill(initializer, shape), rows, columns, gain)).toBeLessThan(1e-12);
    const single = new Float32Array(rows * columns);
    initializer.fill(single, shape);
    expect(orthogonalityError(single, rows, columns, gain)).toBeLessThan(1e-6);
  });

  it("is zero with gain 0, and needs two dimensions", () => {
    expect(new Set(fill(new initializers.Orthogonal({ gain: 0 }), [3, 3]).map(Math.abs))).toEqual(new Set([0]));
    expect(() => fill(new initializers.Orthogonal(), [4])).toThrow("rank 2 or more");
  });

  it("favours no direction: every entry has mean 0 and variance 1 / n over the seeds", () => {
    const [count, n] = [2000, 3];
    const sums = new Float64Array(n * n);
    const squares = new Float64Array(n * n);
    for (let seed = 0; seed < count; seed++) {
      fill(new initializers.Orthogonal({ seed }), [n, n]).forEach((value, i) => {
        sums[i] = (sums[i] as number) + value;
        squares[i] = (squares[i] as number) + value * value;
      });
    }
    for (const sum of sums) expect(Math.abs(sum / count)).toBeLessThan(5 * Math.sqrt(1 / n / count));
    for (const square of squares) expect(Math.abs(square / count - 1 / n)).toBeLessThan(0.035);
  });
});
