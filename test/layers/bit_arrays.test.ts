// Calls of the addon on arrays of bits: the same, bit by bit, as on the floats that the bits stand for.
import "cudnn-gru";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NativeArray } from "../../dist/native/binding.js";
import { CALL_FLAGS, type NativeCallArguments } from "../../dist/native/contract.js";
import { native } from "../../dist/native/load.js";
import { numbers } from "./support.js";

interface Case {
  batch: number;
  timesteps: number;
  features: number;
  units: number;
  resetAfter?: boolean;
  activation?: string;
  mask?: boolean;
  lengths?: boolean;
  inputDropout?: 1 | 3;
  recurrentDropout?: boolean;
  initialState?: boolean;
}

const small = { batch: 3, timesteps: 7, features: 5, units: 6 };

const CASES: Record<string, Case> = {
  plain: small,
  "a state": { ...small, initialState: true },
  "a mask with holes": { ...small, mask: true },
  lengths: { ...small, lengths: true, initialState: true },
  "reset_after=False": { ...small, resetAfter: false, mask: true },
  "an activation of whole rows": { ...small, activation: "softmax", lengths: true },
  "one dropout mask": { ...small, inputDropout: 1, mask: true },
  "three dropout masks": { ...small, inputDropout: 3, recurrentDropout: true, lengths: true },
  "many chunks of steps": { batch: 40, timesteps: 30, features: 9, units: 33, mask: true },
  "units divided among threads": { batch: 1, timesteps: 12, features: 40, units: 300, inputDropout: 3 },
};

const { returnSequences, goBackwards, zeroOutputForMask } = CALL_FLAGS;
const FLAGS = [0, returnSequences].flatMap((one) => [one, one | goBackwards, one | zeroOutputForMask]);

