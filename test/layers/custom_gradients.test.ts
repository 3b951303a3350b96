// Custom activations in forward and backward. Their numbers are judged by finite_differences too.
import { type CustomActivation, type GRUArguments, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { relativeError } from "../golden/reader.js";
import { expectError, expectRejection, layer, random, stateOf } from "./support.js";

const B = 3;
const T = 4;
const F = 2;
const U = 5;
const inputs = random([B, T, F]);
const upstream = { output: random([B, T, U], 3), state: random([B, U], 4) };
const BOTH = { return_sequences: true, return_state: true, use_cudnn: false } as const;

/** tanh, with hooks that run before each use. */
function hooked() {
  const hook: {
    forward: ((...arrays: Float32Array[]) => unknown) | null;
    backward: ((...arrays: Float32Array[]) => unknown) | null;
    forwards: number;
    backwards: number;
  } = { forward: null, backward: null, forwards: 0, backwards: 0 };
  const activation: CustomActivation = {
    name: "mine",
    forward(x, out) {
      hook.forwards += 1;
      hook.forward?.(x as Float32Array, out as Float32Array);
      for (let i = 0; i < x.length; i++) out[i] = Math.tanh(x[i] as number);
    },
    backward(x, y, dy, dx) {
      hook.backwards += 1;
      hook.backward?.(x as Float32Array, y as Float32Array, dy as Float32Array, dx as Float32Array);
      for (let i = 0; i < y.length; i++) dx[i] = (dy[i] as number) * (1 - (y[i] as number) ** 2);
    },
  };
  return { hook, activation };
}

describe("a custom activation's gradients", () => {
  it.each<GRUArguments>([{}, { reset_after: false }, { go_backwards: true }, { dtype: "float64" }])(
    "are those of Keras's own: %o",
    (args) => {
      const mask = [1, 2, 3].map((row) => [1, 2, 3, 4].map((t) => (row * t) % 3 !== 0));
      const run = (own: GRUArguments) => {
        const pass = layer(U, F, { ...BOTH, ...args, ...own }).forward(inputs, { mask });
        const { inputs: dInputs, initial_state, weights } = pass.backward(upstream);
        return [pass.output, pass.state, dInputs, initial_state, ...weights];
      };
      const wanted = run({ recurrent_activation: "tanh" });
      for (const own of [
        { activation: hooked().activation, recurrent_activation: "tanh" },
        { recurrent_activation: hooked().activation },
        { activation: hooked().activation, recurrent_activation: hooked().activation },
      ]) {
        run(own).forEach(({ data, shape }, index) => {
          expect(shape).toEqual(wanted[index]?.shape);
          const tolerance = args.dtype === "float64" ? 1e-12 : 1e-5;
          expect(relativeError(data as Float32Array, wanted[index]?.data as Float32Array)).toBeLessThan(tolerance);
        });
      }
    },
  );

  it.each([
    ["float32", Float32Array],
    ["float64", Float64Array],
    ["mixed_float16", Float32Array],
  ] as const)("%s: in four rows of units numbers in a %o each, dx being zeros", (dtype, Type) => {
    const { hook, activation } = hooked();
    const gru = layer(U, F, { ...BOTH, activation, dtype });
    hook.backward = (...arrays) => {
      expect(arrays.map((array) => [array.constructor, array.length])).toEqual(new Array(4).fill([Type, U]));
      expect(new Set(arrays).size).toBe(4);
      expect([...(arrays[1] as Float32Array)]).toEqual(
        Array.from(arrays[0] as Float32Array, (x) => Type.of(Math.tanh(x))[0]),
      );
      expect([...(arrays[3] as Float32Array)]).toEqual(new Array(U).fill(0));
    };
    gru.forward(inputs).backward(upstream);
    expect([hook.forwards, hook.backwards]).toEqual([B * T, B * T]);
  });

  it("ask nothing of masked steps", () => {
    const { hook, activation } = hooked();
    const gru = layer(U, F, { ...BOTH, activation, recurrent_activation: activation });
    gru.forward(inputs, { lengths: [4, 0, 1] }).backward(upstream);
    expect([hook.forwards, hook.backwards]).toEqual([15, 15]);
  });
});

describe("a backward that fails", () => {
  it.each([0, 1, B * T - 1])("at row %i: ERR_CALLBACK with its cause; the pass is used, the layer free", (at) => {
    const { hook, activation } = hooked();
    const gru = layer(U, F, { ...BOTH, activation, stateful: true });
    const pass = gru.forward(inputs);
    const before = stateOf(gru);
    const cause = new RangeError("too steep");
    hook.backward = () => {
      if (hook.backwards === at + 1) throw cause;
    };
    const error = expectError(() => pass.backward(upstream), "ERR_CALLBACK", /custom activation "mine".*too steep/);
    expect(error.cause).toBe(cause);
    expect(stateOf(gru)).toEqual(before);
    hook.backward = null;
    expectError(() => pass.backward(upstream), "ERR_STATE");
    gru.setWeights(gru.getWeights());
    gru.forward(inputs).backward(upstream);
  });

  it("also where it is asynchronous, or gives its arrays away", () => {
    const { hook, activation } = hooked();
    const gru = layer(U, F, { ...BOTH, activation });
    const wanted = gru.forward(inputs).backward(upstream);
    const slow = { ...activation, backward: (async () => {}) as never };
    expectError(
      () =>
        layer(U, F, { ...BOTH, activation: slow })
          .forward(inputs)
          .backward(upstream),
      "ERR_CALLBACK",
      /promise/,
    );
    for (let which = 0; which < 4; which++) {
      const pass = gru.forward(inputs);
      hook.backward = (...arrays) => {
        const { buffer } = arrays[which] as Float32Array;
        structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
      };
      expectError(() => pass.backward(upstream), "ERR_CALLBACK");
      hook.backward = null;
      expect(gru.forward(inputs).backward(upstream)).toEqual(wanted);
    }
  });

  it("in forward: nothing of the layer changes", () => {
    const { hook, activation } = hooked();
    const gru = layer(U, F, { ...BOTH, activation, stateful: true, dropout: 0.5, seed: 1 });
    const twin = layer(U, F, { ...BOTH, activation: hooked().activation, stateful: true, dropout: 0.5, seed: 1 });
    const training = { training: true };
    expect(gru.forward(inputs, training).output).toEqual(twin.forward(inputs, training).output);
    const before = stateOf(gru);
    hook.forwards = 0;
    hook.forward = () => {
      if (hook.forwards === 5) throw new Error("no");
    };
    expectError(() => gru.forward(inputs, training), "ERR_CALLBACK", /no/);
    expect(stateOf(gru)).toEqual(before);
    hook.forward = null;
    expect(gru.forward(inputs, training).backward()).toEqual(twin.forward(inputs, training).backward());
  });
});

describe("while a function runs", () => {
  it("its layer and the passes of it are locked", () => {
    const { hook, activation } = hooked();
    const gru = layer(U, F, { ...BOTH, activation });
    const other = gru.forward(inputs);
    let refused = 0;
    const attempts = [
      () => gru.forward(inputs),
      () => gru.call(inputs),
      () => gru.setWeights(gru.getWeights()),
      () => gru.dispose(),
      () => other.backward(upstream),
    ];
    const attempt = () => {
      for (const action of attempts) expectError(action, "ERR_STATE", /from inside/);
      refused += 1;
    };
    hook.forward = attempt;
    const pass = gru.forward(inputs);
    hook.forward = null;
    hook.backward = attempt;
    const gradients = pass.backward(upstream);
    hook.backward = null;
    expect(refused).toBe(2 * B * T);
    expect(other.backward(upstream)).toEqual(gradients);
  });

  it("another layer may compute, and this one's pass may be disposed", () => {
    const { hook, activation } = hooked();
    const gru = layer(U, F, { ...BOTH, activation });
    const second = layer(U, F, { ...BOTH, activation: { ...hooked().activation, name: "inner" } });
    const wanted = second.forward(inputs).backward(upstream);
    const pass = gru.forward(inputs);
    const expected = gru.forward(inputs).backward(upstream);
    hook.backward = () => {
      pass.dispose();
      expect(second.forward(inputs).backward(upstream)).toEqual(wanted);
    };
    expect(pass.backward(upstream)).toEqual(expected);
    hook.backward = null;
    expectError(() => pass.backward(upstream), "ERR_DISPOSED");
  });

  it("what it does to the caller's arrays does not matter", () => {
    const { hook, activation } = hooked();
    const gru = layer(U, F, { ...BOTH, activation });
    const wanted = gru.forward(inputs).backward(upstream);
    const data = inputs.data.slice();
    hook.forward = () => {
      if (data.length > 0) structuredClone(data.buffer, { transfer: [data.buffer] });
    };
    const pass = gru.forward(tensor(data, [B, T, F]));
    hook.forward = null;
    expect(data.length).toBe(0);
    expect(pass.backward(upstream)).toEqual(wanted);
  });
});

it("forwardAsync and backwardAsync are refused, and leave the pass", async () => {
  const { activation } = hooked();
  const gru = layer(U, F, { ...BOTH, activation });
  await expectRejection(() => gru.forwardAsync(inputs), "ERR_ARGUMENT", /`forwardAsync`.*forward and backward/);
  const pass = gru.forward(inputs);
  await expectRejection(() => pass.backwardAsync(upstream), "ERR_ARGUMENT", /`backwardAsync`.*forward and backward/);
  pass.backward(upstream);
});

it("one without a backward is refused by the constructor", () => {
  const { forward, name } = hooked().activation;
  for (const place of ["activation", "recurrent_activation"]) {
    expectError(() => layer(U, F, { [place]: { name, forward } } as never), "ERR_ARGUMENT", `\`${place}.backward\``);
  }
});
