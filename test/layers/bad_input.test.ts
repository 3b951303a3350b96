import { GRU, type GRUErrorCode, Tensor, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectError, expectRejection, layer, outputOf, random, stateOf } from "./support.js";

const B = 2;
const T = 3;
const F = 4;
const U = 5;
const inputs = random([B, T, F]);
const data = inputs.data;
const shape = [B, T, F];

function detach<A extends Float32Array | Uint8Array | Int32Array>(array: A): A {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}

const cyclic: unknown[] = [];
cyclic.push(cyclic);

/** The arguments that every call refuses, with the code and the name in the message. */
const refused: [what: string, values: [inputs: unknown, args?: unknown], code: GRUErrorCode, name: string][] = [
  ["rank 2", [random([T, F])], "ERR_SHAPE", "inputs"],
  ["rank 4", [random([B, T, F, 1])], "ERR_SHAPE", "inputs"],
  ["rank 1", [[1, 2, 3]], "ERR_SHAPE", "inputs"],
  ["an empty array", [[]], "ERR_SHAPE", "inputs"],
  ["other features than built for", [random([B, T, F + 1])], "ERR_SHAPE", "inputs"],
  ["0 features where there were some", [tensor(new Float32Array(0), [B, T, 0])], "ERR_SHAPE", "inputs"],
  ["0 timesteps", [tensor(new Float32Array(0), [B, 0, F])], "ERR_SHAPE", "inputs"],
  ["0 timesteps of batch 0", [tensor(new Float32Array(0), [0, 0, F])], "ERR_SHAPE", "inputs"],
  ["data shorter than its shape", [{ data: data.subarray(1), shape }], "ERR_SHAPE", "inputs.data"],
  ["data longer than its shape", [{ data: new Float32Array(data.length + 1), shape }], "ERR_SHAPE", "inputs.data"],
  [
    "a tensor whose shape was changed",
    [Object.assign(random(shape), { shape: [B, T + 1, F] })],
    "ERR_SHAPE",
    "inputs.data",
  ],
  [
    "ragged rows",
    [
      [
        [
          [1, 2, 3, 4],
          [1, 2, 3],
        ],
      ],
    ],
    "ERR_SHAPE",
    "inputs",
  ],
  ["ragged steps", [[[[1, 2, 3, 4]], []]], "ERR_SHAPE", "inputs"],
  ["a cycle of arrays", [cyclic], "ERR_SHAPE", "inputs"],
  ["strings", [[[["1", "2", "3", "4"]]]], "ERR_DTYPE", "inputs"],
  ["nested booleans", [[[[true, true, true, true]]]], "ERR_DTYPE", "inputs"],
  ["nested BigInts", [[[[1n, 2n, 3n, 4n]]]], "ERR_DTYPE", "inputs"],
  ["BigInt data", [{ data: new BigInt64Array(B * T * F), shape }], "ERR_DTYPE", "inputs.data"],
  [
    "int64 of onnxruntime",
    [{ data: new BigUint64Array(4), dims: [1, 1, 4], type: "uint64" }],
    "ERR_DTYPE",
    "inputs.data",
  ],
  ["float32 data said to be bits", [{ data, shape, dtype: "bfloat16" }], "ERR_DTYPE", "inputs.dtype"],
  ["a detached buffer", [{ data: detach(data.slice()), shape }], "ERR_ARGUMENT", "inputs.data"],
  ["a product that overflows", [{ data, shape: [2 ** 30, 2 ** 30, 2 ** 30] }], "ERR_SHAPE", "inputs"],
  ["a product that overflows before a 0", [{ data, shape: [2 ** 30, 2 ** 30, 0] }], "ERR_SHAPE", "inputs.data"],
  ["a size of 2^31", [{ data, shape: [2 ** 31, 1, F] }], "ERR_SHAPE", "inputs.shape[0]"],
  ["a negative size", [{ data, shape: [-B, -T, F] }], "ERR_SHAPE", "inputs.shape[0]"],
  ["a fractional size", [{ data, shape: [1.5, 4, F] }], "ERR_SHAPE", "inputs.shape[0]"],
  ["a size that is a string", [{ data, shape: [B, T, "4"] }], "ERR_SHAPE", "inputs.shape[2]"],
  ["NaN in a shape", [{ data, shape: [B, Number.NaN, F] }], "ERR_SHAPE", "inputs.shape[1]"],
  ["no shape", [{ data }], "ERR_SHAPE", "inputs.shape"],
  ["a bare typed array", [data], "ERR_ARGUMENT", "inputs"],
  ["null", [null], "ERR_ARGUMENT", "inputs"],
  ["undefined", [undefined], "ERR_ARGUMENT", "inputs"],
  ["a number", [3], "ERR_ARGUMENT", "inputs"],
  ["a string", ["inputs"], "ERR_ARGUMENT", "inputs"],
  ["a promise", [Promise.resolve(inputs)], "ERR_ARGUMENT", "inputs"],
  ["a tfjs tensor", [{ shape, data: () => data }], "ERR_ARGUMENT", "inputs.data"],

  ["arguments that are no object", [inputs, 3], "ERR_ARGUMENT", "arguments of the call"],
  ["arguments in an array", [inputs, [true]], "ERR_ARGUMENT", "arguments of the call"],
  ["an unknown argument", [inputs, { zzz: 1 }], "ERR_ARGUMENT", "zzz"],
  ["a misspelled argument", [inputs, { initialState: null }], "ERR_ARGUMENT", "initialState"],

  ["training that is a number", [inputs, { training: 1 }], "ERR_ARGUMENT", "training"],
  ["training that is a string", [inputs, { training: "false" }], "ERR_ARGUMENT", "training"],

  ["a mask of another batch", [inputs, { mask: tensor(new Uint8Array(3 * T), [3, T]) }], "ERR_SHAPE", "mask"],
  ["a mask of other timesteps", [inputs, { mask: tensor(new Uint8Array(B * 4), [B, 4]) }], "ERR_SHAPE", "mask"],
  ["a mask of rank 1", [inputs, { mask: [true, false] }], "ERR_SHAPE", "mask"],
  ["a mask for each feature", [inputs, { mask: tensor(new Uint8Array(B * T * F), shape) }], "ERR_SHAPE", "mask"],
  ["a ragged mask", [inputs, { mask: [[true, true, true], [true]] }], "ERR_SHAPE", "mask"],
  [
    "nested numbers as a mask",
    [
      inputs,
      {
        mask: [
          [1, 1, 1],
          [1, 0, 0],
        ],
      },
    ],
    "ERR_DTYPE",
    "mask",
  ],
  ["a BigInt mask", [inputs, { mask: { data: new BigInt64Array(6), shape: [B, T] } }], "ERR_DTYPE", "mask.data"],
  [
    "a mask shorter than its shape",
    [inputs, { mask: { data: new Uint8Array(5), shape: [B, T] } }],
    "ERR_SHAPE",
    "mask.data",
  ],
  [
    "a detached mask",
    [inputs, { mask: { data: detach(new Uint8Array(6)), shape: [B, T] } }],
    "ERR_ARGUMENT",
    "mask.data",
  ],
  ["a mask that is true", [inputs, { mask: true }], "ERR_ARGUMENT", "mask"],

  ["too few lengths", [inputs, { lengths: [1] }], "ERR_SHAPE", "lengths"],
  ["too many lengths", [inputs, { lengths: Int32Array.of(1, 2, 3) }], "ERR_SHAPE", "lengths"],
  ["a length beyond the timesteps", [inputs, { lengths: [1, T + 1] }], "ERR_ARGUMENT", "lengths[1]"],
  ["a negative length", [inputs, { lengths: Int32Array.of(-1, 1) }], "ERR_ARGUMENT", "lengths[0]"],
  ["a fractional length", [inputs, { lengths: [1.5, 1] }], "ERR_ARGUMENT", "lengths[0]"],
  ["a length that is a boolean", [inputs, { lengths: [true, 1] }], "ERR_ARGUMENT", "lengths[0]"],
  ["detached lengths", [inputs, { lengths: detach(new Int32Array(2)) }], "ERR_ARGUMENT", "lengths"],
  ["lengths in a Float32Array", [inputs, { lengths: Float32Array.of(1, 2) }], "ERR_ARGUMENT", "lengths"],
  [
    "mask and lengths",
    [inputs, { mask: tensor(new Uint8Array(6), [B, T]), lengths: [1, 1] }],
    "ERR_ARGUMENT",
    "lengths",
  ],

  ["a state of another batch", [inputs, { initial_state: random([B + 1, U]) }], "ERR_SHAPE", "initial_state"],
  ["a state of other units", [inputs, { initial_state: random([B, U + 1]) }], "ERR_SHAPE", "initial_state"],
  ["a state of rank 3", [inputs, { initial_state: random([B, 1, U]) }], "ERR_SHAPE", "initial_state"],
  ["a state of rank 1", [inputs, { initial_state: [1, 2, 3] }], "ERR_SHAPE", "initial_state"],
  ["a bare state of another length", [inputs, { initial_state: new Float32Array(U) }], "ERR_SHAPE", "initial_state"],
  ["two states", [inputs, { initial_state: [random([B, U]), random([B, U])] }], "ERR_ARGUMENT", "initial_state"],
  ["a BigInt state", [inputs, { initial_state: new BigInt64Array(B * U) }], "ERR_DTYPE", "initial_state"],
  ["a detached state", [inputs, { initial_state: detach(new Float32Array(B * U)) }], "ERR_ARGUMENT", "initial_state"],
  ["a state that is a number", [inputs, { initial_state: 0 }], "ERR_ARGUMENT", "initial_state"],

  ["out of another shape", [inputs, { out: tensor(new Float32Array(B * U), [U, B]) }], "ERR_SHAPE", "out"],
  ["out of another length", [inputs, { out: new Float32Array(B * U + 1) }], "ERR_SHAPE", "out"],
  ["out of another dtype", [inputs, { out: new Float64Array(B * U) }], "ERR_DTYPE", "out"],
  ["an out tensor of another dtype", [inputs, { out: tensor(new Int32Array(B * U), [B, U]) }], "ERR_DTYPE", "out"],
  ["detached out", [inputs, { out: detach(new Float32Array(B * U)) }], "ERR_ARGUMENT", "out"],
  ["out that is a list without return_state", [inputs, { out: [new Float32Array(B * U)] }], "ERR_ARGUMENT", "out"],
  [
    "out that is strided",
    [inputs, { out: { data: new Float32Array(99), shape: [B, U], stride: [U + 1, 1], offset: 0 } }],
    "ERR_ARGUMENT",
    "out",
  ],
  ["out that is true", [inputs, { out: true }], "ERR_ARGUMENT", "out"],
];

