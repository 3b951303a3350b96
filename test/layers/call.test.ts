import { GRU, Tensor, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { layer, outputOf, random, stateOf } from "./support.js";

const B = 3;
const T = 5;
const F = 4;
const U = 6;

function both(gru: GRU, inputs: Parameters<GRU["call"]>[0], args?: Parameters<GRU["call"]>[1]): [Tensor, Tensor] {
  return gru.call(inputs, args) as [Tensor, Tensor];
}

describe("inputs", () => {
  const gru = layer(U, F);
  const inputs = random([B, T, F]);
  const wanted = outputOf(gru.call(inputs));

  it("gives a float32 tensor of shape (batch, units)", () => {
    expect(wanted).toBeInstanceOf(Tensor);
    expect([wanted.shape, wanted.dtype, wanted.data.length]).toEqual([[B, U], "float32", B * U]);
  });

  it.each([
    ["{ data, shape }", { data: inputs.data, shape: [B, T, F] }],
    ["{ data, dims, type }", { data: inputs.data, dims: [B, T, F], type: "float32" }],
    ["nested arrays", inputs.toArray() as number[][][]],
    ["float64 data", { data: new Float64Array(inputs.data), shape: [B, T, F] }],
    [
      "strides and an offset",
      { data: Float32Array.of(9, ...inputs.data), shape: [B, T, F], stride: [T * F, F, 1], offset: 1 },
    ],
    ["memory that threads share", { data: shared(inputs.data), shape: [B, T, F] }],
  ])("takes %s", (_form, form) => {
    expect(outputOf(gru.call(form))).toEqual(wanted);
  });

  it("converts integers and bools", () => {
    const ones = outputOf(gru.call(tensor(new Float32Array(T * F).fill(1), [1, T, F])));
    for (const data of [new Int32Array(T * F), new Uint8Array(T * F), new Int8Array(T * F), new Uint16Array(T * F)]) {
      expect(outputOf(gru.call({ data: data.fill(1), shape: [1, T, F] }))).toEqual(ones);
    }
    expect(outputOf(gru.call({ data: new Uint8Array(T * F).fill(1), shape: [1, T, F], dtype: "bool" }))).toEqual(ones);
  });

  it("leaves the inputs as they were", () => {
    const data = inputs.data.slice();
    gru.call({ data, shape: [B, T, F] });
    expect(data).toEqual(inputs.data);
  });

  it("computes in float64 for a float64 layer", () => {
    const double = outputOf(layer(U, F, { dtype: "float64" }).call(inputs));
    expect(double.dtype).toBe("float64");
    expect(double.data).toBeInstanceOf(Float64Array);
    double.data.forEach((value, index) => {
      expect(value).toBeCloseTo(wanted.data[index] as number, 5);
    });
  });

  it("refuses another float dtype with autocast: false", () => {
    const strict = layer(U, F, { autocast: false });
    expect(() => strict.call({ data: new Float64Array(inputs.data), shape: [B, T, F] })).toThrow(/autocast/);
    expect(outputOf(strict.call(inputs))).toEqual(wanted);
  });

  it("builds a layer that is not built, from the inputs' features", () => {
    const fresh = new GRU(U);
    expect(fresh.built).toBe(false);
    fresh.call(inputs);
    expect(fresh.built).toBe(true);
    expect(fresh.kernel.shape).toEqual([F, 3 * U]);
  });
});

function shared(data: Float32Array): Float32Array {
  const memory = new Float32Array(new SharedArrayBuffer(data.byteLength));
  memory.set(data);
  return memory;
}

describe("empty sizes", () => {
  it("batch 0 gives empty results of the right shapes", () => {
    const gru = layer(U, F, { return_sequences: true, return_state: true, activity_regularizer: "l2" });
    const [output, state] = both(gru, tensor(new Float32Array(0), [0, T, F]));
    expect([output.shape, output.data.length, state.shape, state.data.length]).toEqual([[0, T, U], 0, [0, U], 0]);
    expect(gru.losses).toEqual([0, 0]);
  });

  it("batch 0 works with a mask, lengths, a state, out and asynchronously", async () => {
    const gru = layer(U, F);
    const inputs = tensor(new Float32Array(0), [0, T, F]);
    const mask = tensor(new Uint8Array(0), [0, T], "bool");
    const initial_state = tensor(new Float32Array(0), [0, U]);
    expect(outputOf(gru.call(inputs, { mask, initial_state })).shape).toEqual([0, U]);
    expect(outputOf(gru.call(inputs, { lengths: [] })).shape).toEqual([0, U]);
    expect(outputOf(await gru.callAsync(inputs, { mask, initial_state, out: new Float32Array(0) })).shape).toEqual([
      0,
      U,
    ]);
  });

  it("0 features leave the biases and the state", () => {
    const gru = layer(U, 0);
    const state = random([1, U], 5);
    const output = outputOf(gru.call(tensor(new Float32Array(0), [1, 2, 0]), { initial_state: state }));
    expect(output.shape).toEqual([1, U]);
    expect(output.data.some((value, index) => value !== state.data[index])).toBe(true);
  });
});

describe("masks", () => {
  const gru = layer(U, F, { return_sequences: true, return_state: true });
  const inputs = random([B, T, F]);
  const rows = [
    [true, true, true, false, false],
    [true, true, true, true, true],
    [false, false, false, false, false],
  ];
  const flat = rows.flat().map(Number);
  const wanted = both(gru, inputs, { mask: rows });

  it.each([
    ["a bool tensor", tensor(rows)],
    ["bytes other than 1", { data: Uint8Array.from(flat, (one) => one * 200), shape: [B, T] }],
    ["float32", { data: Float32Array.from(flat, (one) => one * -0.5), shape: [B, T] }],
    ["int32, (batch, timesteps, 1)", { data: Int32Array.from(flat), shape: [B, T, 1] }],
    ["nested booleans, (batch, timesteps, 1)", rows.map((row) => row.map((one) => [one]))],
    ["shared memory", { data: bytes(flat), shape: [B, T] }],
  ])("takes %s", (_form, mask) => {
    expect(both(gru, inputs, { mask })).toEqual(wanted);
  });

  it("takes lengths in place of a right-padded mask", () => {
    expect(both(gru, inputs, { lengths: [3, 5, 0] })).toEqual(wanted);
    expect(both(gru, inputs, { lengths: Int32Array.of(3, 5, 0) })).toEqual(wanted);
  });

  it("repeats the output and carries the state over masked steps", () => {
    const [output, state] = wanted;
    const at = (row: number, step: number) => [...output.data.slice((row * T + step) * U, (row * T + step + 1) * U)];
    expect(at(0, 4)).toEqual(at(0, 2));
    expect([...state.data.slice(0, U)]).toEqual(at(0, 2));
    expect(at(2, 4)).toEqual(new Array(U).fill(0));
    expect([...state.data.slice(2 * U)]).toEqual(new Array(U).fill(0));
  });

  it("a fully masked row keeps the initial state, with a zero output", () => {
    const initial_state = random([B, U], 9);
    const [output, state] = both(gru, inputs, { mask: rows, initial_state });
    expect([...output.data.slice(2 * T * U)]).toEqual(new Array(T * U).fill(0));
    expect(state.data.slice(2 * U)).toEqual(initial_state.data.slice(2 * U));
  });

  it("gives zeros at masked steps with zero_output_for_mask", () => {
    const zeroing = layer(U, F, { return_sequences: true, zero_output_for_mask: true });
    const output = outputOf(zeroing.call(inputs, { mask: rows }));
    expect([...output.data.slice(3 * U, 5 * U)]).toEqual(new Array(2 * U).fill(0));
  });
});

function bytes(values: number[]): Uint8Array {
  const memory = new Uint8Array(new SharedArrayBuffer(values.length));
  memory.set(values);
  return memory;
}

describe("initial_state", () => {
  const gru = layer(U, F);
  const inputs = random([B, T, F]);
  const state = random([B, U], 3);
  const wanted = outputOf(gru.call(inputs, { initial_state: state }));

  it("matters", () => {
    expect(outputOf(gru.call(inputs)).data).not.toEqual(wanted.data);
  });

  it.each([
    ["a list of one tensor", [state]],
    ["a bare typed array", state.data],
    ["a list of one typed array", [state.data]],
    ["nested arrays", state.toArray() as number[][]],
    ["a list of nested arrays", [state.toArray() as number[][]]],
    ["float64", new Float64Array(state.data)],
    ["rows of typed arrays", [0, 1, 2].map((row) => state.data.slice(row * U, (row + 1) * U))],
  ])("takes %s", (_form, initial_state) => {
    expect(outputOf(gru.call(inputs, { initial_state } as never))).toEqual(wanted);
  });

  it("takes a list of one row of nested numbers as batch 1", () => {
    const one = tensor(inputs.data.slice(0, T * F), [1, T, F]);
    const row = [...state.data.slice(0, U)];
    expect(outputOf(gru.call(one, { initial_state: [row] })).data).toEqual(wanted.data.slice(0, U));
  });

  it("takes what getInitialState gives, which is zeros", () => {
    expect(gru.getInitialState(B)[0].shape).toEqual([B, U]);
    expect(outputOf(gru.call(inputs, { initial_state: gru.getInitialState(B) }))).toEqual(outputOf(gru.call(inputs)));
  });
});

describe("out", () => {
  const inputs = random([B, T, F]);

  it("takes a tensor, which is then the result", () => {
    const gru = layer(U, F);
    const out = tensor(new Float32Array(B * U), [B, U]);
    expect(gru.call(inputs, { out })).toBe(out);
    expect(out).toEqual(gru.call(inputs));
  });

  it("takes a typed array", () => {
    const gru = layer(U, F);
    const out = new Float32Array(B * U);
    expect(outputOf(gru.call(inputs, { out })).data).toBe(out);
    expect(out).toEqual(outputOf(gru.call(inputs)).data);
  });

  it("takes a view into the middle of a larger array", () => {
    const gru = layer(U, F);
    const whole = new Float32Array(B * U + 8);
    gru.call(inputs, { out: { data: whole.subarray(4, 4 + B * U), dims: [B, U] } });
    expect(whole.slice(4, 4 + B * U)).toEqual(outputOf(gru.call(inputs)).data);
    expect([...whole.slice(0, 4), ...whole.slice(-4)]).toEqual(new Array(8).fill(0));
  });

  it("takes [output, state] with return_state", () => {
    const gru = layer(U, F, { return_sequences: true, return_state: true });
    const wanted = both(gru, inputs);
    const out = [new Float32Array(B * T * U), tensor(new Float32Array(B * U), [B, U])] as const;
    const [output, state] = both(gru, inputs, { out });
    expect([output.data, state]).toEqual([wanted[0].data, wanted[1]]);
    expect(output.data).toBe(out[0]);
    expect(state).toBe(out[1]);
  });

  it("may overlap what the call reads", () => {
    const gru = layer(F, F, { return_sequences: true });
    const square = random([B, T, F]);
    const wanted = outputOf(gru.call(square)).data.slice();
    const inPlace = tensor(square.data.slice(), [B, T, F]);
    expect(outputOf(gru.call(inPlace, { out: inPlace })).data).toEqual(wanted);

    const carried = layer(U, F);
    const state = random([B, U], 3);
    const fromState = outputOf(carried.call(inputs, { initial_state: state })).data;
    const memory = tensor(state.data.slice(), [B, U]);
    expect(outputOf(carried.call(inputs, { initial_state: memory, out: memory })).data).toEqual(fromState);
  });

  it("may lie in shared memory", () => {
    const gru = layer(U, F);
    const out = new Float32Array(new SharedArrayBuffer(B * U * 4));
    gru.call(inputs, { out });
    expect([...out]).toEqual([...outputOf(gru.call(inputs)).data]);
  });
});

describe("arguments that are not given", () => {
  it("may be null or undefined", () => {
    const gru = layer(U, F);
    const inputs = random([B, T, F]);
    const wanted = gru.call(inputs);
    const nothing = { mask: null, lengths: undefined, training: null, initial_state: null, out: null };
    expect(gru.call(inputs, nothing)).toEqual(wanted);
    expect(gru.call(inputs, null)).toEqual(wanted);
  });
});

describe("unroll", () => {
  it("gives the same numbers", () => {
    const inputs = random([B, T, F]);
    expect(layer(U, F, { unroll: true }).call(inputs)).toEqual(layer(U, F).call(inputs));
  });
});

describe("losses", () => {
  const inputs = random([B, T, F]);
  const squares = (data: ArrayLike<number>) => Array.from(data).reduce((sum, value) => sum + value ** 2, 0);

  it("are those of the returned tensors by the batch size, then those of the weights", () => {
    const gru = layer(U, F, {
      return_state: true,
      return_sequences: true,
      activity_regularizer: "l2",
      kernel_regularizer: "l2",
      bias_regularizer: "l2",
    });
    expect(gru.losses).toHaveLength(2);
    const [output, state] = both(gru, inputs);
    const wanted = [
      squares(output.data) / B,
      squares(state.data) / B,
      squares(gru.kernel.value.data),
      squares(gru.bias?.value.data ?? []),
    ].map((sum) => sum * 0.01);
    gru.losses.forEach((loss, index) => {
      expect(loss).toBeCloseTo(wanted[index] as number, 7);
    });
    gru.call(inputs);
    expect(gru.losses).toHaveLength(4);
  });

  it("follow the weights", () => {
    const gru = layer(U, F, { kernel_regularizer: "l2" });
    const before = gru.losses[0] as number;
    gru.kernel.assign(gru.kernel.value.data.map((value) => 2 * value));
    expect(gru.losses[0]).toBeCloseTo(4 * before, 6);
  });

  it("leave out the weights when trainable is false", () => {
    const gru = layer(U, F, { kernel_regularizer: "l2", activity_regularizer: "l1", trainable: false });
    gru.call(inputs);
    expect(gru.losses).toHaveLength(1);
    gru.trainable = true;
    expect(gru.losses).toHaveLength(2);
  });

  it("are replaced by an asynchronous call when it settles", async () => {
    const gru = layer(U, F, { activity_regularizer: "l2" });
    await gru.callAsync(inputs);
    const { losses } = gru;
    gru.call(inputs);
    expect(gru.losses).toEqual(losses);
    expect(stateOf(gru)).toMatchObject({ losses });
  });
});
