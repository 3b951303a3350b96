// Activations of the user's in a Bidirectional or a stack: which calls they work in, and what they may not do.
import { Bidirectional, type CustomActivation, GRU, type GRUStack, type Tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectError, expectRejection, random } from "../layers/support.js";
import { built as builtFor, stateOf } from "./layers.js";

const [B, T, F, U] = [3, 4, 3, 5] as const;
const built = (layer: Bidirectional | GRUStack) => builtFor(layer, F);

describe("custom activations", () => {
  const cube: CustomActivation = {
    name: "cube",
    forward(x, out) {
      for (let i = 0; i < x.length; i++) out[i] = (x[i] as number) ** 3;
    },
    backward(x, _, dy, dx) {
      for (let i = 0; i < x.length; i++) dx[i] = 3 * (x[i] as number) ** 2 * (dy[i] as number);
    },
  };

  it("work in synchronous calls alone", async () => {
    const both = built(new Bidirectional(new GRU(U, { activation: cube })));
    const inputs = random([B, T, F]);
    expect((both.call(inputs) as Tensor).shape).toEqual([B, 2 * U]);
    expect(both.forward(inputs).backward().weights).toHaveLength(6);
    await expectRejection(() => both.callAsync(inputs), "ERR_ARGUMENT", /custom activation/);
    await expectRejection(() => both.forwardAsync(inputs), "ERR_ARGUMENT");
    await expectRejection(() => both.forward(inputs).backwardAsync(), "ERR_ARGUMENT");
    await expectRejection(() => both.warmUp({ batch: 1, timesteps: 1 }), "ERR_ARGUMENT");
  });

  it("may not use any layer of the call", () => {
    const attempts: ((both: Bidirectional) => unknown)[] = [
      (both) => both.call(random([B, T, F])),
      (both) => both.backward_layer.setWeights(both.backward_layer.getWeights()),
      (both) => both.backward_layer.dispose(),
      (both) => both.dispose(),
      (both) => both.forward_layer.build([null, null, F]),
      (both) => {
        both.trainable = false;
      },
    ];
    const caught: unknown[] = [];
    let attempt: ((both: Bidirectional) => unknown) | undefined;
    const spying: CustomActivation = {
      ...cube,
      forward(x, out) {
        if (attempt !== undefined) {
          const now = attempt;
          attempt = undefined;
          expectError(() => now(both), "ERR_STATE");
          caught.push(now);
        }
        cube.forward(x, out);
      },
    };
    const both = built(new Bidirectional(new GRU(U, { activation: spying }))) as Bidirectional;
    const wanted = both.call(random([B, T, F]));
    for (const one of attempts) {
      attempt = one;
      expect(both.call(random([B, T, F]))).toEqual(wanted);
    }
    expect(caught).toEqual(attempts);
  });

  it("that fail leave every half as it was", () => {
    let fails = false;
    const failing: CustomActivation = {
      ...cube,
      forward(x, out) {
        if (fails) throw new Error("no");
        cube.forward(x, out);
      },
    };
    const flags = { stateful: true, dropout: 0.5, seed: 3, use_cudnn: false } as const;
    const backward_layer = new GRU(U, { ...flags, go_backwards: true, activation: failing });
    const both = built(new Bidirectional(new GRU(U, flags), { backward_layer })) as Bidirectional;
    const inputs = random([B, T, F]);
    both.call(inputs, { training: true });
    const before = stateOf(both);
    fails = true;
    expectError(() => both.call(inputs, { training: true }), "ERR_CALLBACK", /cube/);
    expectError(() => both.forward(inputs, { training: true }), "ERR_CALLBACK");
    expect(stateOf(both)).toEqual(before);
    fails = false;
    const twin = built(
      new Bidirectional(new GRU(U, flags), {
        backward_layer: new GRU(U, { ...flags, go_backwards: true, activation: cube }),
      }),
    );
    twin.call(inputs, { training: true });
    expect(both.call(inputs, { training: true })).toEqual(twin.call(inputs, { training: true }));
  });
});
