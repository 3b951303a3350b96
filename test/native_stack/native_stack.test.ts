// NativeStack: the same, bit by bit, as its NativeGru objects called one by one; and everything that it refuses.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { configure } from "cudnn-gru";
import { afterAll, describe, expect, it } from "vitest";
import type { NativeArray, NativeGru, NativeMerge } from "../../dist/native/binding.js";
import { CALL_FLAGS, setStackHalf, stackBackwardArguments, stackCallArguments } from "../../dist/native/contract.js";
import { native } from "../../dist/native/load.js";
import { expectError, expectRejection } from "../layers/support.js";
import { bits, type StackShape, StackUnderTest } from "./support.js";

const CASES: Record<string, StackShape> = {
  "no rows": {
    batch: 0,
    timesteps: 5,
    features: 3,
    layers: [
      { units: [4, 5], merge: "concat" },
      { units: [6, 6], merge: "mul" },
    ],
  },
  "one GRU": { batch: 2, timesteps: 5, features: 3, layers: [{ units: [4], merge: null }] },
  "two GRUs": {
    batch: 1,
    timesteps: 90,
    features: 64,
    layers: [
      { units: [64], merge: null },
      { units: [64], merge: null },
    ],
  },
  "units divided among threads": {
    batch: 1,
    timesteps: 30,
    features: 20,
    layers: [
      { units: [200], merge: null },
      { units: [120, 130], merge: "concat" },
      { units: [201], merge: null },
    ],
  },
  "many rows": {
    batch: 40,
    timesteps: 20,
    features: 9,
    mask: true,
    layers: [
      { units: [17, 15], merge: "concat" },
      { units: [33], merge: null },
    ],
  },
  ...Object.fromEntries(
    (["concat", "sum", "mul", "ave", "separate"] as const).flatMap((merge) =>
      [true, false].map((returnSequences) => [
        `${merge}, ${returnSequences ? "all steps" : "the last step"}`,
        {
          batch: 3,
          timesteps: 40,
          features: 12,
          returnSequences,
          lengths: returnSequences,
          mask: !returnSequences,
          dropout: merge === "concat",
          float64: merge === "ave",
          layers: [
            { units: [20, 20], merge: merge === "separate" ? "sum" : merge },
            { units: [40, 40], merge },
          ],
        } satisfies StackShape,
      ]),
    ),
  ),
};

const { threads } = native().cpuInfo();
afterAll(() => configure({ threads }));

describe.each([1, 2, 5])("on %i threads", (count) => {
  it.each(Object.entries(CASES))("%s: results and gradients are those of the layers one by one", async (_, shape) => {
    configure({ threads: 1 });
    const test = new StackUnderTest(shape);
    const expected = test.oneByOne();
    const all = ({ output, secondOutput, states }: typeof expected.results) => bits([output, secondOutput, ...states]);
    configure({ threads: count });
    const { stack } = test;
    const sync = test.call();
    stack.call(...sync.args);
    expect(all(sync.results)).toEqual(all(expected.results));
    const async = test.call();
    await stack.callAsync(1, ...async.args);
    expect(all(async.results)).toEqual(all(expected.results));

    for (const kept of [false, true]) {
      const { results, args } = test.call();
      const pass = kept ? (await stack.forwardAsync(2, ...args))[0] : stack.forward(...args);
      expect(all(results)).toEqual(all(expected.results));
      expect(pass.memoryUsage()).toBeGreaterThan(0);
      const backward = test.backward(results.output, results.secondOutput);
      if (kept) await pass.backwardAsync(3, ...backward.args);
      else pass.backward(...backward.args);
      expect(bits(backward.gradients)).toEqual(bits(expected.gradients));
      expectError(() => pass.backward(...backward.args), "ERR_STATE", /has not been called yet/);
      pass.dispose();
      expectError(() => pass.backward(...backward.args), "ERR_DISPOSED", /disposed/);
    }
  });
});

