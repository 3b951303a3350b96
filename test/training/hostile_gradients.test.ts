import { constraints, optimizers, Variable } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectError, layer, numbers } from "../layers/support.js";
import { gradients, OPTIMIZERS, SHAPES, stateOf, variables } from "./support.js";

const detach = (array: unknown) => {
  const { buffer } = array as Float32Array;
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
};

const boom = () => {
  throw new TypeError("the caller's own");
};

describe.each(Object.entries(OPTIMIZERS))("%s changes nothing", (_, make) => {
  /** `apply` with these gradients must fail, the first time and when the optimizer is built. */
  const refuses = (
    sly: (given: (Float32Array | Float64Array)[]) => unknown[],
    code: Parameters<typeof expectError>[1],
  ) => {
    for (const built of [false, true]) {
      const weights = variables();
      const optimizer = make();
      if (built) optimizer.apply(gradients(1), weights);
      const before = stateOf(optimizer, weights);
      const version = weights.map(({ value }) => [...value.data]);
      expectError(() => optimizer.apply(sly(gradients(2)) as never, weights), code);
      expect(stateOf(optimizer, weights)).toEqual(before);
      expect(weights.map(({ value }) => [...value.data])).toEqual(version);
    }
  };

  it("when reading one gradient detaches another", () => {
    for (const victim of [0, 1]) {
      refuses((given) => {
        const data = given[2];
        return [
          given[0],
          given[1],
          {
            get data() {
              detach(given[victim]);
              return data;
            },
            shape: SHAPES[2],
          },
        ];
      }, "ERR_ARGUMENT");
    }
  });

  it("when a gradient throws, or is a proxy that does", () => {
    refuses(
      ([a, b]) => [
        a,
        b,
        {
          get data() {
            return boom();
          },
          shape: [],
        },
      ],
      "ERR_ARGUMENT",
    );
    refuses(
      ([a, b]) => [
        a,
        b,
        {
          data: Float32Array.of(1),
          get shape() {
            return boom();
          },
        },
      ],
      "ERR_ARGUMENT",
    );
    refuses(([a, b]) => [a, b, Object.create(Float32Array.prototype)], "ERR_ARGUMENT");
    refuses(
      (given) => new Proxy(given, { get: (own, key) => (key === "2" ? boom() : Reflect.get(own, key)) }),
      "ERR_ARGUMENT",
    );
  });

  it("when a gradient uses the optimizer", () => {
    const weights = variables();
    const optimizer = make();
    const sly = (act: () => void) => {
      const [a, b, c] = gradients(2);
      return [
        a,
        b,
        {
          get data() {
            act();
            return c;
          },
          shape: [],
        },
      ] as never;
    };
    const again = () => optimizer.apply(gradients(3), weights);
    expectError(() => optimizer.apply(sly(again), weights), "ERR_STATE");
    expectError(
      () =>
        optimizer.apply(
          sly(() => optimizer.build(variables())),
          weights,
        ),
      "ERR_STATE",
    );
    expect(optimizer.built).toBe(false);
    again();
    expect(optimizer.built).toBe(true);
  });

  it("when a gradient disposes the layer of a variable", () => {
    const gru = layer(2, 3);
    const own = variables();
    const all = [...own, ...gru.weights];
    const optimizer = make();
    const given = [...gradients(1), ...gru.weights.map(({ value }) => value.data as Float32Array)];
    const last = given.pop();
    const sly = {
      get data() {
        gru.dispose();
        return last;
      },
      shape: gru.weights[2]?.shape,
    };
    const before = own.map(({ value }) => [...value.data]);
    expectError(() => optimizer.apply([...given, sly] as never, all), "ERR_DISPOSED");
    expect(own.map(({ value }) => [...value.data])).toEqual(before);
    expect(optimizer.built).toBe(false);
  });
});

class Sly extends optimizers.schedules.ExponentialDecay {
  act: () => void = () => {};
  override at(step: number): number {
    this.act();
    return super.at(step);
  }
}

it("a schedule that detaches a gradient changes nothing", () => {
  const schedule = new Sly({ initial_learning_rate: 0.1, decay_steps: 10, decay_rate: 0.5 });
  const weights = variables();
  const optimizer = new optimizers.Adam({ learning_rate: schedule });
  const given = gradients(1);
  schedule.act = () => detach(given[1]);
  const before = weights.map(({ value }) => [...value.data]);
  expectError(() => optimizer.apply(given, weights), "ERR_ARGUMENT", /gradients\[1\].*detached/);
  expect(weights.map(({ value }) => [...value.data])).toEqual(before);
  expect([optimizer.built, optimizer.iterations]).toEqual([false, 0]);
});

it("a moving average of a disposed layer's weight changes nothing", () => {
  const gru = layer(2, 3);
  const own = variables();
  const optimizer = new optimizers.SGD({ use_ema: true });
  optimizer.build([...own, ...gru.weights]);
  gru.dispose();
  const before = stateOf(optimizer, own);
  expectError(() => optimizer.apply(gradients(1), own), "ERR_DISPOSED");
  expect(stateOf(optimizer, own)).toEqual(before);
});

it("a constraint that gives its values away changes nothing", () => {
  class Thief extends constraints.Constraint {
    override apply(values: Float32Array | Float64Array): void {
      detach(values);
    }
  }
  for (const dtype of ["float32", "bfloat16"] as const) {
    const made = numbers(3);
    const variable = new Variable({ data: made, shape: [3] }, { dtype, constraint: new Thief() });
    const optimizer = new optimizers.SGD();
    const before = [...variable.value.data];
    const gradient = dtype === "float32" ? new Float32Array(3).fill(1) : new Uint16Array(3).fill(0x3f80);
    expectError(() => optimizer.apply([gradient], [variable]), "ERR_CALLBACK", /constraint/);
    expect([...variable.value.data]).toEqual(before);
    expect(optimizer.iterations).toBe(0);
  }
});
