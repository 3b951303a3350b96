import { describe, expect, it } from "vitest";
import { initializers, regularizers } from "../../dist/keras/index.js";
import { getInitializer } from "../../dist/keras/initializers.js";
import { computeFans } from "../../dist/keras/random_initializers.js";
import { messageOf, serialized } from "./helpers.js";

const MODULE = "keras.initializers";
const FANS = { seed: null, input_axes: null, output_axes: null };
const NORMAL = { seed: null, mean: 0, stddev: 0.05 };
const UNIFORM = { seed: null, minval: -0.05, maxval: 0.05 };
const SCALING = { ...FANS, scale: 1, mode: "fan_in", distribution: "truncated_normal" };

/** The names that Keras 3.15.1 takes, and the content of `get_config()` for each. */
const NAMES: [names: string[], className: string, config: Record<string, unknown>][] = [
  [["Zeros", "zeros", "zero"], "Zeros", {}],
  [["Ones", "ones", "one"], "Ones", {}],
  [["Constant", "constant"], "Constant", { value: 0 }],
  [["Identity", "identity", "IdentityInitializer"], "Identity", {}],
  [["RandomNormal", "random_normal", "normal"], "RandomNormal", NORMAL],
  [["RandomUniform", "random_uniform", "uniform"], "RandomUniform", UNIFORM],
  [["TruncatedNormal", "truncated_normal"], "TruncatedNormal", NORMAL],
  [["VarianceScaling", "variance_scaling"], "VarianceScaling", SCALING],
  [["GlorotUniform", "glorot_uniform"], "GlorotUniform", FANS],
  [["GlorotNormal", "glorot_normal"], "GlorotNormal", FANS],
  [["HeUniform", "he_uniform"], "HeUniform", FANS],
  [["HeNormal", "he_normal"], "HeNormal", FANS],
  [["LecunUniform", "lecun_uniform"], "LecunUniform", FANS],
  [["LecunNormal", "lecun_normal"], "LecunNormal", FANS],
  [["Orthogonal", "orthogonal", "OrthogonalInitializer"], "Orthogonal", { seed: null, gain: 1 }],
];

