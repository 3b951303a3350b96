import { constraints, GRU, optimizers, regularizers, tensor, Variable } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectError, layer, random } from "../layers/support.js";
import { gradients, OPTIMIZERS, stateOf, variables } from "./support.js";

const { Adam, SGD } = optimizers;

describe("apply", () => {
  it("is weights -= learning_rate * gradient for plain SGD, in place, bit for bit", () => {
    for (const dtype of ["float32", "float64"] as const) {
      const weights = variables(dtype);
      const rate = Math.fround(0.3);
      const expected = weights.map(({ value }, index) =>
        value.data.map((weight, i) => {
          const gradient = gradients(1, dtype)[index]?.[i] as number;
          const step = dtype === "float32" ? Math.fround(gradient * rate) : gradient * rate;
          return weight - step;
        }),
      );
      new SGD({ learning_rate: 0.3 }).apply(gradients(1, dtype), weights);
      expect(weights.map(({ value }) => value.data)).toEqual(expected);
    }
  });

  it("reaches the layer's next call, on weights it has packed before", () => {
    const gru = layer(4, 3);
    const inputs = random([2, 5, 3]);
    const before = gru.call(inputs);
    const zeros = gru.weights.map(({ shape, value }) => tensor(new Float32Array(value.data.length), shape));
    const sgd = new SGD({ learning_rate: 1 });
    sgd.apply(zeros, gru.trainable_weights);
    expect(gru.call(inputs)).toEqual(before);
    sgd.apply(gru.getWeights(), gru.trainable_weights);
    expect(gru.getWeights().every(({ data }) => data.every((value) => value === 0))).toBe(true);
    expect(gru.call(inputs)).toEqual(tensor(new Float32Array(8), [2, 4]));
  });

  it("leaves calls and passes alone that were made before it", async () => {
    const args = { stateful: true, kernel_regularizer: new regularizers.L2({ l2: 0.5 }) };
    const [gru, twin] = [layer(4, 3, args), layer(4, 3, args)];
    const inputs = random([2, 5, 3]);
    const upstream = { output: random([2, 4], 5) };
    const pass = gru.forward(inputs, { training: true });
    // The second call waits for the first, and has not packed its weights when they change.
    const pending = [gru.callAsync(inputs), gru.callAsync(inputs)];
    new SGD({ learning_rate: 1 }).apply(gru.getWeights(), gru.trainable_weights);
    const other = twin.forward(inputs, { training: true });
    expect(await Promise.all(pending)).toEqual([await twin.callAsync(inputs), await twin.callAsync(inputs)]);
    expect(pass.backward(upstream)).toEqual(other.backward(upstream));
  });

  it("takes tensors, nested and bare arrays, and no gradient for some", () => {
    const [a, b, c] = variables() as [Variable, Variable, Variable];
    const values = [a, b, c].map(({ value }) => value.data);
    new SGD({ learning_rate: 1 }).apply(
      [tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], [3, 5]), null, null],
      [a, b, c],
    );
    expect(a.value.data[14]).toBe(Math.fround((values[0]?.[14] as number) - 15));
    expect([b.value.data, c.value.data]).toEqual(values.slice(1));
    new SGD({ learning_rate: 1 }).apply([[1, 0, 0, 0, 0, 0, 0], new Float32Array([2])], [b, c]);
    expect(b.value.data[0]).toBe(Math.fround((values[1]?.[0] as number) - 1));
    expect(c.value.toArray()).toBe(Math.fround((values[2]?.[0] as number) - 2));
  });

  it("takes the variables it was built for when none are given, or some of them", () => {
    const weights = variables();
    const adam = new Adam();
    adam.build(weights);
    expect([adam.built, adam.variables.length, adam.iterations]).toEqual([true, 6, 0]);
    adam.apply(gradients(1));
    const twin = new Adam();
    const others = variables();
    twin.apply(gradients(1), others);
    expect(others.map(({ value }) => value)).toEqual(weights.map(({ value }) => value));
    const [, last] = gradients(2);
    adam.apply([last as Float32Array], [weights[1] as Variable]);
    expect(adam.iterations).toBe(2);
    expect([weights[0]?.value, weights[2]?.value]).toEqual([others[0]?.value, others[2]?.value]);
    expect(weights[1]?.value).not.toEqual(others[1]?.value);
    adam.build([]);
    expect(adam.variables.length).toBe(6);
  });

  it("does nothing for no gradients, as Keras", () => {
    const sgd = new SGD();
    sgd.apply([], []);
    expect([sgd.built, sgd.iterations]).toEqual([false, 0]);
  });

  it("computes 16-bit weights in float32 and rounds them, slots too", () => {
    const weights = variables("bfloat16");
    const adam = new Adam({ learning_rate: 0.5 });
    const ones = weights.map(({ value }) => new Uint16Array(value.data.length).fill(0x3f80));
    const before = weights.map(({ value }) => value.toArray());
    adam.apply(ones, weights);
    expect(adam.variables.map(({ dtype }) => dtype)).toEqual(new Array(6).fill("bfloat16"));
    // One step of Adam is the learning rate against the sign of the gradient; bfloat16 has 8 bits.
    expect(Math.abs((weights[2]?.value.toArray() as number) - ((before[2] as number) - 0.5))).toBeLessThanOrEqual(
      2 ** -7,
    );
  });

  it.each(Object.entries(OPTIMIZERS))(
    "updates 16-bit weights without elements, as layers of 0 features have: %s",
    (_, make) => {
      const gru = new GRU(3, { dtype: "bfloat16" });
      gru.build([null, null, 0]);
      const before = gru.getWeights().map(({ data }) => data.slice());
      const steps = gru.weights.map(({ shape }) =>
        tensor(new Uint16Array(shape.reduce((a, b) => a * b, 1)).fill(0x3f80), shape, "bfloat16"),
      );
      const optimizer = make();
      // One that accumulates gradients changes the weights at the third step.
      for (let step = 0; step < 3; step++) optimizer.apply(steps, gru.trainable_weights);
      const after = gru.getWeights().map(({ data }) => data);
      expect(after[0]).toHaveLength(0);
      expect(after[1]).not.toEqual(before[1]);
    },
  );

  it("updates 16-bit weights of several sizes in turn as it does each alone", () => {
    const make = (size: number) => [new Variable(random([size], size), { dtype: "bfloat16" })] as const;
    // The upper halves of float32 numbers are bfloat16 numbers.
    const gradient = (size: number, step: number) =>
      Uint16Array.from(new Uint32Array(Float32Array.from(random([size], size + step).data).buffer), (x) => x >>> 16);
    const sizes = [5, 40, 3];
    const alone = sizes.map((size) => {
      const [weights, adam] = [make(size), new Adam({ learning_rate: 0.1 })];
      for (let step = 0; step < 3; step++) adam.apply([gradient(size, step)], weights);
      return weights[0].value.data;
    });
    const together = sizes.map((size) => ({ size, weights: make(size), adam: new Adam({ learning_rate: 0.1 }) }));
    for (let step = 0; step < 3; step++) {
      for (const { size, weights, adam } of together) adam.apply([gradient(size, step)], weights);
    }
    expect(together.map(({ weights }) => weights[0].value.data)).toEqual(alone);
  });

  it("updates 16-bit weights whose constraint updates others", () => {
    const others = [new Variable([7, 7, 7], { dtype: "bfloat16" })];
    const other = new SGD({ learning_rate: 1 });
    class UpdatesOthers extends constraints.Constraint {
      override apply(values: Float32Array | Float64Array) {
        other.apply([new Uint16Array(3).fill(0x3f80)], others);
        values[0] = (values[0] as number) + 4;
      }
      override getConfig() {
        return {};
      }
    }
    const weights = [new Variable([1, 2], { dtype: "bfloat16", constraint: new UpdatesOthers() })];
    new SGD({ learning_rate: 1 }).apply([new Uint16Array(2).fill(0x3f00)], weights);
    expect([weights[0]?.value.toArray(), others[0]?.value.toArray()]).toEqual([
      [4.5, 1.5],
      [6, 6, 6],
    ]);
  });

  it("trains a layer: the loss of a regression falls", () => {
    for (const [name, make] of Object.entries(OPTIMIZERS)) {
      const gru = layer(4, 3);
      const [inputs, wanted] = [random([8, 5, 3]), random([8, 4], 9)];
      const optimizer = make();
      if (name !== "scheduled") optimizer.learning_rate = name === "accumulating" || name === "SGD" ? 0.05 : 0.02;
      let [first, last] = [0, 0];
      for (let step = 0; step < 150; step++) {
        using pass = gru.forward(inputs, { training: true });
        const errors = pass.output.data.map(
          (value, i) => (value - (wanted.data[i] as number) / 2) as number,
        ) as Float32Array;
        last = errors.reduce((sum, error) => sum + error * error, 0);
        if (step === 0) first = last;
        const upstream = tensor(
          errors.map((error) => optimizer.scaleLoss(2 * error)),
          [8, 4],
        );
        optimizer.apply(
          pass.backward({ output: upstream, losses: optimizer.scaleLoss(1) }).weights,
          gru.trainable_weights,
        );
      }
      expect(last, `${name}: ${first} to ${last}`).toBeLessThan(first * (name === "scheduled" ? 0.5 : 0.25));
    }
  });
});

