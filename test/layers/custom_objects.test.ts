// The user's own constraints, regularizers and initializers, by the names that a config has for them.
import { type CustomObjects, constraints, GRU, initializers, optimizers, regularizers } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { changedFile, partsOf } from "../formats/keras_files.js";
import { expectError, random } from "./support.js";

type Values = Parameters<constraints.Constraint["apply"]>[0];

class WeightClip extends constraints.Constraint {
  readonly c: number;

  constructor({ c = 2 }: { c?: number; name?: string } = {}) {
    super();
    this.c = c;
  }

  override apply(values: Values): void {
    values.forEach((value, at) => {
      values[at] = Math.min(this.c, Math.max(-this.c, value));
    });
  }

  override getConfig(): Record<string, unknown> {
    return { c: this.c };
  }
}

class Twice extends regularizers.Regularizer {
  readonly factor: number;

  constructor({ factor = 1 }: { factor?: number } = {}) {
    super();
    this.factor = factor;
  }

  override loss(values: Values): number {
    return this.factor * 2 * [...values].reduce((sum, value) => sum + value, 0);
  }

  override addGradient(gradient: Values, _values: Values, _shape: readonly number[], scale: number): void {
    for (let i = 0; i < gradient.length; i++) gradient[i] = gradient[i]! + 2 * this.factor * scale;
  }

  override getConfig(): Record<string, unknown> {
    return { factor: this.factor };
  }
}

class Sevens extends initializers.Initializer {
  readonly value: number;

  constructor({ value = 7 }: { value?: number } = {}) {
    super();
    this.value = value;
  }

  override fill(out: Values): void {
    out.fill(this.value);
  }

  override getConfig(): Record<string, unknown> {
    return { value: this.value };
  }
}

const base = new GRU(3, { name: "g" }).getConfig();
const clip = { class_name: "WeightClip", config: { name: "WeightClip", c: 0.25 } };
const inputs = random([2, 4, 2]);

describe("a class", () => {
  it("constrains after each update", () => {
    const gru = GRU.fromConfig({ ...base, kernel_constraint: clip }, { custom_objects: { WeightClip } });
    const pass = gru.forward(inputs);
    new optimizers.SGD().apply(pass.backward({ output: pass.output }).weights, gru.trainable_weights);
    const values = [...gru.kernel.value.data];
    expect(Math.max(...values.map(Math.abs))).toBeCloseTo(0.25, 6);
  });

  it("regularizes", () => {
    const written = { module: "my", class_name: "Twice", config: { factor: 3 }, registered_name: "my>Twice" };
    for (const custom_objects of [{ Twice }, { "my>Twice": Twice }]) {
      const gru = GRU.fromConfig({ ...base, bias_regularizer: written, activity_regularizer: "Twice" }, {
        custom_objects: { Twice, ...custom_objects },
      } as { custom_objects: CustomObjects });
      gru.build([null, null, 2]);
      gru.bias?.assign(new Float32Array(18).fill(0.5));
      const pass = gru.forward(inputs);
      const sum = [...pass.output.data].reduce((all, value) => all + value, 0);
      expect(pass.losses[0]).toBeCloseTo(sum, 5);
      expect(pass.losses[1]).toBeCloseTo(3 * 2 * 9, 5);
      expect(gru.losses).toEqual(pass.losses);
      expect(pass.backward({}).weights).toHaveLength(3);
    }
  });

  it("initializes", () => {
    const written = { module: "my", class_name: "Sevens", config: { value: 5 }, registered_name: "Sevens" };
    const gru = GRU.fromConfig(
      { ...base, kernel_initializer: written, bias_initializer: "Sevens" },
      { custom_objects: { Sevens } },
    );
    gru.build([null, null, 2]);
    expect([gru.kernel.value.data[3], gru.bias?.value.data[4]]).toEqual([5, 7]);
  });

  it("is made by its own fromConfig where it has one", () => {
    class Other extends WeightClip {
      static fromConfig(config: { limit: number }): Other {
        return new Other({ c: config.limit * 2 });
      }
    }
    const gru = GRU.fromConfig(
      { ...base, kernel_constraint: { class_name: "Other", config: { limit: 4 } } },
      { custom_objects: { Other } },
    );
    gru.build([null, null, 2]);
    expect((gru.kernel.constraint as Other).c).toBe(8);
  });

  it("of a name that Keras has goes before Keras's, as in Keras", () => {
    const maximum = { module: "keras.constraints", class_name: "MaxNorm", config: { c: 0.5 }, registered_name: null };
    for (const written of [maximum, { class_name: "MaxNorm", config: { c: 0.5 } }, "MaxNorm"]) {
      const gru = GRU.fromConfig({ ...base, kernel_constraint: written }, { custom_objects: { MaxNorm: WeightClip } });
      gru.build([null, null, 2]);
      expect(gru.kernel.constraint).toBeInstanceOf(WeightClip);
    }
  });

  it("in a file", async () => {
    const { config } = await partsOf("sequential.keras");
    const layer = config.config.layers.find((one: { class_name: string }) => one.class_name === "GRU");
    const written = {
      module: "rnn_train",
      class_name: "WeightClip",
      config: { c: 0.1 },
      registered_name: "WeightClip",
    };
    layer.config.kernel_constraint = written;
    const gru = await GRU.fromKeras(await changedFile("sequential.keras", { config }), {
      custom_objects: { WeightClip },
    });
    expect((gru.kernel.constraint as WeightClip).c).toBe(0.1);
    // Written as it was read, with the config of today.
    expect(gru.getConfig().kernel_constraint).toEqual(written);
  });
});