describe("getInitializer", () => {
  it.each(NAMES)("takes %o", (names, className, config) => {
    const form = serialized(MODULE, className, config);
    for (const name of names) {
      const written = getInitializer(name, "kernel_initializer").serialize();
      expect(written).toEqual(form);
      expect(Object.keys(written?.config ?? {})).toEqual(Object.keys(getInitializer(form, "k").getConfig()));
    }
    expect(getInitializer({ class_name: className, config }, "kernel_initializer").serialize()).toEqual(form);
    expect(getInitializer({ class_name: className }, "kernel_initializer").serialize()).toEqual(form);
  });

  it.each([
    ["Constant", { value: -2.5 }],
    ["RandomNormal", { seed: 3, mean: 1, stddev: 0 }],
    ["RandomUniform", { seed: -3, minval: 1, maxval: 1 }],
    ["TruncatedNormal", { seed: 0, mean: -1, stddev: 2 }],
    ["VarianceScaling", { ...SCALING, seed: 2 ** 53 - 1, scale: 0.1, mode: "fan_out", distribution: "uniform" }],
    ["HeNormal", { seed: 1, input_axes: [0], output_axes: [-1] }],
    ["Orthogonal", { seed: 12, gain: -1.5 }],
  ])("carries %s %o both ways", (name, config) => {
    const form = serialized(MODULE, name, config);
    const initializer = getInitializer(form, "kernel_initializer");
    expect(initializer.serialize()).toEqual(form);
    expect(getInitializer(JSON.parse(JSON.stringify(form)), "kernel_initializer")).toEqual(initializer);
  });

  it("takes null as Keras's default for weights and keeps null in the config", () => {
    const initializer = getInitializer(null, "kernel_initializer");
    expect(initializer).toBeInstanceOf(initializers.GlorotUniform);
    expect(initializer.serialize()).toBeNull();
  });

  it("takes instances, a class of the user's own among them", () => {
    const initializer = new initializers.HeNormal({ seed: 1 });
    expect(getInitializer(initializer, "k")).toBe(initializer);
    class Ramp extends initializers.Initializer {
      override fill(out: Float32Array | Float64Array) {
        for (let i = 0; i < out.length; i++) out[i] = i;
      }
      override getConfig() {
        return {};
      }
    }
    expect(getInitializer(new Ramp(), "k").serialize()?.registered_name).toBe("Custom>Ramp");
  });

  it("writes an identity without its gain, as Keras does", () => {
    const initializer = getInitializer(serialized(MODULE, "Identity", { gain: 0.5 }), "k");
    expect(initializer).toMatchObject({ gain: 0.5 });
    expect(initializer.serialize()).toEqual(serialized(MODULE, "Identity", {}));
  });

  it("reads a distribution in any case, and normal for truncated_normal", () => {
    for (const distribution of ["NORMAL", "normal", "Truncated_Normal"]) {
      const form = serialized(MODULE, "VarianceScaling", { distribution });
      expect(getInitializer(form, "k").getConfig().distribution).toBe("truncated_normal");
    }
  });

  it("carries a serialized seed generator", () => {
    const seed = serialized("keras.random", "SeedGenerator", { seed: 5, name: "seed_generator_3" });
    const form = serialized(MODULE, "RandomNormal", { ...NORMAL, seed });
    const initializer = getInitializer(form, "k");
    expect(initializer.serialize()).toEqual(form);
    expect((initializer as InstanceType<typeof initializers.RandomNormal>).seed).toBeInstanceOf(
      initializers.SeedGenerator,
    );
  });

  it.each([
    ["glorot_unifrom", 'for `bias_initializer` but received "glorot_unifrom". Did you mean "glorot_uniform"?'],
    ["xavier", "Known: zeros, ones, constant, identity, random_normal"],
    ["stft", "Fourier transform"],
    ["Initializer", "base class"],
    ["__proto__", "Known: "],
    [0, "received 0"],
    [undefined, "received undefined"],
    [initializers.Zeros, "received [class Zeros"],
    [new regularizers.L2(), "Expected an initializer"],
    [serialized(MODULE, "Zeros", { value: 1 }), "In `bias_initializer`: Expected only known arguments for `Zeros`"],
    [serialized(MODULE, "Constant", { value: "1" }), 'for `value` of Constant but received "1"'],
    [serialized(MODULE, "Constant", { value: Number.NaN }), "for `value` of Constant but received NaN"],
    [serialized(MODULE, "Constant", { value: 1e39 }), "for `value` of Constant but received 1e+39"],
    [serialized(MODULE, "Constant", { value: true }), "for `value` of Constant but received true"],
    [serialized(MODULE, "RandomNormal", { stdev: 1 }), 'the unknown argument `stdev`. Did you mean "stddev"?'],
    [serialized(MODULE, "RandomNormal", { stddev: -1 }), "of at least 0 for `stddev`"],
    [serialized(MODULE, "RandomNormal", { seed: 1.5 }), "Expected an integer, a SeedGenerator or null for `seed`"],
    [serialized(MODULE, "RandomNormal", { seed: true }), "for `seed` but received true"],
    [serialized(MODULE, "RandomNormal", { seed: 2 ** 53 }), "for `seed` but received 9007199254740992"],
    [serialized(MODULE, "RandomNormal", { seed: 3n }), "for `seed` but received 3n"],
    [serialized(MODULE, "RandomNormal", { seed: { class_name: "Zeros" } }), "for `seed`"],
    [
      serialized(MODULE, "RandomNormal", { seed: { class_name: "SeedGenerator", config: { seed: "x" } } }),
      "for `seed` of SeedGenerator",
    ],
    [serialized(MODULE, "RandomUniform", { minval: 1, maxval: 0 }), "of at most 0 for `minval`"],
    [serialized(MODULE, "VarianceScaling", { scale: 0 }), "above 0 for `scale`"],
    [serialized(MODULE, "VarianceScaling", { mode: "fan" }), 'one of "fan_in", "fan_out", "fan_avg" for `mode`'],
    [serialized(MODULE, "VarianceScaling", { distribution: "cauchy" }), "for `distribution`"],
    [
      serialized(MODULE, "VarianceScaling", { distribution: 1 }),
      "for `distribution` of VarianceScaling but received 1",
    ],
    [serialized(MODULE, "GlorotUniform", { scale: 2 }), "Expected only known arguments for `GlorotUniform`"],
    [serialized(MODULE, "GlorotUniform", { input_axes: 0 }), "for `input_axes`"],
    [serialized(MODULE, "Orthogonal", { gain: null }), "for `gain` of Orthogonal but received null"],
    [{ class_name: "Zeros", config: "zeros" }, "Expected an object of arguments for `Zeros`"],
  ])("refuses %o", (value, message) => {
    expect(messageOf("ERR_ARGUMENT", () => getInitializer(value, "bias_initializer"))).toContain(message);
  });
});