describe("the learning rate", () => {
  it("is float32, and can be set", () => {
    const sgd = new SGD({ learning_rate: 0.1 });
    expect(sgd.learning_rate).toBe(Math.fround(0.1));
    sgd.learning_rate = 0.2;
    expect(sgd.learning_rate).toBe(Math.fround(0.2));
    expect(sgd.getConfig().learning_rate).toBe(Math.fround(0.2));
  });

  it("follows a schedule, which another can replace and a number cannot", () => {
    const { ExponentialDecay, PiecewiseConstantDecay } = optimizers.schedules;
    const halves = new ExponentialDecay({ initial_learning_rate: 1, decay_steps: 1, decay_rate: 0.5 });
    const sgd = new SGD({ learning_rate: halves });
    const weights = variables();
    const rates = [1, 2, 3].map((step) => {
      const rate = sgd.learning_rate;
      sgd.apply(gradients(step), weights);
      return rate;
    });
    expect(rates).toEqual([1, 0.5, 0.25]);
    expectError(
      () => {
        sgd.learning_rate = 0.5;
      },
      "ERR_ARGUMENT",
      "made with one",
    );
    sgd.learning_rate = new PiecewiseConstantDecay({ boundaries: [3], values: [7, 8] });
    expect(sgd.learning_rate).toBe(7);
  });

  it("counts calls, not updates, where gradients are accumulated, as Keras", () => {
    const learning_rate = new optimizers.schedules.InverseTimeDecay({
      initial_learning_rate: 1,
      decay_steps: 1,
      decay_rate: 1,
    });
    const sgd = new SGD({ learning_rate, gradient_accumulation_steps: 2 });
    const weights = variables();
    const before = weights[1]?.value;
    sgd.apply(gradients(1), weights);
    expect([weights[1]?.value, sgd.iterations, sgd.learning_rate]).toEqual([before, 0, 0.5]);
    sgd.apply(gradients(1), weights);
    expect(sgd.iterations).toBe(1);
    const gradient = gradients(1)[1]?.[0] as number;
    expect(weights[1]?.value.data[0]).toBe(Math.fround((before?.data[0] as number) - Math.fround(gradient / 2)));
  });

  it("of a schedule of your own must be a finite number, or nothing changes", () => {
    class Own extends optimizers.schedules.LearningRateSchedule {
      override at(step: number): number {
        return step === 0 ? 0.5 : Number.NaN;
      }
      override getConfig() {
        return {};
      }
    }
    const sgd = new SGD({ learning_rate: new Own() });
    const weights = variables();
    sgd.apply(gradients(1), weights);
    const before = weights.map(({ value }) => value);
    expectError(() => sgd.apply(gradients(2), weights), "ERR_ARGUMENT", "schedule at step 1");
    expect([weights.map(({ value }) => value), sgd.iterations]).toEqual([before, 1]);
  });
});

