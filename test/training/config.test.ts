import { optimizers } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectError } from "../layers/support.js";

const { schedules } = optimizers;
const COMMON = {
  weight_decay: null,
  clipnorm: null,
  global_clipnorm: null,
  clipvalue: null,
  use_ema: false,
  ema_momentum: 0.99,
  ema_overwrite_frequency: null,
  loss_scale_factor: null,
  gradient_accumulation_steps: null,
};
const object = (class_name: string, config: Record<string, unknown>, module = "keras.optimizers") => ({
  module,
  class_name,
  config,
  registered_name: null,
});
const schedule = (class_name: string, config: Record<string, unknown>) =>
  object(class_name, config, "keras.optimizers.schedules");
const ADAM = { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, amsgrad: false };

/** The results of Keras 3.15.1's `keras.optimizers.serialize`. */
const SERIALIZED = [
  object("SGD", { name: "a", learning_rate: 0.25, ...COMMON, clipnorm: 1, momentum: 0.5, nesterov: true }),
  object("RMSprop", {
    name: "b",
    learning_rate: 0.5,
    ...COMMON,
    use_ema: true,
    ema_overwrite_frequency: 4,
    rho: 0.8,
    momentum: 0,
    epsilon: 1e-7,
    centered: true,
  }),
  object("Adam", {
    name: "c",
    learning_rate: schedule("ExponentialDecay", {
      initial_learning_rate: 0.5,
      decay_steps: 10,
      decay_rate: 0.9,
      staircase: false,
      name: "ExponentialDecay",
    }),
    ...COMMON,
    global_clipnorm: 2,
    ...ADAM,
    amsgrad: true,
  }),
  object("AdamW", {
    name: "d",
    learning_rate: 0.125,
    ...COMMON,
    weight_decay: 0.004,
    loss_scale_factor: 8,
    gradient_accumulation_steps: 2,
    ...ADAM,
  }),
  object("LossScaleOptimizer", {
    name: "e",
    inner_optimizer: object("Adam", { name: "i", learning_rate: 0.5, ...COMMON, clipvalue: 0.5, ...ADAM }),
    initial_scale: 256,
    dynamic_growth_steps: 2000,
  }),
];

describe("configurations", () => {
  it.each(SERIALIZED)("of $class_name travel both ways", (form) => {
    const made = optimizers.get(form);
    expect(optimizers.serialize(made as optimizers.Optimizer)).toEqual(form);
    expect((made as optimizers.Optimizer).getConfig()).toEqual(form.config);
  });

  it("have Keras's defaults", () => {
    const config = (made: optimizers.Optimizer) => ({ ...made.getConfig(), name: "" });
    const rate = (value: number) => ({ name: "", learning_rate: Math.fround(value), ...COMMON });
    expect(config(new optimizers.SGD())).toEqual({ ...rate(0.01), momentum: 0, nesterov: false });
    expect(config(new optimizers.RMSprop())).toEqual({
      ...rate(0.001),
      rho: 0.9,
      momentum: 0,
      epsilon: 1e-7,
      centered: false,
    });
    expect(config(new optimizers.Adam())).toEqual({ ...rate(0.001), ...ADAM });
    expect(config(new optimizers.AdamW())).toEqual({ ...rate(0.001), weight_decay: 0.004, ...ADAM });
  });

  it.each([
    [schedules.ExponentialDecay, { decay_steps: 10, decay_rate: 0.5 }, { staircase: false, name: "ExponentialDecay" }],
    [schedules.InverseTimeDecay, { decay_steps: 10, decay_rate: 0.5 }, { staircase: false, name: "InverseTimeDecay" }],
    [
      schedules.PolynomialDecay,
      { decay_steps: 10 },
      { end_learning_rate: 0.0001, power: 1, cycle: false, name: "PolynomialDecay" },
    ],
    [
      schedules.CosineDecay,
      { decay_steps: 10 },
      { alpha: 0, name: "CosineDecay", warmup_target: null, warmup_steps: 0 },
    ],
    [schedules.CosineDecayRestarts, { first_decay_steps: 10 }, { t_mul: 2, m_mul: 1, alpha: 0, name: "SGDRDecay" }],
  ])("of schedules have Keras's defaults", (Schedule, given, defaults) => {
    const made = new Schedule({
      initial_learning_rate: 0.1,
      ...given,
    } as never) as optimizers.schedules.LearningRateSchedule;
    const config = { initial_learning_rate: 0.1, ...given, ...defaults };
    expect(made.serialize()).toEqual(schedule(Schedule.name, config));
    const optimizer = new optimizers.SGD({ learning_rate: schedule(Schedule.name, config) });
    expect(optimizer.getConfig().learning_rate).toEqual(made.serialize());
  });

  it("of a piecewise constant schedule", () => {
    const config = { boundaries: [1, 2], values: [0.1, 0.2, 0.3], name: "PiecewiseConstant" };
    const made = new schedules.PiecewiseConstantDecay({ boundaries: [1, 2], values: [0.1, 0.2, 0.3] });
    expect(made.serialize()).toEqual(schedule("PiecewiseConstantDecay", config));
    expect([0, 1, 2, 3].map((step) => made.at(step))).toEqual([0.1, 0.1, 0.2, 0.3].map(Math.fround));
  });

  it("give names as Keras counts them", () => {
    const last = (made: optimizers.Optimizer) => Number(/^rm_sprop(?:_(\d+))?$/.exec(made.name)?.[1] ?? 0);
    const [one, two] = [new optimizers.RMSprop(), new optimizers.RMSprop()];
    expect(last(two)).toBe(last(one) + 1);
    expect(new optimizers.AdamW().name).toMatch(/^adam_w/);
    expect(new optimizers.SGD({ name: "mine" }).name).toBe("mine");
  });
});

