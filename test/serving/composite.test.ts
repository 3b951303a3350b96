// A batcher of a Bidirectional or a GRUStack: each request gets the result that it would get alone, bit for bit.
import {
  Bidirectional,
  createBatcher,
  GRU,
  type GRUArguments,
  GRUStack,
  type StackLayer,
  type Tensor,
  tensor,
} from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { listOf } from "../composite/by_hand.js";
import { count, expectError, expectRejection, numbers, random } from "../layers/support.js";

const [F, U] = [3, 5] as const;
const gru = (units: number, args: GRUArguments = {}) => new GRU(units, { use_cudnn: false, ...args });
const sequences = { return_sequences: true } as const;

function fill<L extends Bidirectional | GRUStack>(layer: L): L {
  layer.build([null, null, F]);
  layer.setWeights(layer.weights.map(({ shape }, index) => numbers(count(shape), 3 + index)));
  return layer;
}

const stack = (layers: StackLayer[], return_state = false) => fill(new GRUStack(layers, { return_state }));

/** Every layer has a regularizer, because a call leaves the losses of its last request. */
const losses = { activity_regularizer: "l2" } as const;

const SUBJECTS: Record<string, () => Bidirectional | GRUStack> = {
  "a Bidirectional of last outputs": () => fill(new Bidirectional(gru(U, losses), losses)),
  "a Bidirectional of sequences and states": () =>
    fill(new Bidirectional(gru(U, { ...sequences, ...losses, return_state: true }), { merge_mode: null, ...losses })),
  "a Bidirectional whose forward half goes backwards": () =>
    fill(
      new Bidirectional(gru(U, { ...sequences, go_backwards: true }), {
        backward_layer: gru(U, { ...sequences, ...losses }),
        ...losses,
      }),
    ),
  "a stack with states": () => stack([new Bidirectional(gru(U, sequences)), gru(4, sequences), gru(3)], true),
  "a stack whose first layer goes backwards": () =>
    stack([gru(U, { ...sequences, go_backwards: true, ...losses }), gru(4, { ...sequences, ...losses }), gru(3)]),
  "a stack whose last layer goes backwards": () =>
    stack([gru(U, sequences), gru(4, { ...sequences, go_backwards: true })]),
  "a stack that ends with zeros": () => stack([gru(U, sequences), gru(4, { zero_output_for_mask: true })]),
  "a stack of 16 bits": () =>
    stack(
      [
        new Bidirectional(gru(U, { ...sequences, dtype: "float16" }), { dtype: "float16" }),
        gru(4, { dtype: "bfloat16", recurrent_initializer: "zeros" }),
      ],
      true,
    ),
};

interface Request {
  inputs: Tensor;
  args: object;
}

function requestsFor(layer: Bidirectional | GRUStack): Request[] {
  const states = (rows: number) =>
    layer.getInitialState(rows).map(({ shape }, index) => tensor(numbers(count(shape), 20 + index), shape));
  return [
    { inputs: random([1, 7, F], 1), args: {} },
    { inputs: random([2, 4, F], 2), args: { lengths: [4, 2] } },
    { inputs: random([1, 6, F], 3), args: { mask: [[true, false, true, true, false, false]] } },
    { inputs: random([3, 7, F], 4), args: { initial_state: states(3) } },
    { inputs: random([1, 1, F], 5), args: { mask: [[false]] } },
    { inputs: random([2, 3, F], 6), args: { initial_state: states(2) } },
  ];
}

describe.each(Object.entries(SUBJECTS))("%s", (_, make) => {
  it("computes every request as alone, and keeps the losses of one of them", async () => {
    const layer = make();
    const requests = requestsFor(layer);
    const alone: number[][] = [];
    const wanted = requests.map(({ inputs, args }) => {
      const results = listOf(layer.call(inputs, args));
      alone.push(layer.losses);
      return results;
    });
    layer.call(random([9, 2, F], 11));
    const batcher = createBatcher(layer as Bidirectional, { maxBatch: 64 });
    const results = await Promise.all(requests.map(({ inputs, args }) => batcher.callAsync(inputs, args)));
    results.forEach((result, index) => {
      const found = listOf(result);
      expect(found.map(({ shape, dtype }) => [shape, dtype])).toEqual(
        wanted[index]?.map(({ shape, dtype }) => [shape, dtype]),
      );
      expect(found.map(({ data }) => [...(data as Float32Array)])).toEqual(
        wanted[index]?.map(({ data }) => [...(data as Float32Array)]),
      );
    });
    // The batcher chooses the order of the requests of a call.
    expect(alone).toContainEqual(layer.losses);
    batcher.dispose();
  });
});

it("refuses layers that it cannot use, and bad requests one by one", async () => {
  const message = { maxBatch: 4 };
  expectError(() => createBatcher(new Bidirectional(gru(U)), message), "ERR_NOT_BUILT");
  expectError(
    () => createBatcher(fill(new Bidirectional(gru(U, { stateful: true }))), message),
    "ERR_ARGUMENT",
    /stateful/,
  );
  expectError(() => createBatcher({} as GRU, message), "ERR_ARGUMENT", /a GRU, a Bidirectional, a GRUStack or a model/);
  const batcher = createBatcher(fill(new Bidirectional(gru(U))), message);
  const good = batcher.callAsync(random([1, 3, F]));
  await expectRejection(() => batcher.callAsync(random([1, 3, F + 1])), "ERR_SHAPE", /`inputs`/);
  await expectRejection(() => batcher.callAsync(random([1, 3, F]), { initial_state: [] }), "ERR_ARGUMENT", /list of 2/);
  expect(((await good) as Tensor).shape).toEqual([1, 2 * U]);
  expect(String(batcher)).toMatch(/Bidirectional/);
});
