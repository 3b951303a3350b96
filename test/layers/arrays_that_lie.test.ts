import { GRU, optimizers, type Tensor, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";

/*
 * A typed array may have a `length` or a `buffer` of its own. The package asks the language what an array is, so the
 * results are those of an honest array, and nothing is allocated for the elements that the array claims to have.
 */

const LIES: [key: string, value: unknown][] = [
  ["length", 2 ** 30],
  ["length", 0],
  ["length", -1],
  ["byteLength", 2 ** 30],
  ["buffer", new ArrayBuffer(0)],
  ["buffer", new SharedArrayBuffer(8)],
];

const bits = (values: number[]) => Uint16Array.from(values, (value) => 0x3c00 + value);

function lying<T extends object>(array: T, [key, value]: (typeof LIES)[number]): T {
  return Object.defineProperty(array, key, { get: () => value });
}

function layer(dtype: "float16" | "float32"): GRU {
  const gru = new GRU(2, { dtype, seed: 1, return_state: true, kernel_initializer: "ones" });
  gru.build([null, null, 2]);
  return gru as GRU;
}

const INPUTS = { float16: bits([1, 2]), float32: Float32Array.of(1, 2) };
const STATE = { float16: bits([3, 4]), float32: Float32Array.of(3, 4) };

describe.each(["float16", "float32"] as const)("a layer of %s takes an array as it is", (dtype) => {
  it.each(LIES)("whatever its own %s says (%s)", (...lie) => {
    const inputs = () => tensor(INPUTS[dtype].slice(), [1, 1, 2], dtype);
    const honest = (gru: GRU) => gru.call(inputs(), { initial_state: STATE[dtype].slice() }) as unknown as Tensor[];
    const lied = (gru: GRU) => {
      const given = { data: lying(INPUTS[dtype].slice(), lie), shape: [1, 1, 2], dtype };
      return gru.call(given, { initial_state: lying(STATE[dtype].slice(), lie) }) as unknown as Tensor[];
    };
    const [gru, twin] = [layer(dtype), layer(dtype)];
    const recurrent = gru.recurrent_kernel.value;
    twin.recurrent_kernel.assign(recurrent);
    expect(lied(gru).map(({ data }) => [...data])).toEqual(honest(twin).map(({ data }) => [...data]));

    const [output, state] = [INPUTS[dtype].slice().fill(0), STATE[dtype].slice().fill(0)];
    const out = [lying(output, lie), lying(state, lie)] as const;
    gru.call(inputs(), { initial_state: STATE[dtype].slice(), out });
    expect([[...output], [...state]]).toEqual(honest(twin).map(({ data }) => [...data]));

    const upstream = (array: typeof output) => ({ output: array, state: STATE[dtype].slice() });
    const gradients = (given: GRU, array: typeof output) =>
      given
        .forward(inputs())
        .backward(upstream(array))
        .weights.map(({ data }) => [...data]);
    expect(gradients(gru, lying(INPUTS[dtype].slice(), lie))).toEqual(gradients(twin, INPUTS[dtype].slice()));

    const flat = (given: GRU) => given.weights.map(({ value }) => value.data);
    gru.setWeights(flat(twin).map((data) => lying(data, lie)));
    new optimizers.SGD({ learning_rate: 0.5 }).apply(
      flat(gru).map((data) => lying(data, lie)),
      gru.weights,
    );
    new optimizers.SGD({ learning_rate: 0.5 }).apply(flat(twin), twin.weights);
    expect(flat(gru).map((data) => [...data])).toEqual(flat(twin).map((data) => [...data]));

    const streams = [gru.stream(), twin.stream()];
    const [first, second] = [
      streams[0]?.push(lying(INPUTS[dtype].slice(), lie)),
      streams[1]?.push(INPUTS[dtype].slice()),
    ];
    expect([...(first?.data ?? [])]).toEqual([...(second?.data ?? [])]);
  });
});
