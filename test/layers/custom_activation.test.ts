import { Activation, type CustomActivation, GRU, type GRUArguments, type Tensor, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { relativeError, TOLERANCE } from "../golden/reader.js";
import { expectError, expectRejection, layer, outputOf, random, stateOf } from "./support.js";

const B = 3;
const T = 4;
const F = 2;
const U = 5;
const inputs = random([B, T, F]);

/** `function_` of each element, as an activation of its own. */
function custom(function_: (x: number) => number, name = "mine"): CustomActivation {
  return {
    name,
    forward(x, out) {
      for (let i = 0; i < x.length; i++) out[i] = function_(x[i] as number);
    },
    backward(_x, _y, dy, dx) {
      dx.set(dy);
    },
  };
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** An activation that computes tanh until `act` is given, and then runs that first. */
function hooked() {
  const hook: { act: ((x: ArrayLike<number>) => unknown) | null; calls: number } = { act: null, calls: 0 };
  const activation: CustomActivation = {
    ...custom(Math.tanh),
    forward(x, out) {
      hook.calls += 1;
      hook.act?.(x);
      for (let i = 0; i < x.length; i++) out[i] = Math.tanh(x[i] as number);
    },
  };
  return { hook, activation };
}

function outputs(gru: GRU, ...args: Parameters<GRU["call"]>): Tensor[] {
  const result = gru.call(...args);
  return Array.isArray(result) ? result : [result];
}

describe("a custom activation computes what it says", () => {
  const cases: GRUArguments[] = [
    {},
    { reset_after: false },
    { return_sequences: true, return_state: true },
    { go_backwards: true, return_sequences: true },
    { use_bias: false },
    { dtype: "float64" },
    { dtype: "float64", reset_after: false, return_state: true },
  ];
  it.each(cases)("like Keras's own: %o", (args) => {
    const tolerance = TOLERANCE[args.dtype === "float64" ? "float64" : "float32"];
    const mask = [
      [true, true, false, true],
      [true, false, false, false],
      [false, true, true, true],
    ];
    for (const own of [
      { activation: custom(Math.tanh) },
      { recurrent_activation: custom(sigmoid) },
      { activation: custom(Math.tanh), recurrent_activation: custom(sigmoid) },
    ]) {
      const wanted = outputs(layer(U, F, args), inputs, { mask });
      const found = outputs(layer(U, F, { ...args, ...own }), inputs, { mask });
      expect(found.map(({ shape }) => shape)).toEqual(wanted.map(({ shape }) => shape));
      found.forEach(({ data }, index) => {
        expect(relativeError(data, wanted[index]?.data ?? [])).toBeLessThan(tolerance);
      });
    }
  });

  it.each([
    ["float32", Float32Array],
    ["float64", Float64Array],
    ["float16", Float32Array],
    ["mixed_bfloat16", Float32Array],
  ] as const)("%s: on rows of units numbers in a %o of the layer's", (dtype, Type) => {
    const seen = new Set<unknown>();
    let calls = 0;
    const activation: CustomActivation = {
      ...custom(Math.tanh),
      forward(x, out) {
        calls += 1;
        seen.add(x).add(out);
        expect([x.constructor, out.constructor, x.length, out.length]).toEqual([Type, Type, U, U]);
        out.fill(0.5);
      },
    };
    const gru = layer(U, F, { activation, dtype });
    gru.call(inputs);
    expect(calls).toBe(B * T);
    gru.call(inputs);
    expect(seen.size).toBe(2);
    calls = 0;
    layer(U, F, { recurrent_activation: activation, dtype }).call(inputs);
    expect(calls).toBe(2 * B * T);
  });

  it("leaves zeros where it writes nothing", () => {
    const seen: number[][] = [];
    const forward: CustomActivation["forward"] = (_x, out) => {
      seen.push([...out]);
      out.fill(9);
    };
    layer(2, 1, { activation: { ...custom(Math.tanh), forward } }).call(tensor([[[1], [2]]]));
    expect(seen.flat()).toEqual([0, 0, 0, 0]);
  });

  it("row for row the same, whatever the batch", () => {
    const gru = layer(U, F, { activation: custom(Math.atan), recurrent_activation: custom(sigmoid) });
    const whole = outputOf(gru.call(inputs)).data;
    for (let row = 0; row < B; row++) {
      const one = tensor(inputs.data.subarray(row * T * F, (row + 1) * T * F), [1, T, F]);
      expect(outputOf(gru.call(one)).data).toEqual(whole.subarray(row * U, (row + 1) * U));
    }
  });
});

describe("an activation that throws", () => {
  it.each([
    ["an error", new RangeError("too far")],
    ["a string", "no"],
    ["undefined", undefined],
    ["an object that cannot be shown", Object.create(null)],
  ])("%s: ERR_CALLBACK, with what it threw as the cause", (_what, thrown) => {
    const { hook, activation } = hooked();
    const gru = layer(U, F, { activation });
    hook.act = () => {
      throw thrown;
    };
    const error = expectError(() => gru.call(inputs), "ERR_CALLBACK", /custom activation "mine"/);
    expect(Object.hasOwn(error, "cause")).toBe(true);
    expect(error.cause).toBe(thrown);
  });

  it.each([0, 1, 5, B * T - 1])("at row %i: the layer is as it was", (at) => {
    const args = { stateful: true, dropout: 0.4, recurrent_dropout: 0.3, seed: 3, activity_regularizer: "l2" } as const;
    const { hook, activation } = hooked();
    const gru = layer(U, F, { ...args, activation });
    const twin = layer(U, F, { ...args, activation: custom(Math.tanh) });
    const call = (one: GRU) => outputs(one, inputs, { training: true });
    expect(call(gru)).toEqual(call(twin));
    const before = stateOf(gru);
    const cause = new Error("stop");
    hook.calls = 0;
    hook.act = () => {
      if (hook.calls === at + 1) throw cause;
    };
    expect(expectError(() => call(gru), "ERR_CALLBACK").cause).toBe(cause);
    expect(hook.calls).toBe(at + 1);
    expect(stateOf(gru)).toEqual(before);
    hook.act = null;
    expect(call(gru)).toEqual(call(twin));
  });

  it("or is asynchronous is refused", () => {
    const activation = { ...custom(Math.tanh), forward: (async () => {}) as CustomActivation["forward"] };
    const error = expectError(() => layer(U, F, { activation }).call(inputs), "ERR_CALLBACK", /promise/);
    expect(error.cause).toBeInstanceOf(TypeError);
    const rejected = { ...activation, forward: (() => Promise.reject(new Error("later"))) as never };
    expectError(() => layer(U, F, { activation: rejected }).call(inputs), "ERR_CALLBACK", /promise/);
  });

  it("or gives its arrays away fails, and the next call has new ones", () => {
    for (const which of [0, 1]) {
      let detach = true;
      const activation: CustomActivation = {
        ...custom(Math.tanh),
        forward(...arrays) {
          const { buffer } = arrays[which] as Float32Array;
          if (detach) structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
        },
      };
      const gru = layer(U, F, { activation });
      expectError(() => gru.call(inputs), "ERR_CALLBACK");
      detach = false;
      expect(gru.call(inputs)).toEqual(layer(U, F, { activation: { ...activation, forward() {} } }).call(inputs));
    }
  });
});

describe("an activation may not use the layer that it is computing", () => {
  const actions: [what: string, action: (gru: GRU) => unknown][] = [
    ["call", (gru) => gru.call(inputs)],
    ["build", (gru) => gru.build([null, null, F])],
    ["setWeights", (gru) => gru.setWeights(gru.getWeights())],
    ["kernel.assign", (gru) => gru.kernel.assign(gru.kernel.value)],
    ["resetState", (gru) => gru.resetState()],
    ["trainable", (gru) => Object.assign(gru, { trainable: false })],
    ["dispose", (gru) => gru.dispose()],
  ];
  it.each(actions)("%s", (what, action) => {
    const { hook, activation } = hooked();
    const gru = layer(U, F, { activation, stateful: true });
    const twin = layer(U, F, { activation: custom(Math.tanh), stateful: true });
    let refused = 0;
    hook.act = () => {
      expectError(() => action(gru), "ERR_STATE", `\`${what}\``);
      refused += 1;
    };
    // Where the function catches it, the call goes on as if nothing had been tried.
    expect(gru.call(inputs)).toEqual(twin.call(inputs));
    expect(refused).toBe(B * T);
    // Where it does not, the call fails and the layer is free again.
    hook.act = () => action(gru);
    expect(expectError(() => gru.call(inputs), "ERR_CALLBACK").cause).toMatchObject({ code: "ERR_STATE" });
    hook.act = null;
    expect(gru.call(inputs)).toEqual(twin.call(inputs));
    expect(gru.trainable).toBe(true);
    action(gru);
  });

  it("callAsync and warmUp", async () => {
    const { hook, activation } = hooked();
    const gru = layer(U, F, { activation });
    const pending: Promise<unknown>[] = [];
    hook.act = () => {
      pending.push(gru.callAsync(inputs), gru.warmUp({ batch: 1, timesteps: 1 }));
      hook.act = null;
    };
    gru.call(inputs);
    for (const promise of pending) await expectRejection(() => promise, "ERR_STATE", /from inside/);
    expect(pending).toHaveLength(2);
  });

  it("but may read it, and call another", () => {
    const { hook, activation } = hooked();
    const gru = layer(U, F, { activation });
    const other = layer(64, 32, {});
    const large = random([32, 20, 32]);
    const wanted = other.call(large);
    const nested = layer(U, F, { activation: custom(Math.atan, "inner") });
    const wantedNested = nested.call(inputs);
    let checked = 0;
    hook.act = () => {
      expect([gru.built, gru.countParams() > 0, gru.getWeights().length, gru.losses]).toEqual([true, true, 3, []]);
      expect(other.call(large)).toEqual(wanted);
      expect(nested.call(inputs)).toEqual(wantedNested);
      checked += 1;
    };
    expect(gru.call(inputs)).toEqual(layer(U, F, { activation: custom(Math.tanh) }).call(inputs));
    expect(checked).toBe(B * T);
  });
});

describe("memory of the caller's that an activation takes away", () => {
  function detach(array: Float32Array | Uint8Array | Int32Array): void {
    structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  }

  it("inputs, mask, lengths and state are copies already", () => {
    const { hook, activation } = hooked();
    const gru = layer(U, F, { activation, return_sequences: true });
    const state = new Float32Array(B * U).fill(0.25);
    for (const place of ["mask", "lengths"] as const) {
      const given = () => ({
        inputs: inputs.data.slice(),
        mask: new Uint8Array(B * T).fill(1),
        lengths: Int32Array.from([4, 2, 3]),
        state: state.slice(),
      });
      const call = (one: ReturnType<typeof given>) =>
        gru.call(tensor(one.inputs, [B, T, F]), {
          initial_state: one.state,
          ...(place === "mask" ? { mask: tensor(one.mask, [B, T], "bool") } : { lengths: one.lengths }),
        });
      hook.act = null;
      const wanted = call(given());
      const taken = given();
      hook.act = () => {
        for (const array of Object.values(taken)) if (array.byteLength > 0) detach(array);
      };
      expect(call(taken)).toEqual(wanted);
      expect(taken.inputs.length).toBe(0);
    }
  });

  it("out is written afterwards, and refused where it is gone", () => {
    const { hook, activation } = hooked();
    const gru = layer(U, F, { activation, stateful: true });
    const out = new Float32Array(B * U);
    hook.act = () => expect([...out]).toEqual(new Array(B * U).fill(0));
    const result = outputOf(gru.call(inputs, { out }));
    expect(result.data).toBe(out);
    expect(out.some((value) => value !== 0)).toBe(true);
    const before = stateOf(gru);
    hook.act = () => {
      if (out.length > 0) detach(out);
    };
    expectError(() => gru.call(inputs, { out }), "ERR_ARGUMENT", /`out`.*detached/);
    expect(stateOf(gru)).toEqual(before);
  });
});

describe("asynchronous calls", () => {
  it("are refused, whichever gate it is", async () => {
    for (const own of [
      { activation: custom(Math.tanh) },
      { recurrent_activation: custom(sigmoid) },
      { activation: wrapped(custom(Math.tanh)) },
    ]) {
      const gru = layer(U, F, own as GRUArguments);
      await expectRejection(() => gru.callAsync(inputs), "ERR_ARGUMENT", /`callAsync`.*Use call/);
      await expectRejection(() => gru.warmUp({ batch: 1, timesteps: 1 }), "ERR_ARGUMENT", /`warmUp`/);
      gru.call(inputs);
    }
  });
});

function wrapped(activation: unknown) {
  return { module: "keras.layers", class_name: "Activation", config: { activation }, registered_name: null };
}

describe("configs", () => {
  const mine = custom(Math.tanh);
  const written = { module: "builtins", class_name: "function", config: "mine", registered_name: "function" };

  it("have Keras's form of a custom function", () => {
    const config = new GRU(U, { activation: mine, recurrent_activation: custom(sigmoid, "pkg>other") }).getConfig();
    expect(config.activation).toEqual(written);
    expect(config.recurrent_activation).toEqual({ ...written, config: "pkg>other" });
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
  });

  it("travel back through custom_objects", () => {
    const gru = layer(U, F, { activation: mine, recurrent_activation: custom(sigmoid, "pkg>other") });
    const config = JSON.parse(JSON.stringify(gru.getConfig()));
    const custom_objects = { mine, "pkg>other": custom(sigmoid, "pkg>other") };
    const again = GRU.fromConfig(config, { custom_objects });
    expect(again.getConfig()).toEqual(config);
    again.build([null, null, F]);
    again.setWeights(gru.getWeights());
    expect(again.call(inputs)).toEqual(gru.call(inputs));
  });

  it("take a bare name, a layer around it, older forms, and an Activation in its place", () => {
    const config = new GRU(U).getConfig();
    const older = { module: "my.module", class_name: "function", config: "mine", registered_name: "mine" };
    for (const activation of ["mine", written, older]) {
      const gru = GRU.fromConfig({ ...config, activation }, { custom_objects: { mine } });
      expect(gru.getConfig().activation).toEqual(written);
    }
    const inner = GRU.fromConfig({ ...config, activation: wrapped(written) }, { custom_objects: { mine } });
    expect(inner.getConfig().activation).toMatchObject({ class_name: "Activation", config: { activation: written } });
    const replaced = GRU.fromConfig(
      { ...config, activation: written },
      { custom_objects: { mine: new Activation("gelu") } },
    );
    expect(replaced.getConfig().activation).toBe("gelu");
  });

  it("need the function", () => {
    const config = { ...new GRU(U).getConfig(), activation: written };
    expectError(() => GRU.fromConfig(config), "ERR_ARGUMENT", /"mine".*custom_objects/);
    expectError(() => GRU.fromConfig(config, { custom_objects: { other: mine } }), "ERR_ARGUMENT", /"mine"/);
    expectError(() => GRU.fromConfig(config, { custom_objects: null }), "ERR_ARGUMENT", /"mine"/);
    expectError(() => GRU.fromConfig({ ...config, custom_objects: { mine } }), "ERR_ARGUMENT", /custom_objects/);
  });

  it.each([
    [3, "`custom_objects`"],
    [[mine], "`custom_objects`"],
    [{ mine: () => 0 }, "`custom_objects.mine`"],
    [{ mine: null }, "`custom_objects.mine`"],
    [{ mine: "tanh" }, "`custom_objects.mine`"],
    [{ mine: { ...mine, forward: 3 } }, "`custom_objects.mine.forward`"],
  ])("refuse %o as custom_objects", (custom_objects, message) => {
    expectError(
      () => GRU.fromConfig(new GRU(U).getConfig(), { custom_objects } as never),
      "ERR_ARGUMENT",
      new RegExp(message.replaceAll(".", "\\.")),
    );
  });
});

describe("requirements", () => {
  it("explain() says that it is not tanh", () => {
    const gru = new GRU(U, { activation: custom(Math.tanh) });
    const requirement = gru.explain().requirements.find(({ id }) => id === "activation");
    expect(requirement).toMatchObject({ met: false, detail: expect.stringContaining('is "mine"') });
    const cudnn = new GRU(U, { activation: custom(Math.tanh), use_cudnn: true });
    expectError(() => cudnn.call(inputs), "ERR_CUDNN_NOT_ELIGIBLE", /activation/);
  });

  it("nor is a layer that computes it", () => {
    const gru = new GRU(U, { activation: wrapped("tanh") });
    expect(gru.explain().requirements[0]).toMatchObject({
      met: false,
      detail: expect.stringContaining('"Activation"'),
    });
  });
});