type LooseCall = (inputs: unknown, args?: unknown) => ReturnType<GRU["call"]>;
type LooseCallAsync = (inputs: unknown, args?: unknown) => ReturnType<GRU["callAsync"]>;

function loose(gru: GRU): { call: LooseCall; callAsync: LooseCallAsync } {
  return { call: gru.call.bind(gru) as LooseCall, callAsync: gru.callAsync.bind(gru) as LooseCallAsync };
}

/** A layer with everything that a failed call could disturb: states, a dropout generator, losses. */
function busyLayer(): GRU {
  const gru = layer(U, F, {
    name: "busy",
    stateful: true,
    dropout: 0.5,
    recurrent_dropout: 0.25,
    seed: 4,
    activity_regularizer: "l2",
    kernel_regularizer: "l1",
  });
  gru.call(inputs, { training: true });
  return gru;
}

const gru = busyLayer();
const before = stateOf(gru);

describe("a bad call is refused", () => {
  it.each(refused)("%s", async (_what, values, code, name) => {
    const error = expectError(() => loose(gru).call(...values), code, /^Expected .* but received /s);
    expect(error.message).toContain(`\`${name}\``);
    const rejection = await expectRejection(() => loose(gru).callAsync(...values), code);
    expect(rejection.message).toContain(`\`${name}\``);
    expect(stateOf(gru)).toEqual(before);
  });

  it("and leaves weights, states, losses, the generator and the next results as they were", async () => {
    const other = busyLayer();
    expect(stateOf(gru)).toEqual(stateOf(other));
    for (let i = 0; i < 3; i++) {
      expect(gru.call(inputs, { training: true })).toEqual(other.call(inputs, { training: true }));
    }
    expect(await gru.callAsync(inputs, { training: true })).toEqual(await other.callAsync(inputs, { training: true }));
    expect(stateOf(gru)).toEqual(stateOf(other));
  });

  it("and leaves a layer that is not built as it was", () => {
    const fresh = new GRU(U);
    for (const [what, values] of refused) {
      if (/features/.test(what)) continue;
      expect(() => loose(fresh).call(...values), what).toThrow();
      expect(fresh.built, what).toBe(false);
    }
  });
});