describe("constraints", () => {
  it("hold after every update, and are those of the layer", () => {
    const gru = layer(4, 3, { kernel_constraint: "unit_norm", bias_constraint: new constraints.NonNeg() });
    const adam = new Adam({ learning_rate: 0.3 });
    for (let step = 0; step < 3; step++) {
      const pass = gru.forward(random([2, 5, 3], step), { training: true });
      adam.apply(pass.backward({ output: random([2, 4], step) }).weights, gru.trainable_weights);
      const { data, shape } = gru.kernel.value;
      for (let column = 0; column < (shape[1] as number); column++) {
        let sum = 0;
        for (let row = 0; row < 3; row++) sum += (data[row * (shape[1] as number) + column] as number) ** 2;
        expect(sum).toBeCloseTo(1, 5);
      }
      expect((gru.bias as Variable).value.data.every((value) => value >= 0)).toBe(true);
    }
  });

  it("of your own that throws undoes the update", () => {
    class Fussy extends constraints.Constraint {
      calls = 0;
      override apply(values: Float32Array | Float64Array): void {
        values.fill(5);
        this.calls += 1;
        if (this.calls === 3) throw new RangeError("too fussy");
      }
    }
    const weights = [new Variable([1, 2]), new Variable([3], { constraint: new Fussy() })];
    const optimizer = new Adam({ use_ema: true, gradient_accumulation_steps: 2 });
    const step = () => optimizer.apply([[1, 1], [1]], weights);
    step();
    step();
    const before = stateOf(optimizer, weights);
    expect(step).toThrow(RangeError);
    expect(stateOf(optimizer, weights)).toEqual(before);
    step();
    expect(stateOf(optimizer, weights)).not.toEqual(before);
  });
});