describe("a stack", () => {
  const shape: StackShape = {
    batch: 2,
    timesteps: 3,
    features: 4,
    layers: [
      { units: [5, 6], merge: "concat" },
      { units: [7, 7], merge: "separate" },
    ],
  };

  it("stops when it is cancelled, in both directions and in a plain layer that follows", async () => {
    configure({ threads: 3 });
    for (const layers of [
      [{ units: [32, 32], merge: "concat" } as const],
      [{ units: [32], merge: null } as const, { units: [32], merge: null } as const],
    ]) {
      const test = new StackUnderTest({ batch: 1, timesteps: 200_000, features: 4, layers: layers as never });
      const { stack } = test;
      const promise = stack.callAsync(7, ...test.call().args);
      setTimeout(() => native().cancel(7), 20);
      await expectRejection(() => promise, "ERR_ABORTED");
    }
  });

  it("refuses NaN as a token, which no table of calls could find again", () => {
    const test = new StackUnderTest(shape);
    expectError(() => test.stack.callAsync(Number.NaN, ...test.call().args), "ERR_ARGUMENT", /`token`/);
  });

  it("computes with the layers that it had at submit", async () => {
    const test = new StackUnderTest(shape);
    const expected = test.oneByOne().results;
    const { results, args } = test.call();
    const { stack } = test;
    const promise = stack.callAsync(8, ...args);
    for (const { gru } of test.halves) gru.dispose();
    stack.dispose();
    await promise;
    expect(bits([results.output, results.secondOutput])).toEqual(bits([expected.output, expected.secondOutput]));
    expectError(() => stack.call(...args), "ERR_DISPOSED", /stack is disposed/);
    expectError(() => test.stack.call(...args), "ERR_DISPOSED", /layer is disposed/);
    expect(stack.memoryUsage()).toBe(0);
  });

  it("refuses merge modes that it does not know", () => {
    const { NativeStack } = native();
    expectError(() => new NativeStack(["average" as never], []), "ERR_ARGUMENT", /"average"/);
    expectError(() => new NativeStack([], []), "ERR_ARGUMENT", /merges/);
    expectError(() => new NativeStack("sum" as never, []), "ERR_ARGUMENT", /merges/);
    expectError(() => (NativeStack as unknown as () => void)(), "ERR_ARGUMENT", /with `new`/);
  });

  it("refuses other objects than GRUs, and another number of them", () => {
    const { NativeStack } = native();
    const test = new StackUnderTest(shape);
    const [gru, ...others] = test.halves.map((half) => half.gru) as [NativeGru, ...NativeGru[]];
    const made = (grus: unknown) => () => new NativeStack(["sum"], grus as never);
    for (const grus of [undefined, null, {}, gru, [], [gru], [gru, ...others]]) {
      expectError(made(grus), "ERR_ARGUMENT", /a list of 2 GRUs for the native argument `grus`/);
    }
    for (const other of [undefined, null, {}, 1, test.stack]) {
      expectError(made([gru, other]), "ERR_ARGUMENT", /Expected a NativeGru for `grus`/);
    }
  });

  it("keeps its GRUs while nobody else does", async () => {
    const test = new StackUnderTest(shape);
    const expected = test.oneByOne().results;
    const { results, args } = test.call();
    const { stack } = test;
    test.halves.length = 0;
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    for (let i = 0; i < 3; i++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    stack.call(...args);
    expect(bits([results.output, results.secondOutput])).toEqual(bits([expected.output, expected.secondOutput]));
  });

  it("checks the length and kind of every array", () => {
    const test = new StackUnderTest(shape);
    const { args } = test.call();
    const { stack } = test;
    for (const [at, given] of args.entries()) {
      const wrong = [...args] as typeof args;
      const refused = (value: unknown, code: "ERR_ARGUMENT" | "ERR_DTYPE" | "ERR_SHAPE") => {
        wrong[at] = value as never;
        expectError(() => stack.call(...wrong), code, /native argument|stack|timestep/);
      };
      if (ArrayBuffer.isView(given)) {
        const array = given as NativeArray;
        refused(array.subarray(1), "ERR_SHAPE");
        refused(new BigInt64Array(array.length), "ERR_DTYPE");
        refused([1, 2], "ERR_DTYPE");
      } else if (typeof given === "number") {
        refused(-1, "ERR_ARGUMENT");
        refused("1", "ERR_ARGUMENT");
      }
    }
    for (let length = 0; length < args.length; length++) {
      // Dropout, the mask and the initial states may be left out; the flags may not.
      expect(() => stack.call(...(args.slice(0, length) as typeof args))).toThrow();
    }
    const huge = [...args] as typeof args;
    huge[5] = 2 ** 50;
    expectError(() => stack.call(...huge), "ERR_SHAPE", /at most/);
  });

  it("refuses layers that do not fit each other", () => {
    const test = new StackUnderTest(shape);
    const { NativeStack } = native();
    const { args } = test.call();
    const grus = test.halves.map(({ gru }) => gru);
    const run = (merges: NativeMerge[], given = grus) => {
      return () => new NativeStack(merges, given).call(...args);
    };
    expectError(run(["sum", "separate"]), "ERR_SHAPE", /units of the backward half/);
    expectError(run(["separate", "sum"]), "ERR_ARGUMENT", /whole sequence/);
    const merges = shape.layers.map(({ merge }) => merge);
    const other = new StackUnderTest({ ...shape, float64: true });
    const withSecond = (gru: NativeGru | undefined) => grus.with(1, gru as NativeGru);
    expectError(run(merges, withSecond(other.halves[1]?.gru)), "ERR_DTYPE", /one dtype/);
    expectError(run(merges, withSecond(grus[3])), "ERR_SHAPE", /features/);
  });

  it("checks the arrays of its gradients, and can be called again after an error", () => {
    const test = new StackUnderTest(shape);
    const { results, args } = test.call();
    const pass = test.stack.forward(...args);
    const { args: gradients } = test.backward(results.output, results.secondOutput);
    for (const [at, given] of gradients.entries()) {
      const wrong = [...gradients] as typeof gradients;
      wrong[at] = given?.subarray(1) as never;
      expectError(() => pass.backward(...wrong), "ERR_SHAPE", /native argument/);
    }
    pass.backward(...gradients);
  });
});

describe("the contract of a stack", () => {
  const { contract } = native();

  /** The names of the values that stand in a list, each of which is another object or number. */
  const namesIn = (list: readonly unknown[], values: Record<string, unknown>) =>
    list.map((given) => Object.keys(values).find((name) => values[name] === given));

  it("is the order in which the arguments of a call are passed", () => {
    const array = () => new Float32Array(1);
    const call = {
      inputs: array(),
      output: array(),
      secondOutput: array(),
      mask: new Uint8Array(1),
      lengths: new Int32Array(1),
      batch: 2,
      timesteps: 3,
      flags: CALL_FLAGS.zeroOutputForMask,
    };
    const half = {
      state: array(),
      initialState: array(),
      inputDropout: array(),
      recurrentDropout: array(),
      halfFlags: CALL_FLAGS.cudnn,
    };
    const names = [...(contract.arguments.stackCall ?? []), ...(contract.arguments.stackHalf ?? [])];
    expect(names).toHaveLength(13);
    const args = stackCallArguments(call, 2);
    setStackHalf(args, 1, half);
    setStackHalf(args, 0, half);
    const halfNames = contract.arguments.stackHalf ?? [];
    expect(namesIn(args, { ...call, ...half })).toEqual([...names, ...halfNames]);
  });

  it("is the order in which gradients are passed", () => {
    const array = () => new Float32Array(1);
    const values = { dOutput: array(), dSecondOutput: array(), dInputs: array() };
    const half = {
      dState: array(),
      dInitialState: array(),
      dKernel: array(),
      dRecurrentKernel: array(),
      dBias: array(),
    };
    const names = [...(contract.arguments.stackBackward ?? []), ...(contract.arguments.stackHalfGradients ?? [])];
    expect(names).toHaveLength(8);
    expect(namesIn(stackBackwardArguments(values, [half]), { ...values, ...half })).toEqual(names);
  });
});
