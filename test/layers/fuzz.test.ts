import { GRU, GRUError, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { layer, numbers, random, stateOf } from "./support.js";

const ROUNDS = 4000;
const F = 3;
const U = 4;

/** Picks reproducibly. */
class Picker {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  one<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}

const SCALARS = [
  undefined,
  null,
  true,
  false,
  0,
  -0,
  1,
  2,
  3,
  -1,
  0.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 31,
  2 ** 53,
  "",
  "tanh",
  "l2",
  "auto",
  1n,
  Symbol("x"),
  () => 1,
];

function detached(): Float32Array {
  const array = new Float32Array(6);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

/** Anything at all, nested at most `depth` deep. */
function junk(pick: Picker, depth = 3): unknown {
  switch (pick.below(depth > 0 ? 9 : 3)) {
    case 0:
    case 1:
      return pick.one(SCALARS);
    case 2:
      return pick.one(
        [Float32Array, Float64Array, Uint8Array, Int32Array, BigInt64Array].map((Type) => new Type(pick.below(13))),
      );
    case 3:
      return pick.one([detached(), new DataView(new ArrayBuffer(8)), new Map(), new Date(0), Promise.resolve(1), /x/]);
    case 4:
    case 5:
      return Array.from({ length: pick.below(4) }, () => junk(pick, depth - 1));
    case 6:
      return { data: junk(pick, 0), shape: sizes(pick), [pick.one(["stride", "offset", "dtype", "x"])]: junk(pick, 1) };
    case 7:
      return random([pick.below(3), 1 + pick.below(3), pick.one([F, F, 2])], pick.below(99));
    default:
      return Object.fromEntries(Array.from({ length: pick.below(4) }, () => [pick.one(KEYS), junk(pick, depth - 1)]));
  }
}

const KEYS = [
  "data",
  "shape",
  "dims",
  "dtype",
  "mask",
  "lengths",
  "training",
  "initial_state",
  "out",
  "units",
  "x",
  "signal",
];

function sizes(pick: Picker): unknown[] {
  return Array.from({ length: pick.below(5) }, () => pick.one([0, 1, 2, 3, F, -1, 1.5, 2 ** 30, 2 ** 31, "1", null]));
}

/** A call that is right but for, perhaps, one thing. */
function nearlyRight(pick: Picker): [unknown, unknown] {
  const batch = pick.below(3);
  const timesteps = 1 + pick.below(3);
  const inputs = random([batch, timesteps, F], pick.below(99));
  const args: Record<string, unknown> = {};
  const kind = pick.one(["none", "mask", "lengths"]);
  if (kind === "mask") args.mask = tensor(new Uint8Array(batch * timesteps).fill(1), [batch, timesteps]);
  if (kind === "lengths") args.lengths = Array.from({ length: batch }, () => pick.below(timesteps + 1));
  if (pick.below(2)) args.initial_state = new Float32Array(numbers(batch * U, 5));
  if (pick.below(2)) args.out = new Float32Array(batch * U);
  if (pick.below(2)) args.training = pick.below(2) === 1;
  if (pick.below(2)) args[pick.one(["mask", "lengths", "initial_state", "out", "training"])] = junk(pick);
  return [inputs, args];
}

describe("whatever is passed", () => {
  it("a call gives a result of the right shape or throws a GRUError that changes nothing", async () => {
    const pick = new Picker(1);
    const gru = layer(U, F, { stateful: true, dropout: 0.5, seed: 1, name: "fuzzed" });
    let succeeded = 0;
    let before = JSON.stringify(stateOf(gru));
    for (let round = 0; round < ROUNDS; round++) {
      if (pick.below(10) === 0) gru.resetState();
      before = JSON.stringify(stateOf(gru));
      const [inputs, args] = pick.below(3) === 0 ? [junk(pick), junk(pick)] : nearlyRight(pick);
      try {
        const result =
          pick.below(4) === 0
            ? await gru.callAsync(inputs as never, args as never)
            : gru.call(inputs as never, args as never);
        expect((result as { shape: number[] }).shape[1]).toBe(U);
        succeeded += 1;
      } catch (error) {
        expect(error, String((error as Error).stack)).toBeInstanceOf(GRUError);
        expect(JSON.stringify(stateOf(gru))).toBe(before);
      }
    }
    expect(succeeded).toBeGreaterThan(ROUNDS / 20);
    expect(succeeded).toBeLessThan(ROUNDS);
  });

  it("everything else gives a result or throws a GRUError", () => {
    const pick = new Picker(2);
    const gru = layer(U, F, { stateful: true });
    const Loose = GRU as unknown as new (...values: unknown[]) => GRU;
    const looseTensor = tensor as (...values: unknown[]) => unknown;
    const uses: ((a: unknown, b: unknown) => unknown)[] = [
      (a, b) => new Loose(a, b),
      (a, b) =>
        new Loose({ units: 3, [pick.one(Object.keys(gru.getConfig()))]: a, x: b === undefined ? undefined : b }),
      (a) => new Loose({ units: 3, [pick.one([...Object.keys(gru.getConfig()), "use_cudnn", "implementation"])]: a }),
      (a, b) => looseTensor(a, b),
      (a, b) => looseTensor(a, sizes(pick), b),
      (a) => gru.explain(a as never),
      (a) => gru.setWeights(a as never),
      (a) => gru.setWeights([a, a, a] as never),
      (a) => gru.kernel.assign(a as never),
      (a) => gru.resetState(a as never),
      (a) => gru.build(a as never),
      () => gru.build(sizes(pick) as never),
      () => gru.computeOutputShape(sizes(pick) as never),
      (a) => GRU.fromConfig(a as never),
    ];
    for (let round = 0; round < ROUNDS; round++) {
      const use = pick.one(uses);
      try {
        use(junk(pick), junk(pick));
      } catch (error) {
        expect(error, `${use} ${String((error as Error).stack)}`).toBeInstanceOf(GRUError);
      }
    }
  });
});
