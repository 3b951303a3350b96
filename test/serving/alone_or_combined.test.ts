// A property: the result of a request is the same, bit for bit, alone and in a call that a batcher combined.
import { channel } from "node:diagnostics_channel";
import {
  type BatcherCallArguments,
  Bidirectional,
  type CallEvent,
  createBatcher,
  GRU,
  type GRUArguments,
  GRUStack,
  type Tensor,
  tensor,
} from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { count, layer, numbers } from "../layers/support.js";

/** Reproducible choices. */
class Dice {
  readonly #values: Float64Array;
  #at = 0;

  constructor(seed: number) {
    // The first numbers of neighbouring seeds are alike.
    this.#values = numbers(20_000, seed * 7919).subarray(100);
  }

  /** An integer from 0 to `limit - 1`. */
  below(limit: number): number {
    const value = this.#values[this.#at++ % this.#values.length] as number;
    return Math.floor(((value + 1) / 2) * limit);
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  /** Numbers, some of them odd ones in one set of six. */
  floats(length: number): Float64Array {
    const values = numbers(length, 1 + this.below(1e9));
    if (this.below(6) !== 0) return values;
    const odd = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-42, 3e38];
    return values.map((value) => (this.below(5) === 0 ? this.of(odd) : value));
  }
}

const BOTH = [false, true] as const;
const ACTIVATIONS = ["tanh", "sigmoid", "relu", "linear", "softmax", "gelu", "hard_sigmoid", "log_softmax"];
const DTYPES = ["float32", "float32", "float64", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16"];
const REGULARIZERS = [
  null,
  null,
  "l2",
  { class_name: "L1", config: { l1: 0.5 } },
  { class_name: "OrthogonalRegularizer", config: { factor: 0.1 } },
];

function makeLayer(dice: Dice): GRU {
  const args = {
    return_sequences: dice.of(BOTH),
    return_state: dice.of(BOTH),
    zero_output_for_mask: dice.of(BOTH),
    go_backwards: dice.of(BOTH),
    reset_after: dice.of(BOTH),
    use_bias: dice.of(BOTH),
    unroll: dice.of(BOTH),
    autocast: dice.below(5) !== 0,
    activation: dice.below(2) === 0 ? "tanh" : dice.of(ACTIVATIONS),
    recurrent_activation: dice.below(2) === 0 ? "sigmoid" : dice.of(ACTIVATIONS),
    dropout: dice.of([0, 0.5]),
    recurrent_dropout: dice.of([0, 0, 0.5]),
    dtype: dice.of(DTYPES),
    activity_regularizer: dice.of(REGULARIZERS),
  } as GRUArguments;
  const features = dice.below(5);
  const gru = layer(1 + dice.below(20), features, args);
  gru.setWeights(gru.weights.map(({ shape }) => dice.floats(count(shape))));
  return gru;
}

type Row = (timesteps: number, step: number, dice: Dice) => boolean;

/** Kinds of masks, by whether a step counts. */
const MASKS: Record<string, Row> = {
  "all true": () => true,
  "all false": () => false,
  right: (timesteps, step) => step < timesteps / 2,
  left: (timesteps, step) => step >= timesteps / 2,
  "ends masked": (timesteps, step) => step !== timesteps - 1,
  "begins masked": (_, step) => step !== 0,
  holes: (_timesteps, _step, dice) => dice.below(3) > 0,
};

function makeMask(dice: Dice, rows: number, timesteps: number): boolean[][] {
  return Array.from({ length: rows }, () => {
    const kind = MASKS[dice.of(Object.keys(MASKS))] as Row;
    return Array.from({ length: timesteps }, (_, step) => kind(timesteps, step, dice));
  });
}

interface Request {
  inputs: never;
  args: BatcherCallArguments;
}

function makeRequest(dice: Dice, gru: GRU): Request {
  const rows = dice.below(12) === 0 ? 0 : 1 + dice.below(3);
  const timesteps = 1 + dice.below(12);
  const shape = [rows, timesteps, gru.kernel.shape[0] as number];
  const values = dice.floats(count(shape));
  // The layer's own dtype most of the time: others are converted, or refused without autocast.
  const dtype = dice.below(3) > 0 ? gru.compute_dtype : dice.of(["float32", "float64", "float16", "int8"] as const);
  const whole = dtype === "int8" ? values.map((value) => Math.round(value * 100)) : values;
  const inputs = tensor([...whole], shape, dtype);
  const args: BatcherCallArguments = {};
  const mask = dice.below(3);
  if (mask === 1) args.lengths = Array.from({ length: rows }, () => dice.below(timesteps + 1));
  if (mask === 2 && rows > 0) {
    const nested = makeMask(dice, rows, timesteps);
    args.mask = dice.below(2) === 0 ? nested : nested.map((row) => row.map((value) => [value]));
  }
  if (dice.below(3) === 0) {
    args.initial_state = tensor([...dice.floats(rows * gru.units)], [rows, gru.units], gru.compute_dtype);
  }
  return { inputs: inputs as never, args };
}

/** The bytes in hexadecimal. Which of the many NaNs a sum of NaNs is, is the CPU's business: all of them are written alike. */
function bitsOf({ data, dtype }: Tensor): string {
  const own = data.slice();
  const infinity = dtype === "float16" ? 0x7c00 : 0x7f80;
  for (let i = 0; i < own.length; i++) {
    const value = own[i] as number;
    const odd = own instanceof Uint16Array ? (value & 0x7fff) > infinity : Number.isNaN(value);
    if (odd) own[i] = own instanceof Uint16Array ? 0x7fff : Number.NaN;
  }
  return Buffer.from(own.buffer).toString("hex");
}

/** Everything a caller sees of one request: results to the bit, or the error. */
async function seen(make: () => unknown): Promise<unknown> {
  try {
    const result = (await make()) as ReturnType<GRU["call"]>;
    const tensors = Array.isArray(result) ? result : [result];
    return tensors.map((result) => ({ shape: result.shape, dtype: result.dtype, bits: bitsOf(result) }));
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { code, message };
  }
}

async function combine(gru: GRU, requests: readonly Request[], maxBatch: number): Promise<[unknown[], CallEvent[]]> {
  const calls: CallEvent[] = [];
  const note = (event: unknown) => calls.push(event as CallEvent);
  channel("cudnn-gru:call").subscribe(note);
  const batcher = createBatcher(gru, { maxBatch });
  const results = await Promise.all(requests.map(({ inputs, args }) => seen(() => batcher.callAsync(inputs, args))));
  channel("cudnn-gru:call").unsubscribe(note);
  return [results, calls];
}

describe.each(Array.from({ length: 20 }, (_, block) => block))("20 random layers, block %s", (block) => {
  it("a request gets the same bits alone and combined", async () => {
    let [requestsMade, callsMade] = [0, 0];
    for (let seed = block * 20 + 1; seed <= block * 20 + 20; seed++) {
      const dice = new Dice(seed);
      const gru = makeLayer(dice);
      const requests = Array.from({ length: 8 }, () => makeRequest(dice, gru));
      const [combined, calls] = await combine(gru, requests, dice.of([4, 100]));
      const about = `seed ${seed}: ${JSON.stringify(gru.getConfig())}`;
      for (const [index, { inputs, args }] of requests.entries()) {
        const alone = await seen(() => gru.callAsync(inputs, args));
        expect(combined[index], `request ${index} of ${about}`).toEqual(alone);
        if (!("code" in (alone as object))) expect(await seen(() => gru.call(inputs, args))).toEqual(alone);
      }
      requestsMade += combined.filter((result) => Array.isArray(result)).length;
      callsMade += calls.filter(({ error }) => error === undefined || error === null).length;
      gru.dispose();
    }
    // Otherwise nothing was combined.
    expect(requestsMade).toBeGreaterThan(1.5 * callsMade);
  });
});

describe("losses after a combined call", () => {
  it.each(["l2", { class_name: "OrthogonalRegularizer", config: { factor: 0.1 } }])(
    "%s: those of its last request",
    async (activity_regularizer) => {
      for (const args of [
        {},
        { return_state: true },
        { go_backwards: true },
        { zero_output_for_mask: true },
        { dtype: "bfloat16" },
      ]) {
        for (const return_sequences of typeof activity_regularizer === "string" ? BOTH : [false]) {
          const gru = layer(5, 3, { ...args, return_sequences, activity_regularizer } as GRUArguments);
          const requests = [4, 9, 6].map((timesteps, seed) => ({
            inputs: tensor([...numbers(6 * timesteps, seed + 1)], [2, timesteps, 3], gru.compute_dtype) as never,
            args: { lengths: [timesteps, 2] },
          }));
          const [results, calls] = await combine(gru, requests, 6);
          const losses = gru.losses;
          expect(calls.map(({ batch }) => batch)).toEqual([6]);
          expect(results[2]).toEqual(await seen(() => gru.call(requests[2]?.inputs as never, requests[2]?.args)));
          expect(losses).toEqual(gru.losses);
          expect(losses.length).toBe("return_state" in args ? 2 : 1);
        }
      }
    },
  );
});

describe("zero_output_for_mask without return_sequences", () => {
  it.each(["a GRU", "a stack"])("is that of the time when the call of %s started", async (subject) => {
    const gru = layer(4, 3, { zero_output_for_mask: true }) as GRU<false>;
    const batcher = createBatcher(subject === "a GRU" ? gru : (new GRUStack([gru]) as never), { maxBatch: 2 });
    const masks = [
      [true, false],
      [true, true, false],
    ];
    const calls = masks.map((mask) => {
      const inputs = tensor([...numbers(3 * mask.length)], [1, mask.length, 3], "float32");
      return batcher.callAsync(inputs, { mask: [mask] }) as Promise<Tensor>;
    });
    // The wrapper takes the argument away from its backward layer.
    new Bidirectional(new GRU(4, { go_backwards: true }), { backward_layer: gru });
    expect(gru.getConfig().zero_output_for_mask).toBe(false);
    for (const call of calls) expect([...(await call).data]).toEqual([0, 0, 0, 0]);
  });

  const alone = (gru: GRU, { inputs, args }: Request) => seen(() => gru.call(inputs, args));

  it.each([false, true])(
    "padding is no mask, and a request's own mask is one (go_backwards: %s)",
    async (go_backwards) => {
      const gru = layer(4, 3, { zero_output_for_mask: true, go_backwards });
      const inputs = (timesteps: number) => tensor([...numbers(3 * timesteps)], [1, timesteps, 3], "float32") as never;
      const kinds: BatcherCallArguments[][] = [
        [{}, {}, { lengths: [2] }, { lengths: [0] }],
        [{ mask: [[true, true, true]] }, { mask: [[true, true, false]] }, { mask: [[false, true, true]] }],
      ];
      for (const kind of kinds) {
        const requests = [
          ...kind.map((args) => ({ inputs: inputs(3), args })),
          { inputs: inputs(9), args: kind.length === 4 ? {} : { mask: [new Array(9).fill(true)] } },
        ];
        const [results, calls] = await combine(gru, requests, requests.length);
        expect(calls.map(({ batch, timesteps }) => [batch, timesteps])).toEqual([[requests.length, 9]]);
        for (const [index, request] of requests.entries()) expect(results[index]).toEqual(await alone(gru, request));
      }
      const [[output]] = (await combine(
        gru,
        [
          { inputs: inputs(3), args: {} },
          { inputs: inputs(9), args: {} },
        ],
        2,
      )) as [[[{ bits: string }]], unknown];
      expect(output[0].bits).not.toMatch(/^0+$/);
    },
  );
});
