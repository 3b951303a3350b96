import {
  constraints,
  DTypePolicy,
  GRU,
  initializers,
  optimizers,
  regularizers,
  saveModelWeights,
  Variable,
} from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectError, expectRejection } from "../layers/support.js";

/** An object that passes `instanceof` although no constructor has made it. */
const unmade = (type: { prototype: object }): never => Object.create(type.prototype) as never;

type Class = { prototype: object; className?: string };
/** The classes of a family without its base, which the user's objects extend. */
const classesOf = (family: object): [string, Class][] =>
  Object.entries(family).filter(
    (entry): entry is [string, Class] => typeof entry[1] === "function" && Object.hasOwn(entry[1], "className"),
  );

function builtLayer(): GRU {
  const gru = new GRU(2);
  gru.build([1, 1, 2]);
  return gru;
}

describe("an object that only has the prototype of one of our classes is refused as any other value", () => {
  it.each(classesOf(initializers))("initializers.%s", (_, type) => {
    for (const argument of ["kernel_initializer", "recurrent_initializer", "bias_initializer"]) {
      expectError(() => new GRU(2, { [argument]: unmade(type) }), "ERR_ARGUMENT", argument);
    }
    expectError(() => new Variable(unmade(type), { shape: [2] }), "ERR_ARGUMENT", "value");
  });

  it.each(classesOf(regularizers))("regularizers.%s", (_, type) => {
    for (const argument of ["kernel_regularizer", "activity_regularizer"]) {
      expectError(() => new GRU(2, { [argument]: unmade(type) }), "ERR_ARGUMENT", argument);
    }
    expectError(() => new Variable([1], { regularizer: unmade(type) }), "ERR_ARGUMENT", "regularizer");
  });

  it.each(classesOf(constraints))("constraints.%s", (_, type) => {
    expectError(() => new GRU(2, { kernel_constraint: unmade(type) }), "ERR_ARGUMENT", "kernel_constraint");
    expectError(() => new Variable([1], { constraint: unmade(type) }), "ERR_ARGUMENT", "constraint");
  });

  it.each(classesOf(optimizers))("optimizers.%s", (_, type) => {
    expectError(() => optimizers.get(unmade(type)), "ERR_ARGUMENT", "identifier");
    expectError(() => optimizers.serialize(unmade(type)), "ERR_ARGUMENT", "optimizer");
    expectError(() => new optimizers.LossScaleOptimizer(unmade(type)), "ERR_ARGUMENT");
  });

  it.each(classesOf(optimizers.schedules))("optimizers.schedules.%s", (_, type) => {
    expectError(() => new optimizers.SGD({ learning_rate: unmade(type) }), "ERR_ARGUMENT", "learning_rate");
  });

  it("but a proxy, and an object of a class of the user's, are taken however they were made", () => {
    class Tenth extends initializers.Initializer {
      fill(values: { fill(value: number): unknown }): void {
        values.fill(0.1);
      }

      getConfig(): Record<string, unknown> {
        return {};
      }
    }
    function OldStyle(this: unknown): void {}
    OldStyle.prototype = Object.create(initializers.Initializer.prototype, { fill: { value: Tenth.prototype.fill } });
    const made = [new Proxy(new Tenth(), {}), Object.create(new Tenth()), Reflect.construct(OldStyle, [])];
    for (const kernel_initializer of made as initializers.Initializer[]) {
      const gru = new GRU(1, { kernel_initializer });
      gru.build([1, 1, 1]);
      expect([...gru.kernel.value.data]).toEqual([...new Float32Array(3).fill(0.1)]);
    }
    const penalized = new GRU(1, {
      kernel_regularizer: new Proxy(new regularizers.L2({ l2: 1 }), {}),
      kernel_initializer: "ones",
    });
    penalized.build([1, 1, 1]);
    expect(penalized.losses).toEqual([3]);
  });

  it("DTypePolicy", () => {
    expectError(() => new GRU(2, { dtype: unmade(DTypePolicy) }), "ERR_ARGUMENT", "dtype");
  });

  it("Variable", async () => {
    const gru = builtLayer();
    const variables = [unmade(Variable)];
    expectError(() => new optimizers.SGD().apply([[0]], variables), "ERR_ARGUMENT", "variables[0]");
    expectError(() => new optimizers.SGD().build(variables), "ERR_ARGUMENT", "variables[0]");
    expectError(() => gru.setWeights([...variables, ...variables, ...variables]), "ERR_ARGUMENT");
    const dense = { class_name: "Dense", weights: variables } as never;
    await expectRejection(() => saveModelWeights("/nowhere/x.weights.h5", [dense]), "ERR_ARGUMENT");
    expect(gru.built).toBe(true);
  });
});