describe.each(["float16", "bfloat16"] as const)("%s", (dtype) => {
  const bitsOf = (values: Float32Array) => {
    const bits = new Uint16Array(values.length);
    native().narrow(bits, values, dtype);
    return bits;
  };
  /** Values that the type holds. */
  const values = (length: number, seed: number, scale = 1) => {
    const bits = bitsOf(Float32Array.from(numbers(length, seed), (value) => value * scale));
    const exact = new Float32Array(length);
    native().widen(exact, bits, dtype);
    return exact;
  };

  function prepare(one: Case) {
    const { batch: B, timesteps: T, features: F, units: U } = one;
    const resetAfter = one.resetAfter ?? true;
    const gru = new (native().NativeGru)({
      dtype: "float32",
      features: F,
      units: U,
      resetAfter,
      activation: { name: one.activation ?? "tanh", parameters: [] },
      recurrentActivation: { name: "sigmoid", parameters: [] },
      stateRounding: dtype,
      cudaDevice: 0,
    });
    const weights = [F * 3 * U, U * 3 * U, (resetAfter ? 2 : 1) * 3 * U].map((n, i) => values(n, 5 + i, U ** -0.5));
    gru.setWeights(...(weights as [NativeArray, NativeArray, NativeArray]));
    const inputs = values(B * T * F, 1);
    // Every kind of number: a NaN or an infinity in the last row only.
    inputs.set([Number.NaN, Number.POSITIVE_INFINITY, 2 ** -20, -0], inputs.length - Math.min(F, 4));
    const rest = (flags: number): NativeCallArguments => [
      inputs,
      new Float32Array(B * U * (flags & returnSequences ? T : 1)).fill(9),
      new Float32Array(B * U).fill(9),
      one.initialState ? values(B * U, 2) : null,
      one.mask ? Uint8Array.from({ length: B * T }, (_, i) => (i % 3 === 1 || i < T - 1 ? 0 : 1)) : null,
      one.lengths ? Int32Array.from({ length: B }, (_, row) => Math.max(T - 3 * row, 0)) : null,
      one.inputDropout ? values(one.inputDropout * B * F, 3) : null,
      one.recurrentDropout ? values(3 * B * U, 4) : null,
      B,
      T,
      flags,
    ];
    return { gru, inputs, rest, sizes: [B * T * F, B * U, F * 3 * U, U * 3 * U, (resetAfter ? 2 : 1) * 3 * U] };
  }

  let threads = 1;
  beforeEach(() => {
    threads = native().cpuInfo().threads;
  });
  afterEach(() => native().setThreads(threads));

  it.each(Object.entries(CASES))("call: %s", async (_name, one) => {
    const { gru, inputs, rest } = prepare(one);
    for (const threads of [1, 3]) {
      native().setThreads(threads);
      for (const flags of FLAGS) {
        const floats = rest(flags);
        gru.call(...floats);
        const [, output, state] = floats;
        for (const [x, y] of [
          [bitsOf(inputs), new Float32Array(output.length).fill(9)],
          [inputs, new Uint16Array(output.length).fill(9)],
          [bitsOf(inputs), new Uint16Array(output.length).fill(9)],
        ] as const) {
          const args = rest(flags);
          args[0] = x;
          args[1] = y;
          gru.call(...args);
          expect(y).toEqual(y instanceof Uint16Array ? bitsOf(output as Float32Array) : output);
          expect(args[2]).toEqual(state);
        }
      }
    }
    const floats = rest(returnSequences);
    gru.call(...floats);
    const args = rest(returnSequences);
    args[0] = bitsOf(inputs);
    args[1] = new Uint16Array(floats[1].length);
    await gru.callAsync(1, ...args);
    expect(args[1]).toEqual(bitsOf(floats[1] as Float32Array));
    gru.dispose();
  });

  it.each(Object.entries(CASES))("forward and backward: %s", (_name, one) => {
    const { gru, inputs, rest, sizes } = prepare(one);
    inputs.set(new Float32Array(4), inputs.length - 4);
    const gradients = (x: Float32Array | Uint16Array) => {
      const args = rest(returnSequences);
      args[0] = x;
      const pass = gru.forward(...args);
      if (x instanceof Uint16Array) x.fill(0);
      const found = sizes.map((size) => new Float32Array(size));
      const [a, b, c, d, e] = found as [NativeArray, NativeArray, NativeArray, NativeArray, NativeArray];
      pass.backward(values(args[1].length, 8), values(args[2].length, 9), a, b, c, d, e);
      pass.dispose();
      return [args[1], args[2], ...found];
    };
    expect(gradients(bitsOf(inputs))).toEqual(gradients(inputs));
    gru.dispose();
  });

  it("arrays that are too short, or of another layer's kind, are refused", () => {
    const { gru, inputs, rest } = prepare(small);
    const refused = (change: (args: NativeCallArguments) => void, code: string, name = "call") => {
      const args = rest(returnSequences);
      change(args);
      const run = () => (name === "call" ? gru.call(...args) : gru.forward(...args));
      expect(run).toThrow(expect.objectContaining({ code }));
    };
    refused((args) => {
      args[0] = bitsOf(inputs).subarray(1);
    }, "ERR_SHAPE");
    refused((args) => {
      args[1] = new Uint16Array(args[1].length - 1);
    }, "ERR_SHAPE");
    refused((args) => {
      args[0] = new Int16Array(args[0].length) as never;
    }, "ERR_DTYPE");
    refused(
      (args) => {
        args[1] = new Uint16Array(args[1].length);
      },
      "ERR_DTYPE",
      "forward",
    );
    const plain = new (native().NativeGru)({
      dtype: "float32",
      features: small.features,
      units: small.units,
      resetAfter: true,
      activation: { name: "tanh", parameters: [] },
      recurrentActivation: { name: "sigmoid", parameters: [] },
      stateRounding: null,
      cudaDevice: 0,
    });
    const { features: F, units: U } = small;
    plain.setWeights(new Float32Array(F * 3 * U), new Float32Array(U * 3 * U), new Float32Array(6 * U));
    const args = rest(0);
    args[0] = bitsOf(inputs);
    expect(() => plain.call(...args)).toThrow(expect.objectContaining({ code: "ERR_DTYPE" }));
  });
});