describe("optimizers.get", () => {
  it.each([
    ["sgd", optimizers.SGD],
    ["SGD", optimizers.SGD],
    ["RMSprop", optimizers.RMSprop],
    ["rmsprop", optimizers.RMSprop],
    ["Adam", optimizers.Adam],
    ["ADAMW", optimizers.AdamW],
    [{ class_name: "adamW", config: {} }, optimizers.AdamW],
  ])("takes %o", (value, type) => {
    expect(optimizers.get(value)).toBeInstanceOf(type);
    expect((optimizers.get(value) as object).constructor).toBe(type);
  });

  it("gives instances and null back as they are", () => {
    const made = new optimizers.SGD();
    expect(optimizers.get(made)).toBe(made);
    expect(optimizers.get(null)).toBeNull();
  });

  it.each([
    ["adamm", 'for `identifier` but received "adamm". Did you mean "adam"?'],
    ["adam_w", 'Did you mean "adamw"?'],
    ["Nadam", "Keras has it, this package does not"],
    ["optimizer", "Known: sgd, rmsprop, adam, adamw, lossscaleoptimizer."],
    [1, "Expected an optimizer"],
    [{ class_name: "Adam", config: { beta1: 1 } }, 'Did you mean "beta_1"?'],
    [{ module: "mine", class_name: "Adam", config: {} }, "the custom"],
    [{ class_name: "LossScaleOptimizer", config: {} }, "`inner_optimizer`"],
    [new schedules.CosineDecay({ initial_learning_rate: 1, decay_steps: 1 }), "Expected an optimizer"],
  ])("refuses %o", (value, message) => {
    expect(expectError(() => optimizers.get(value as never), "ERR_ARGUMENT").message).toContain(message);
  });
});

describe("schedules", () => {
  it.each([
    [
      () => new schedules.CosineDecay({ decay_steps: 1 } as never),
      "for `initial_learning_rate` of CosineDecay but received undefined",
    ],
    [() => new schedules.CosineDecay({ initial_learning_rate: 1, decay_steps: 0 }), "above 0"],
    [
      () => new schedules.CosineDecay({ initial_learning_rate: 1, decay_steps: 1, warmup_step: 1 } as never),
      '"warmup_steps"',
    ],
    [() => new schedules.ExponentialDecay({ initial_learning_rate: 1, decay_steps: 1 } as never), "`decay_rate`"],
    [() => new schedules.PolynomialDecay({ initial_learning_rate: 1, decay_steps: 1, cycle: 1 } as never), "`cycle`"],
    [
      () => new schedules.CosineDecayRestarts({ initial_learning_rate: 1, first_decay_steps: 1, t_mul: 0.5 }),
      "at least 1",
    ],
    [() => new schedules.PiecewiseConstantDecay({ boundaries: [1], values: [1] }), "a list of 2 finite numbers"],
    [() => new schedules.PiecewiseConstantDecay({ boundaries: [], values: [1] }), "a list of 1 or more finite numbers"],
  ])("refuse what they cannot follow", (make, message) => {
    expect(expectError(make, "ERR_ARGUMENT").message).toContain(message);
  });

  it("stay where they end", () => {
    const cosine = new schedules.CosineDecay({ initial_learning_rate: 1, decay_steps: 10, alpha: 0.25 });
    expect([cosine.at(0), cosine.at(10), cosine.at(1e9)]).toEqual([1, 0.25, 0.25]);
    const polynomial = new schedules.PolynomialDecay({
      initial_learning_rate: 1,
      decay_steps: 10,
      end_learning_rate: 0.5,
    });
    expect([polynomial.at(5), polynomial.at(11)]).toEqual([0.75, 0.5]);
    const warm = new schedules.CosineDecay({
      initial_learning_rate: 0,
      decay_steps: 4,
      warmup_target: 1,
      warmup_steps: 2,
    });
    expect([0, 1, 2, 6, 7].map((step) => warm.at(step))).toEqual([0, 0.5, 1, 0, 0]);
  });
});
