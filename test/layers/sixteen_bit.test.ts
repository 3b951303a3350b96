import { GRU, type GRUArguments, initializers, type StateLike, type Tensor, type TensorLike, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { numbersOf } from "../golden/reader.js";
import { bitsOf, numberOf } from "../golden/sixteen_bit.js";
import { count, expectError, expectRejection, layer, numbers, outputOf, random, stateOf } from "./support.js";

const POLICIES = [
  ["float16", "float16", "float16"],
  ["bfloat16", "bfloat16", "bfloat16"],
  ["mixed_float16", "float16", "float32"],
  ["mixed_bfloat16", "bfloat16", "float32"],
] as const;
const B = 2;
const T = 3;
const F = 4;
const U = 5;
const shape = [B, T, F];

/** Numbers, and their bits in `dtype`. */
function given(dtype: "float16" | "bfloat16", dims: number[], seed = 3) {
  const bits = Uint16Array.from(numbers(count(dims), seed), (value) => bitsOf(value, dtype));
  return { bits, exact: Float32Array.from(bits, (one) => numberOf(one, dtype)) };
}

function outputs(gru: GRU, ...args: Parameters<GRU["call"]>): Tensor[] {
  const result = gru.call(...args);
  return Array.isArray(result) ? result : [result];
}

describe.each(POLICIES)("%s", (dtype, compute, variable) => {
  const { bits, exact } = given(compute, shape);
  const make = (args: GRUArguments = {}) => layer(U, F, { dtype, return_sequences: true, return_state: true, ...args });

  it("inputs come in any form, with one result", () => {
    const gru = make();
    const wanted = outputs(gru, { data: bits, shape, dtype: compute });
    expect(wanted.map((one) => [one.dtype, one.data.constructor, one.shape])).toEqual([
      [compute, Uint16Array, [B, T, U]],
      [compute, Uint16Array, [B, U]],
    ]);
    const strided = new Uint16Array(2 * bits.length).fill(0x7c01);
    bits.forEach((one, index) => {
      strided[2 * index] = one;
    });
    const shared = new Uint16Array(new SharedArrayBuffer(bits.byteLength));
    shared.set(bits);
    const forms: TensorLike[] = [
      { data: bits, dims: shape, type: compute },
      tensor(bits, shape, compute),
      { data: shared, shape, dtype: compute },
      { data: strided, shape, dtype: compute, stride: [2 * T * F, 2 * F, 2], offset: 0 },
      { data: exact, shape },
      { data: Float64Array.from(exact), shape },
      tensor(exact, shape).toArray() as number[][][],
    ];
    for (const form of forms) expect(outputs(gru, form)).toEqual(wanted);
    // Rounded as Keras's autocast does.
    const between = Float32Array.from(exact, (value) => value * (1 + 2 ** -13));
    const rounded = Uint16Array.from(between, (value) => bitsOf(value, compute));
    expect(outputs(gru, { data: between, shape })).toEqual(outputs(gru, { data: rounded, shape, dtype: compute }));
    const integers = Int32Array.from(exact, (_, index) => index * 1000);
    const integerBits = Uint16Array.from(integers, (value) => bitsOf(value, compute));
    expect(outputs(gru, { data: integers, shape })).toEqual(outputs(gru, { data: integerBits, shape, dtype: compute }));
    expect(outputs(gru, { data: Uint16Array.from(integers), shape, dtype: "uint16" })).toEqual(
      outputs(gru, {
        data: Uint16Array.from(integers, (value) => bitsOf(value & 0xffff, compute)),
        shape,
        dtype: compute,
      }),
    );
  });

  it("a Uint16Array must say whether it holds bits or numbers", () => {
    const gru = make({ stateful: true });
    const before = stateOf(gru);
    expectError(() => gru.call({ data: bits, shape }), "ERR_DTYPE", /holds bits.*`inputs\.dtype`/);
    const state = { data: new Uint16Array(B * U), shape: [B, U] };
    const inputs = tensor(bits, shape, compute);
    expectError(() => gru.call(inputs, { initial_state: state }), "ERR_DTYPE", /`initial_state\.dtype`/);
    expectError(() => gru.resetState(state), "ERR_DTYPE", /`state\.dtype`/);
    if (variable !== "float32") {
      const kernel = { data: new Uint16Array(F * 3 * U), shape: [F, 3 * U] };
      expectError(() => gru.kernel.assign(kernel), "ERR_DTYPE", /`kernel\.dtype`/);
    }
    expect(stateOf(gru)).toEqual(before);
  });

  it("results are the numbers of their bits", () => {
    const [whole] = outputs(make(), tensor(bits, shape, compute)) as [Tensor];
    const flat = (whole.toArray() as number[][][]).flat(2);
    expect(flat).toEqual(Array.from(numbersOf(whole)));
    expect(flat.every((value) => Math.abs(value) < 1)).toBe(true);
  });

  it("out is bits: bare, in a tensor, in an object, shared", () => {
    const gru = make();
    const inputs = tensor(bits, shape, compute);
    const wanted = outputs(gru, inputs);
    const counts = [B * T * U, B * U] as const;
    const shapes = [
      [B, T, U],
      [B, U],
    ] as const;
    const bare = () => counts.map((size) => new Uint16Array(size)) as [Uint16Array, Uint16Array];
    for (const wrap of [
      (data: Uint16Array) => data,
      (data: Uint16Array, dims: readonly number[]) => tensor(data, dims, compute),
      (data: Uint16Array, dims: readonly number[]) => ({ data, shape: dims }),
      (data: Uint16Array, dims: readonly number[]) => ({ data, dims, type: compute }),
    ]) {
      const arrays = bare();
      const out = [wrap(arrays[0], shapes[0]), wrap(arrays[1], shapes[1])] as const;
      expect(outputs(gru, inputs, { out } as never)).toEqual(wanted);
      expect(arrays).toEqual(wanted.map(({ data }) => data));
    }
    const shared = counts.map((size) => new Uint16Array(new SharedArrayBuffer(2 * size)));
    gru.call(inputs, { out: shared } as never);
    expect(shared.map((data) => [...data])).toEqual(wanted.map(({ data }) => [...data]));
    for (const bad of [
      new Float32Array(counts[0]),
      new Int16Array(counts[0]),
      { data: new Uint16Array(counts[0]), shape: shapes[0], dtype: "uint16" },
      { data: new Uint16Array(counts[0]), shape: shapes[0], dtype: compute === "float16" ? "bfloat16" : "float16" },
      tensor(new Float32Array(counts[0]), shapes[0]),
    ]) {
      expectError(() => gru.call(inputs, { out: [bad, bare()[1]] } as never), "ERR_DTYPE", /`out\[0\]/);
    }
  });

  it("out may be the inputs, or lie over a part of them", () => {
    const square = layer(F, F, { dtype, return_sequences: true });
    const [wanted] = outputs(square, tensor(bits, shape, compute)) as [Tensor];
    const memory = new Uint16Array(B * T * F + 1);
    for (const at of [0, 1]) {
      const out = memory.subarray(at, at + B * T * F);
      memory.set(bits);
      square.call(tensor(memory.subarray(0, B * T * F), shape, compute), { out });
      expect(out).toEqual(wanted.data);
    }
  });

  it("asynchronous calls have their own inputs, and leave or take the caller's", async () => {
    const gru = make();
    const wanted = outputs(gru, tensor(bits, shape, compute));
    let made = 0;
    class Sly extends Uint16Array {
      static get [Symbol.species]() {
        made += 1;
        return Uint16Array;
      }
    }
    const given = new Uint16Array(bits);
    const running = gru.callAsync({ data: given, shape, dtype: compute });
    given.fill(0);
    expect(await running).toEqual(wanted);
    const sly = new Sly(bits);
    expect(await gru.callAsync({ data: sly, shape, dtype: compute })).toEqual(wanted);
    expect(made).toBe(0);
    expect(await gru.callAsync({ data: sly, shape, dtype: compute }, { transfer: true })).toEqual(wanted);
    expect(sly.length).toBe(0);
  });

  it("initial states come in any form, rounded", () => {
    const gru = make();
    const inputs = tensor(bits, shape, compute);
    const start = given(compute, [B, U], 9);
    const wanted = outputs(gru, inputs, { initial_state: tensor(start.bits, [B, U], compute) });
    const forms: StateLike[] = [
      start.bits,
      start.exact,
      Float64Array.from(start.exact),
      { data: start.exact, shape: [B, U] },
      Float32Array.from(start.exact, (value) => value * (1 + 2 ** -14)),
    ];
    for (const initial_state of forms) expect(outputs(gru, inputs, { initial_state })).toEqual(wanted);
    expect(gru.getInitialState(2)).toEqual([tensor(new Uint16Array(2 * U), [2, U], compute)]);
  });

  it("stateful layers keep float32 states, rounded to the compute dtype", () => {
    const gru = make({ stateful: true });
    const inputs = tensor(bits, shape, compute);
    const [, state] = outputs(gru, inputs) as [Tensor, Tensor];
    const [kept] = gru.states as [Tensor];
    expect([kept.dtype, kept.data.constructor]).toEqual(["float32", Float32Array]);
    expect([...kept.data]).toEqual(Array.from(numbersOf(state)));
    const next = outputs(gru, inputs);
    expect(next).not.toEqual(outputs(make(), inputs));
    expect(next).toEqual(outputs(make(), inputs, { initial_state: state }));
    gru.resetState(Float32Array.from(kept.data, (value) => value * (1 + 2 ** -14)));
    expect((gru.states as [Tensor])[0].data).toEqual(kept.data);
    expect(outputs(gru, inputs)).toEqual(next);
    expectError(() => gru.call(random([B + 1, T, F])), "ERR_SHAPE");
    expectError(() => gru.resetState(new BigInt64Array(B * U) as never), "ERR_DTYPE");
    expect(outputs(gru, inputs)).not.toEqual(next);
  });

  it("weights are in the variable dtype, and computed with in the compute dtype", () => {
    const gru = make();
    const values = gru.weights.map((weight, index) => numbers(count(weight.shape), 50 + index));
    gru.setWeights(values);
    expect(gru.dtype).toBe(variable);
    gru.getWeights().forEach((weight, index) => {
      const wanted =
        variable === "float32"
          ? Float32Array.from(values[index] as Float64Array)
          : Uint16Array.from(values[index] as Float64Array, (value) => bitsOf(value, variable));
      expect(weight).toEqual(tensor(wanted, weight.shape, variable as never));
    });
    // Bits are taken as they are, bare or named, NaN and all; nothing else of the layer can tell.
    const plain = layer(U, F, { dtype: compute, return_sequences: true, return_state: true });
    plain.setWeights(values);
    const inputs = tensor(bits, shape, compute);
    expect(outputs(gru, inputs)).toEqual(outputs(plain, inputs));
    const exactBits = plain.getWeights().map(({ data }) => data as Uint16Array);
    const other = layer(U, F, { dtype: compute, return_sequences: true, return_state: true }, 99);
    other.setWeights(exactBits);
    expect(other.getWeights()).toEqual(plain.getWeights());
    other.setWeights(plain.getWeights());
    expect(outputs(other, inputs)).toEqual(outputs(plain, inputs));
    const float32 = make();
    float32.setWeights(plain.getWeights());
    expect(outputs(float32, inputs)).toEqual(outputs(plain, inputs));
  });

  it("a subclass of the caller's does not decide what copies are", () => {
    let made = 0;
    class Sly extends Uint16Array {
      static get [Symbol.species]() {
        made += 1;
        return Uint16Array;
      }
    }
    const gru = make();
    const inputs = { data: Sly.from(bits), shape, dtype: compute };
    made = 0;
    const mask = { data: Sly.from({ length: B * T }, () => 0x3c00), shape: [B, T], dtype: "float16" };
    made = 0;
    gru.call(inputs, { mask, initial_state: new Sly(B * U) });
    gru.setWeights(gru.weights.map((weight) => new Sly(count(weight.shape))));
    expect(made).toBe(0);
  });

  it("assign keeps the other weights and copies", () => {
    const gru = make();
    const before = gru.recurrent_kernel.value;
    const value = gru.kernel.value;
    value.data.fill(0);
    expect(gru.kernel.value).not.toEqual(value);
    gru.kernel.assign(value);
    expect(gru.kernel.value).toEqual(value);
    expect(gru.recurrent_kernel.value).toEqual(before);
    expectError(() => gru.kernel.assign(new Uint16Array(3)), "ERR_SHAPE");
    expectError(() => gru.setWeights([value, before, new BigInt64Array(6 * U) as never]), "ERR_DTYPE");
    expect(gru.kernel.value).toEqual(value);
  });

  it("initializers draw in float32 and round", () => {
    const args: GRUArguments = {
      kernel_initializer: new initializers.HeNormal({ seed: 4 }),
      recurrent_initializer: new initializers.Orthogonal({ seed: 5 }),
      bias_initializer: new initializers.RandomUniform({ seed: 6 }),
    };
    const weights = (policy: string) => {
      const gru = new GRU(U, { ...args, dtype: policy });
      gru.build([null, null, F]);
      return gru.getWeights();
    };
    const drawn = weights("float32");
    weights(dtype).forEach(({ data, dtype: kept }, index) => {
      const source = drawn[index]?.data as Float32Array;
      expect(kept).toBe(variable);
      expect([...data]).toEqual([
        ...(variable === "float32" ? source : source.map((value) => bitsOf(value, variable))),
      ]);
    });
  });

  it("losses are numbers of the dtype they are computed from", () => {
    const gru = make({ activity_regularizer: "l2", kernel_regularizer: "l1", bias_regularizer: "l2" });
    gru.call(tensor(bits, shape, compute));
    expect(gru.losses).toHaveLength(4);
    gru.losses.forEach((loss, index) => {
      const own = index < 2 ? compute : variable;
      expect(loss).toBeGreaterThan(0);
      expect(loss).toBe(own === "float32" ? loss : numberOf(bitsOf(loss, own), own));
    });
  });

  it("autocast: false takes the compute dtype and no other float", () => {
    const gru = make({ autocast: false });
    gru.call(tensor(bits, shape, compute));
    gru.call({ data: new Int8Array(B * T * F), shape });
    expectError(() => gru.call({ data: exact, shape }), "ERR_DTYPE", /autocast/);
    const other = compute === "float16" ? "bfloat16" : "float16";
    expectError(() => gru.call(tensor(bits, shape, other)), "ERR_DTYPE", /autocast/);
  });

  it("asynchronous calls give the same bits", async () => {
    const gru = make();
    const inputs = () => tensor(bits.slice(), shape, compute);
    const wanted = outputs(gru, inputs());
    expect(await gru.callAsync(inputs())).toEqual(wanted);
    const gone = inputs();
    expect(await gru.callAsync(gone, { transfer: true })).toEqual(wanted);
    expect(gone.data.length).toBe(0);
    const out = [new Uint16Array(B * T * U), new Uint16Array(B * U)] as const;
    await gru.callAsync(inputs(), { out: out as never });
    expect(out).toEqual(wanted.map(({ data }) => data));
    await expectRejection(() => gru.callAsync({ data: bits, shape }), "ERR_DTYPE");
  });

  it("dropout's multipliers are rounded, and a seed draws them again", () => {
    const draw = () => {
      const gru = make({ dropout: 0.4, recurrent_dropout: 0.3, seed: 8 });
      return [gru.call(tensor(bits, shape, compute), { training: true }), gru.call(tensor(bits, shape, compute))];
    };
    const [dropped, plain] = draw();
    expect(draw()).toEqual([dropped, plain]);
    expect(dropped).not.toEqual(plain);
  });

  it("a config travels both ways", () => {
    const gru = make();
    const again = GRU.fromConfig(JSON.parse(JSON.stringify(gru.getConfig())));
    expect([again.dtype, again.compute_dtype, again.getConfig()]).toEqual([variable, compute, gru.getConfig()]);
  });
});

describe("between dtypes", () => {
  it("a float32 layer takes 16-bit inputs and weights exactly", () => {
    const gru = layer(U, F);
    const { bits, exact } = given("bfloat16", shape);
    const wanted = gru.call(tensor(exact, shape));
    expect(gru.call(tensor(bits, shape, "bfloat16"))).toEqual(wanted);
    gru.setWeights(layer(U, F, { dtype: "bfloat16" }).getWeights());
    expect([...gru.kernel.value.data]).toEqual(Array.from(numbersOf(layer(U, F, { dtype: "bfloat16" }).kernel.value)));
    // Without a name, a Uint16Array holds numbers, as any other array of integers does.
    expect(gru.call({ data: bits, shape })).toEqual(gru.call({ data: Float32Array.from(bits), shape }));
  });

  it("a 16-bit mask is true where it is not zero, -0 included", () => {
    const gru = layer(U, F, { return_sequences: true });
    const inputs = random(shape);
    const mask = tensor(Uint16Array.of(0x3c00, 0x8000, 0x7e00, 0, 0x0001, 0xbc00), [B, T], "float16");
    expect(gru.call(inputs, { mask })).toEqual(
      gru.call(inputs, {
        mask: [
          [true, false, true],
          [false, true, true],
        ],
      }),
    );
  });

  it("what is too large for float16 is infinite", () => {
    const gru = layer(1, 1, { dtype: "float16", activation: "linear", use_bias: false });
    gru.setWeights([Float32Array.of(-9, 1, 1), Float32Array.of(0, 0, 0)]);
    const result = outputOf(gru.call({ data: Float32Array.of(7e4), shape: [1, 1, 1] }));
    expect(result.toArray()).toEqual([[Number.POSITIVE_INFINITY]]);
    gru.setWeights([Float32Array.of(0, 0, 1e6), Float32Array.of(0, 0, 0)]);
    expect(gru.kernel.value.toArray()).toEqual([[0, 0, Number.POSITIVE_INFINITY]]);
  });

  it("rows are the same whatever the batch, threads and way", async () => {
    for (const dtype of ["float16", "bfloat16"]) {
      const gru = layer(33, 17, { dtype });
      const inputs = random([40, 6, 17]);
      const whole = outputOf(gru.call(inputs)).data;
      expect(outputOf(await gru.callAsync(inputs)).data).toEqual(whole);
      for (const row of [0, 7, 39]) {
        const one = tensor(inputs.data.subarray(row * 102, (row + 1) * 102), [1, 6, 17]);
        expect(outputOf(gru.call(one)).data).toEqual(whole.subarray(row * 33, (row + 1) * 33));
      }
    }
  });
});
