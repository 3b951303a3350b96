// The user's own regularizers, constraints and initializers never receive memory that a layer holds. When they change
// the layer that calls them, they are refused.
import { constraints, GRU, initializers, optimizers, regularizers, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectError } from "./support.js";

type Values = Parameters<constraints.Constraint["apply"]>[0];

const inputs = tensor(
  Float32Array.from({ length: 2 * 5 * 3 }, (_, i) => Math.sin(i)),
  [2, 5, 3],
);

function giveAway(values: Values): void {
  structuredClone(values.buffer, { transfer: [values.buffer as ArrayBuffer] });
}

/** The same layer without user code. */
function twinOf(gru: GRU, options: object): GRU {
  const twin = new GRU(gru.units, options);
  gru.build([null, null, 3]);
  twin.build([null, null, 3]);
  twin.setWeights(gru.getWeights());
  return twin;
}

/** Keeps every array that it is lent; its loss is 0. */
class Keeper extends regularizers.Regularizer {
  readonly kept: Values[] = [];
  override loss(values: Values): number {
    this.kept.push(values);
    return 0;
  }
  override addGradient(gradient: Values, values: Values): void {
    this.kept.push(gradient, values);
  }
  override getConfig(): Record<string, unknown> {
    return {};
  }
  spoil(): void {
    for (const values of this.kept.splice(0)) {
      values.fill(Number.NaN);
      giveAway(values);
    }
  }
}

/** A regularizer whose loss is the result of a function. */
class Judge extends regularizers.Regularizer {
  constructor(readonly judge: (values: Values) => unknown) {
    super();
  }
  override loss(values: Values): number {
    return this.judge(values) as number;
  }
  override addGradient(): void {}
  override getConfig(): Record<string, unknown> {
    return {};
  }
}

describe("what is lent to code of the user's own", () => {
  it("is not the gradient that backwardAsync reads on another thread", async () => {
    const keeper = new Keeper();
    const options = { seed: 1, return_sequences: true, return_state: true } as const;
    const gru = new GRU(4, { ...options, activity_regularizer: keeper });
    const plain = twinOf(gru, options) as typeof gru;
    const backward = (layer: GRU) =>
      layer.forward(inputs).backwardAsync({
        state: [
          [1, 1, 1, 1],
          [1, 1, 1, 1],
        ],
      });
    const pending = backward(gru);
    keeper.spoil();
    expect((await pending).inputs.data).toEqual((await backward(plain)).inputs.data);
  });

  it("is not the carried state", async () => {
    const keeper = new Keeper();
    const options = { seed: 1, stateful: true, return_state: true } as const;
    const gru = new GRU(4, { ...options, activity_regularizer: keeper });
    const plain = twinOf(gru, options) as typeof gru;
    for (let call = 0; call < 3; call++) {
      const pending = gru.callAsync(inputs);
      keeper.spoil();
      expect((await pending)[1].data).toEqual((await plain.callAsync(inputs))[1].data);
    }
    gru.call(inputs);
    keeper.spoil();
    expect(gru.call(inputs)[0].data.every(Number.isFinite)).toBe(true);
  });

  it("is not a weight, for its initializer, regularizer and constraint", () => {
    const kept: Values[] = [];
    class Start extends initializers.Initializer {
      override fill(out: Values): void {
        kept.push(out.fill(0.5));
      }
      override getConfig(): Record<string, unknown> {
        return {};
      }
    }
    class Same extends constraints.Constraint {
      override apply(values: Values): void {
        kept.push(values);
      }
    }
    const keeper = new Keeper();
    const gru = new GRU(2, {
      kernel_initializer: new Start(),
      kernel_regularizer: keeper,
      kernel_constraint: new Same(),
      seed: 1,
    });
    gru.build([null, null, 3]);
    const optimizer = new optimizers.SGD({ learning_rate: 0.1 });
    const before = gru.getWeights()[0]!.data;
    for (let step = 0; step < 2; step++) {
      gru.losses;
      kept.splice(0).forEach(giveAway);
      keeper.spoil();
      optimizer.apply([new Float32Array(18), null, null], gru.weights);
      expect(gru.getWeights()[0]!.data).toEqual(before);
      gru.call(inputs);
    }
  });

  it("may be given away and is then an error, with everything as it was", () => {
    class Away extends constraints.Constraint {
      override apply(values: Values): void {
        giveAway(values);
      }
    }
    class AwayAtStart extends initializers.Initializer {
      override fill(out: Values): void {
        giveAway(out);
      }
      override getConfig(): Record<string, unknown> {
        return {};
      }
    }
    const gru = new GRU(2, { bias_constraint: new Away(), seed: 1 });
    gru.build([null, null, 3]);
    const before = gru.getWeights();
    const gradients = gru.weights.map(({ value }) => value);
    expectError(() => new optimizers.Adam().apply(gradients, gru.weights), "ERR_CALLBACK", /gave their memory away/);
    expect(gru.getWeights()).toEqual(before);
    expectError(
      () => new GRU(2, { kernel_initializer: new AwayAtStart() }).call(inputs),
      "ERR_CALLBACK",
      /initializer/,
    );
  });
});