it.each([
  [clip, { module: null, registered_name: "WeightClip" }],
  [
    { ...clip, module: "a.b", registered_name: "pkg>WeightClip" },
    { module: "a.b", registered_name: "pkg>WeightClip" },
  ],
  ["WeightClip", { module: null, registered_name: "Custom>WeightClip" }],
])("%j is written for Keras 3", (written, wanted) => {
  const gru = GRU.fromConfig({ ...base, kernel_constraint: written }, { custom_objects: { WeightClip } });
  const config = gru.getConfig();
  const { c } = (config.kernel_constraint as { config: { c: number } }).config;
  expect(config.kernel_constraint).toEqual({ ...wanted, class_name: "WeightClip", config: { c } });
  expect(c).toBe(written === "WeightClip" ? 2 : 0.25);
  const again = GRU.fromConfig(config, { custom_objects: { "Custom>WeightClip": WeightClip, WeightClip } });
  expect(again.getConfig()).toEqual(config);
});

it("an instance stands for itself, whatever the config says", () => {
  const custom_objects = { WeightClip: new constraints.MaxNorm({ max_value: 3 }), squash: new Twice({ factor: 4 }) };
  const gru = GRU.fromConfig(
    {
      ...base,
      kernel_constraint: clip,
      kernel_regularizer: { module: "builtins", class_name: "function", config: "squash", registered_name: "function" },
    },
    { custom_objects },
  );
  gru.build([null, null, 2]);
  expect(gru.kernel.constraint).toBe(custom_objects.WeightClip);
  expect(gru.kernel.regularizer).toBe(custom_objects.squash);
  expect(gru.getConfig().kernel_constraint).toMatchObject({ class_name: "MaxNorm", config: { max_value: 3 } });
});

describe("what is refused", () => {
  it.each<[string, unknown, RegExp]>([
    ["a regularizer for a constraint", Twice, /a constraint.*`custom_objects\.WeightClip`.*`kernel_constraint`/],
    ["an instance of another kind", new Sevens(), /a constraint.*`custom_objects\.WeightClip`.*`kernel_constraint`/],
    ["an activation", { name: "a", forward() {}, backward() {} }, /a constraint.*`custom_objects\.WeightClip`/],
    ["a function", () => 0, /`custom_objects\.WeightClip`/],
    ["a class of no kind", class Mine {}, /`custom_objects\.WeightClip`/],
    ["a name", "MaxNorm", /`custom_objects\.WeightClip`/],
  ])("%s", (_, entry, message) => {
    const args = { custom_objects: { WeightClip: entry } } as never;
    expectError(() => GRU.fromConfig({ ...base, kernel_constraint: clip }, args), "ERR_ARGUMENT", message);
  });

  it("a fromConfig that makes something else", () => {
    class Wrong extends WeightClip {
      static fromConfig(): Twice {
        return new Twice();
      }
    }
    const args = { custom_objects: { WeightClip: Wrong } } as never;
    expectError(() => GRU.fromConfig({ ...base, kernel_constraint: clip }, args), "ERR_ARGUMENT", /makes/);
  });

  it("a class that throws, with what it threw as the cause", () => {
    class Failing extends WeightClip {
      constructor() {
        super();
        throw new RangeError("too far");
      }
    }
    const args = { custom_objects: { WeightClip: Failing } };
    const error = expectError(
      () => GRU.fromConfig({ ...base, kernel_constraint: clip }, args),
      "ERR_CALLBACK",
      /`custom_objects\.WeightClip`.*RangeError: too far.*`kernel_constraint`/,
    );
    expect(error.cause).toBeInstanceOf(RangeError);
  });

  it("an abstract base class", () => {
    const args = { custom_objects: { WeightClip: regularizers.Regularizer } } as never;
    expectError(() => GRU.fromConfig({ ...base, kernel_regularizer: clip }, args), "ERR_ARGUMENT", /custom_objects/);
  });
});