describe("weight decay", () => {
  it("leaves out the variables that it is told to, before the optimizer is built", () => {
    const gru = layer(4, 3);
    const decayed = (excluded?: Parameters<optimizers.AdamW["excludeFromWeightDecay"]>[0]) => {
      const twin = layer(4, 3);
      const adam = new optimizers.AdamW({ learning_rate: 1, weight_decay: 0.5 });
      if (excluded !== undefined) adam.excludeFromWeightDecay(excluded);
      const zeros = twin.weights.map(({ value }) => new Float32Array(value.data.length));
      adam.apply(zeros, twin.trainable_weights);
      expectError(() => adam.excludeFromWeightDecay({}), "ERR_STATE", "not built yet");
      return twin.weights
        .filter(({ value }, i) => value.data[0] !== gru.weights[i]?.value.data[0])
        .map(({ name }) => name);
    };
    expect(decayed()).toEqual(["kernel", "recurrent_kernel", "bias"]);
    expect(decayed({ names: ["bias", "recurrent"] })).toEqual(["kernel"]);
    expect(decayed({ names: ["kernel"], variables: [] })).toEqual(["bias"]);
    const [one, two] = variables() as [Variable, Variable];
    const sgd = new SGD({ learning_rate: 1, weight_decay: 0.5 });
    sgd.excludeFromWeightDecay({ names: ["w1"] });
    sgd.excludeFromWeightDecay({ variables: [one] });
    const before = [one, two].map(({ value }) => value.data);
    sgd.apply([new Float32Array(15), new Float32Array(7)], [one, two]);
    expect(one.value.data).toEqual(before[0]);
    expect(two.value.data).toEqual(before[1]?.map((value) => value / 2));
  });

  it.each([
    [undefined, "an object"],
    [{ name: ["bias"] }, 'Did you mean "names"?'],
    [{ names: "bias" }, "`names`"],
    [{ names: [""] }, "`names`"],
    [{ variables: [1] }, "`variables[0]`"],
  ])("refuses %o for what it leaves out", (excluded, message) => {
    expect(expectError(() => new SGD().excludeFromWeightDecay(excluded as never), "ERR_ARGUMENT").message).toContain(
      message,
    );
  });
});

describe("the moving average", () => {
  it("is what finalizeVariableValues sets the variables to", () => {
    const weights = variables();
    const sgd = new SGD({ use_ema: true, ema_momentum: 0.5, learning_rate: 1 });
    const values: number[] = [];
    for (let step = 1; step <= 3; step++) {
      sgd.apply(gradients(step), weights);
      values.push(weights[1]?.value.data[0] as number);
    }
    const [a, b, c] = values as [number, number, number];
    expect(weights[1]?.value.data[0]).toBe(c);
    expectError(() => sgd.finalizeVariableValues(weights.slice(1)), "ERR_ARGUMENT", "built for");
    sgd.finalizeVariableValues(weights);
    expect(weights[1]?.value.data[0]).toBeCloseTo(((a + b) / 2 + c) / 2, 6);
    const plain = new SGD();
    plain.build(weights);
    plain.finalizeVariableValues(weights);
    expect(weights[1]?.value.data[0]).toBeCloseTo(((a + b) / 2 + c) / 2, 6);
  });
});

describe("variables", () => {
  it("are named and ordered as Keras's", () => {
    const gru = new GRU(2, { name: "encoder" });
    gru.build([null, null, 3]);
    const adam = new Adam({ name: "mine", amsgrad: true, use_ema: true });
    expect(adam.variables).toEqual([]);
    adam.build(gru.trainable_weights);
    const names = ["kernel", "recurrent_kernel", "bias"];
    const paths = [
      ...names.map((name) => `${name}_average`),
      ...names.flatMap((name) => [`${name}_momentum`, `${name}_velocity`]),
      ...names.map((name) => `${name}_velocity_hat`),
    ];
    expect(adam.variables.map(({ path }) => path)).toEqual(paths.map((name) => `mine/encoder_gru_cell_${name}`));
    expect(adam.variables.every(({ trainable, value }) => !trainable && value.data.every((x) => x === 0))).toBe(true);
    expect(adam.variables.slice(3, 5).map(({ shape }) => shape)).toEqual([gru.kernel.shape, gru.kernel.shape]);
  });

  it("can be set", () => {
    const [weights, twins] = [variables(), variables()];
    const [one, two] = [new SGD({ momentum: 0.5 }), new SGD({ momentum: 0.5 })];
    one.apply(gradients(1), weights);
    two.build(twins);
    for (const [index, variable] of one.variables.entries()) two.variables[index]?.assign(variable.value);
    for (const [index, weight] of weights.entries()) twins[index]?.assign(weight.value);
    one.apply(gradients(2), weights);
    two.apply(gradients(2), twins);
    expect(twins.map(({ value }) => value)).toEqual(weights.map(({ value }) => value));
  });
});