describe("what only callAsync takes", () => {
  it.each([
    ["signal", { signal: {} }, "signal"],
    ["signal: true", { signal: true }, "signal"],
    ["transfer: 1", { transfer: 1 }, "transfer"],
    ["an unknown argument", { singal: null }, "singal"],
  ])("is checked: %s", async (_what, args, name) => {
    const error = await expectRejection(() => loose(gru).callAsync(inputs, args), "ERR_ARGUMENT");
    expect(error.message).toContain(`\`${name}\``);
  });

  it("is unknown to call", () => {
    const { signal } = new AbortController();
    expectError(() => loose(gru).call(inputs, { signal }), "ERR_ARGUMENT", /`signal`/);
    expectError(() => loose(gru).call(inputs, { transfer: true }), "ERR_ARGUMENT", /`transfer`/);
  });
});

describe("with return_state", () => {
  const both = layer(U, F, { return_state: true });

  it.each([
    ["one tensor", new Float32Array(B * U), "ERR_ARGUMENT"],
    ["one of two", [new Float32Array(B * U)], "ERR_ARGUMENT"],
    ["a bad second", [new Float32Array(B * U), new Float32Array(1)], "ERR_SHAPE"],
    ["a missing second", [new Float32Array(B * U), null], "ERR_ARGUMENT"],
  ] as const)("out must be [output, state]: %s", (_what, out, code) => {
    expectError(() => loose(both).call(inputs, { out }), code, /`out/);
  });

  it("the two must not overlap", () => {
    const memory = new Float32Array(2 * B * U);
    const out = [memory.subarray(0, B * U), memory.subarray(1, B * U + 1)];
    expectError(() => loose(both).call(inputs, { out }), "ERR_ARGUMENT", /`out`/);
    const adjacent = [memory.subarray(0, B * U), memory.subarray(B * U)];
    expect(loose(both).call(inputs, { out: adjacent })).toHaveLength(2);
  });
});

describe("objects with code of their own", () => {
  it("may call the layer while they are read", () => {
    const reentrant = layer(U, F, { stateful: true });
    const plain = layer(U, F, { stateful: true });
    plain.call(inputs);
    const wanted = outputOf(plain.call(inputs));
    const value = {
      shape,
      get data() {
        reentrant.call(inputs);
        return data;
      },
    };
    expect(outputOf(reentrant.call(value))).toEqual(wanted);
  });

  it("cannot use a layer that they disposed or built otherwise", async () => {
    const meddle = (action: (gru: GRU) => void) => {
      const gru = new GRU(U);
      const value = {
        shape,
        get data() {
          action(gru);
          return data;
        },
      };
      return { gru, value };
    };
    const disposed = meddle((gru) => gru.dispose());
    expectError(() => disposed.gru.call(disposed.value), "ERR_DISPOSED");
    const built = meddle((gru) => gru.build([null, null, F + 1]));
    expectError(() => built.gru.call(built.value), "ERR_SHAPE", /`inputs`/);
    const later = meddle((gru) => gru.dispose());
    await expectRejection(() => later.gru.callAsync(later.value), "ERR_DISPOSED");
  });

  it("cannot pass off one kind of data as another", () => {
    const gru = layer(U, F);
    const wrong = new Tensor(new Float64Array(data), shape, "float32");
    expectError(() => gru.call(wrong), "ERR_DTYPE", /inputs\.dtype/);
    expectError(() => gru.call(new Tensor({} as never, shape, "float32")), "ERR_DTYPE", /inputs\.data/);
  });

  it("cannot make a call read memory that they took away", async () => {
    for (const gru of [layer(U, F), layer(U, F, { dropout: 0.5, seed: 1 })]) {
      const own = data.slice();
      const args = {
        get training() {
          if (own.length > 0) structuredClone(own.buffer, { transfer: [own.buffer] });
          return true;
        },
      };
      expect(() => gru.call({ data: own, shape }, args)).toThrow(expect.objectContaining({ name: "GRUError" }));
      const other = data.slice();
      const taking = {
        get training() {
          structuredClone(other.buffer, { transfer: [other.buffer] });
          return true;
        },
      };
      await expect(gru.callAsync({ data: other, shape }, taking)).rejects.toMatchObject({ name: "GRUError" });
    }
  });
});

describe("results too large for memory", () => {
  it("are an error, not a crash", async () => {
    const wide = layer(1024, 0);
    const huge = tensor(new Float32Array(0), [2 ** 31 - 1, 2 ** 21, 0]);
    expectError(() => wide.call(huge), "ERR_OUT_OF_MEMORY");
    await expectRejection(() => wide.callAsync(huge), "ERR_OUT_OF_MEMORY");
    const sequences = layer(1024, 0, { return_sequences: true });
    expectError(() => sequences.call(huge), "ERR_SHAPE");
  });
});