describe("constant initializers", () => {
  it("fill whole tensors", () => {
    const out = new Float64Array(6).fill(7);
    new initializers.Zeros().fill(out, [2, 3]);
    expect([...out]).toEqual([0, 0, 0, 0, 0, 0]);
    new initializers.Ones().fill(out, [6]);
    expect([...out]).toEqual([1, 1, 1, 1, 1, 1]);
    new initializers.Zeros().fill(new Float32Array(0), [0, 3]);
  });

  it("round a constant to float32 as Keras does in float64, too", () => {
    const out = new Float64Array(2);
    new initializers.Constant({ value: 0.1 }).fill(out, [2]);
    expect([...out]).toEqual([0.10000000149011612, 0.10000000149011612]);
  });

  it.each([
    [
      [2, 3],
      [2, 0, 0, 0, 2, 0],
    ],
    [
      [3, 2],
      [2, 0, 0, 2, 0, 0],
    ],
    [[0, 2], []],
  ])("make an identity of shape %o", (shape, expected) => {
    const out = new Float64Array(expected.length).fill(9);
    new initializers.Identity({ gain: 2 }).fill(out, shape);
    expect([...out]).toEqual(expected);
  });

  it("make an identity of rank 2 only, and check the size of what they fill", () => {
    const out = new Float32Array(6).fill(9);
    for (const shape of [[6], [1, 2, 3], []]) {
      expect(messageOf("ERR_SHAPE", () => new initializers.Identity().fill(out, shape))).toContain("rank 2");
    }
    for (const name of ["zeros", "ones", "constant", "identity", "random_normal", "glorot_uniform", "orthogonal"]) {
      const initializer = getInitializer(name, "k");
      expect(messageOf("ERR_SHAPE", () => initializer.fill(out, [2, 2]))).toContain("Expected 4 elements");
    }
    expect([...out]).toEqual([9, 9, 9, 9, 9, 9]);
  });
});

describe("computeFans", () => {
  it.each([
    [[], [1, 1]],
    [[3], [3, 3]],
    [
      [2, 3],
      [2, 3],
    ],
    [
      [0, 3],
      [0, 3],
    ],
    [
      [4, 2, 3],
      [8, 12],
    ],
    [
      [5, 4, 2, 3],
      [40, 60],
    ],
  ])("of shape %o are %o, as in Keras", (shape, fans) => {
    expect(computeFans(shape, null, null)).toEqual(fans);
  });

  it("follow axes only when both lists are given", () => {
    expect(computeFans([4, 2, 3], [0], [-1])).toEqual([4, 3]);
    expect(computeFans([4, 2, 3], [0, 1], [])).toEqual([8, 1]);
    expect(computeFans([4, 2, 3], [0], null)).toEqual([8, 12]);
    expect(messageOf("ERR_SHAPE", () => computeFans([4, 3], [2], [0]))).toContain("`axis` but received 2");
  });
});

describe("SeedGenerator", () => {
  it("gives another seed each time, the same sequence for the same seed", () => {
    const [a, b] = [new initializers.SeedGenerator({ seed: 5 }), new initializers.SeedGenerator({ seed: 5 })];
    const sequence = Array.from({ length: 1000 }, () => a.next());
    expect(Array.from({ length: 1000 }, () => b.next())).toEqual(sequence);
    expect(new Set(sequence).size).toBe(1000);
    expect(sequence.every((seed) => Number.isSafeInteger(seed) && seed >= 0)).toBe(true);
    const other = new initializers.SeedGenerator({ seed: -5 });
    expect(sequence).not.toContain(other.next());
  });

  it("starts anywhere when it has no seed, which stays null in the config", () => {
    const [a, b] = [new initializers.SeedGenerator(), new initializers.SeedGenerator({ seed: null })];
    expect(a.next()).not.toBe(b.next());
    expect(a.serialize()).toEqual(serialized("keras.random", "SeedGenerator", { seed: null, name: "seed_generator" }));
  });
});
