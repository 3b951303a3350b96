import { configure, type GRU, type GRUArguments, type Tensor, tensor } from "cudnn-gru";
import { afterAll, describe, expect, it } from "vitest";
import { layer, outputOf, random } from "./support.js";

const LARGEST = 17;

/** Rows `rows` of a tensor, as a batch of their own. */
function pick(whole: Tensor, rows: number[]): Tensor {
  const [, ...rest] = whole.shape;
  const size = rest.reduce((product, length) => product * length, 1);
  const data = new (whole.data.constructor as Float32ArrayConstructor)(rows.length * size);
  rows.forEach((row, index) => {
    data.set(whole.data.subarray(row * size, (row + 1) * size) as Float32Array, index * size);
  });
  return tensor(data, [rows.length, ...rest]);
}

function sameBits(a: Tensor, b: Tensor): boolean {
  const bytes = ({ data }: Tensor) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return bytes(a).equals(bytes(b));
}

const shapes = [
  { features: 3, units: 5, timesteps: 7 },
  { features: 16, units: 32, timesteps: 5 },
  { features: 33, units: 47, timesteps: 4 },
  { features: 64, units: 130, timesteps: 3 },
];
const variants: GRUArguments[] = [
  {},
  { reset_after: false },
  { dtype: "float64" },
  { go_backwards: true, activation: "relu", recurrent_activation: "hard_sigmoid" },
];

const threads = [1, 2, 5];

afterAll(() => configure({ threads: 2 }));

describe.each(shapes)("rows of %j", ({ features, units, timesteps }) => {
  describe.each(variants)("%j", (args) => {
    const gru: GRU = layer(units, features, { ...args, return_sequences: true });
    const inputs = random([LARGEST, timesteps, features], units);
    const state = random([LARGEST, units], features);
    const lengths = Array.from({ length: LARGEST }, (_, row) => row % (timesteps + 1));

    /** Each row alone is what every batch, thread count and way of calling must repeat bit for bit. */
    configure({ threads: 1 });
    const alone = Array.from({ length: LARGEST }, (_, row) =>
      outputOf(gru.call(pick(inputs, [row]), { initial_state: pick(state, [row]), lengths: [lengths[row] as number] })),
    );

    const batches = [
      ...[1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17].map((size) => Array.from({ length: size }, (_, row) => row)),
      Array.from({ length: LARGEST }, (_, row) => LARGEST - 1 - row),
      [11, 3, 3, 16, 0, 11],
    ];

    it.each(threads)("are bit-identical whatever the batch, %d threads, sync or async", async (count) => {
      configure({ threads: count });
      const different: unknown[] = [];
      for (const rows of batches) {
        const call = [
          pick(inputs, rows),
          { initial_state: pick(state, rows), lengths: rows.map((row) => lengths[row] as number) },
        ] as const;
        const pending = [gru.callAsync(...call), gru.callAsync(...call)];
        for (const result of [gru.call(...call), ...(await Promise.all(pending))]) {
          rows.forEach((row, index) => {
            if (!sameBits(pick(outputOf(result), [index]), alone[row] as Tensor)) different.push({ rows, row });
          });
        }
      }
      expect(different).toEqual([]);
    });
  });
});
