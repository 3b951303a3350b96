import { createBatcher, GRUError, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { boom, builtLayer, data, detach, errorOf, F, inputs, shape, U } from "./hostile_support.js";
import { expectError, layer, numbers, outputOf, stateOf } from "./support.js";

/* Arrays that lie about themselves, and arguments that change others while they are read. */

describe("an array that lies about itself", () => {
  const sly = () => {
    const array = data();
    const lies = { length: 1, buffer: new ArrayBuffer(1), byteLength: 0, byteOffset: 99, constructor: boom };
    for (const [key, value] of Object.entries(lies)) Object.defineProperty(array, key, { value });
    for (const key of ["slice", "subarray", "set", Symbol.iterator, Symbol.toStringTag]) {
      Object.defineProperty(array, key, { value: boom });
    }
    return array;
  };

  it("is taken for what it is, wherever an array goes", async () => {
    const gru = builtLayer();
    const wanted = gru.call(inputs());
    const lying = { data: sly(), shape };
    expect(gru.call(lying)).toEqual(wanted);
    expect(gru.forward(lying).output).toEqual(wanted[0]);
    expect(await gru.callAsync(lying)).toEqual(wanted);
    expect(await gru.callAsync({ data: sly(), shape }, { transfer: true })).toEqual(wanted);
    expect(await createBatcher(gru, { maxBatch: 1 }).callAsync(lying)).toEqual(wanted);
    expect(outputOf(layer(U, F, { dtype: "float64" }).call(lying)).shape).toEqual([1, U]);
    expect(outputOf(layer(U, F, { dtype: "bfloat16" }).call(lying)).shape).toEqual([1, U]);
    const frame = tensor(data().slice(0, F), [1, F]);
    const short = { data: sly(), shape: [1, F], offset: 0, strides: [F, 1] };
    expect([...gru.stream().push(short).data]).toEqual([...gru.stream().push(frame).data]);
    const weights = numbers(2 * 3 * U).map((value) => value);
    const kernel = Object.defineProperty(new Float64Array(numbers(F * 3 * U)), "length", { value: 1 });
    gru.kernel.assign(kernel);
    gru.setWeights([kernel, numbers(U * 3 * U), weights]);
    expect(gru.kernel.value.data.length).toBe(F * 3 * U);
  });

  it("does not decide how many lengths or masked steps there are", () => {
    const gru = builtLayer();
    const wanted = gru.call(inputs(), { lengths: [1] });
    const lengths = Object.defineProperty(Int32Array.of(1), Symbol.iterator, { value: () => [9, 9, 9].values() });
    expect(gru.call(inputs(), { lengths })).toEqual(wanted);
    const bits = Object.defineProperty(Uint16Array.of(0x3c00, 0), Symbol.iterator, { value: () => [1].values() });
    expect(gru.call(inputs(), { mask: { data: bits, shape: [1, 2], dtype: "float16" } })).toEqual(wanted);
  });
});

describe("arguments that change others while they are read", () => {
  it("by detaching what was read before", async () => {
    const gru = builtLayer();
    const before = stateOf(gru);
    const cases: [string, (victim: Float32Array, thief: () => never) => unknown][] = [
      [
        "call",
        (victim, thief) =>
          gru.call(
            { data: victim, shape },
            {
              get mask() {
                return thief();
              },
            },
          ),
      ],
      [
        "callAsync",
        (victim, thief) =>
          gru.callAsync(
            { data: victim, shape },
            {
              get mask() {
                return thief();
              },
            },
          ),
      ],
      [
        "forward",
        (victim, thief) =>
          gru.forward(
            { data: victim, shape },
            {
              get initial_state() {
                return thief();
              },
            },
          ),
      ],
      [
        "nested",
        (victim, thief) =>
          gru.call(
            { data: victim, shape },
            {
              mask: [
                [
                  true,
                  {
                    get 0() {
                      return thief();
                    },
                  }[0] as never,
                ],
              ],
            },
          ),
      ],
    ];
    for (const [name, run] of cases) {
      const victim = data();
      const error = await errorOf(() => run(victim, () => void detach(victim) as never));
      expect(error, name).toBeInstanceOf(GRUError);
      expect(["ERR_ARGUMENT", "ERR_DTYPE"], name).toContain((error as GRUError).code);
    }
    const out = new Float32Array(U);
    const frame = {
      get data() {
        detach(out);
        return new Float32Array(F);
      },
      shape: [1, F],
    };
    const stream = gru.stream();
    expectError(() => stream.push(frame, out), "ERR_ARGUMENT", /detached/);
    expect([...stream.state.data]).toEqual([0, 0, 0, 0]);
    expect(stateOf(gru)).toEqual(before);
  });

  it("by disposing the layer or the stream", () => {
    const gru = builtLayer();
    const weights = gru.getWeights();
    const sly = [
      {
        get data() {
          gru.dispose();
          return weights[0]?.data;
        },
        shape: [F, 3 * U],
      },
      weights[1],
      weights[2],
    ];
    expectError(() => gru.setWeights(sly as never), "ERR_DISPOSED");
    const other = builtLayer();
    const { kernel } = other;
    const value = {
      get data() {
        other.dispose();
        return new Float32Array(F * 3 * U);
      },
      shape: [F, 3 * U],
    };
    expectError(() => kernel.assign(value), "ERR_DISPOSED");
    expectError(() => kernel.value, "ERR_DISPOSED");
    const stream = builtLayer().stream();
    const frame = {
      get data() {
        stream.dispose();
        return new Float32Array(F);
      },
      shape: [1, F],
    };
    expectError(() => stream.push(frame), "ERR_DISPOSED");
  });

  it("by giving another answer each time", async () => {
    const gru = builtLayer();
    let reads = 0;
    const answers = [data(), new Float32Array(1), new Float32Array(new SharedArrayBuffer(4))];
    const sly = {
      get data() {
        return answers[reads++ % 3] as Float32Array;
      },
      shape,
    };
    const wanted = gru.call(inputs());
    expect(await gru.callAsync(sly, { transfer: true })).toEqual(wanted);
    expect(answers[0]?.length).toBe(0);
    let asked = 0;
    const shapes = new Proxy([1, 2, F], {
      get: (own, key) => (key === "0" && asked++ > 0 ? 1000 : Reflect.get(own, key)),
    });
    expect(gru.call({ data: data(), shape: shapes })).toEqual(wanted);
  });
});