describe("code of the user's own", () => {
  it("may not use the stateful layer whose call it judges", () => {
    let inside: () => unknown = () => undefined;
    const options = { seed: 1, stateful: true, return_state: true } as const;
    const gru = new GRU(4, { ...options, activity_regularizer: new Judge(() => inside() ?? 0) });
    const plain = twinOf(gru, options) as typeof gru;
    gru.call(inputs);
    plain.call(inputs);
    for (const use of [
      () => gru.call(inputs),
      () => gru.forward(inputs),
      () => gru.resetState(),
      () => gru.dispose(),
    ]) {
      inside = use;
      expectError(() => gru.call(inputs), "ERR_STATE", /outside of the layer's own functions/);
      expectError(() => gru.forward(inputs), "ERR_STATE", /outside of the layer's own functions/);
    }
    inside = () => undefined;
    expect(gru.call(inputs)[1].data).toEqual(plain.call(inputs)[1].data);
  });

  it("may not change the layer of the weight that it constrains", () => {
    let inside: () => unknown = () => undefined;
    class Meddler extends constraints.Constraint {
      override apply(): void {
        inside();
      }
    }
    const gru = new GRU(2, { recurrent_constraint: new Meddler(), seed: 1 });
    gru.build([null, null, 3]);
    const optimizer = new optimizers.Adam();
    const gradients = gru.weights.map(({ value }) => value);
    const before = gru.getWeights();
    for (const change of [
      () => gru.setWeights(before.map(({ data, shape }) => tensor(new Float32Array(data.length), shape))),
      () => gru.kernel.assign(new Float32Array(18)),
      () => gru.dispose(),
    ]) {
      inside = change;
      expectError(() => optimizer.apply(gradients, gru.weights), "ERR_STATE", /outside of the layer's own functions/);
      expect(gru.getWeights()).toEqual(before);
      expect(optimizer.iterations).toBe(0);
    }
  });

  it("must give a number for a loss", () => {
    for (const loss of [Promise.reject(new Error("nobody looks")), undefined, "1"]) {
      const gru = new GRU(2, { activity_regularizer: new Judge(() => loss), seed: 1 });
      expectError(() => gru.call(inputs), "ERR_CALLBACK", /a number for `loss of/);
    }
  });

  it("needs getConfig for a config alone", () => {
    const regularizer = Object.create(regularizers.Regularizer.prototype) as regularizers.Regularizer;
    const gru = new GRU(2, { kernel_regularizer: regularizer });
    expect(String(regularizer)).toContain("Regularizer");
    expectError(() => gru.getConfig(), "ERR_UNSUPPORTED", /getConfig/);
  });
});
