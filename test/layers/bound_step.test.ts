import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { NativeGru } from "../../dist/native/binding.js";
import { native } from "../../dist/native/load.js";
import { expectError, numbers } from "./support.js";

/** The addon's own function, which must be safe whatever it is called with. */
function nativeGru(features: number, units: number, activation = "tanh"): NativeGru {
  const gru = new (native().NativeGru)({
    dtype: "float32",
    features,
    units,
    resetAfter: true,
    activation: { name: activation, parameters: [] },
    recurrentActivation: { name: "sigmoid", parameters: [] },
    stateRounding: null,
    cudaDevice: 0,
  });
  setWeights(gru, features, units, 1);
  return gru;
}

function setWeights(gru: NativeGru, features: number, units: number, seed: number): void {
  const values = (count: number) => Float32Array.from(numbers(count, seed));
  gru.setWeights(values(features * 3 * units), values(units * 3 * units), values(6 * units));
}

const shared = (count: number) => new Float32Array(new SharedArrayBuffer(count * 4));

describe("bindStep", () => {
  it("refuses memory that could be detached", () => {
    const gru = nativeGru(2, 3);
    const own = (count: number) => new Float32Array(count);
    expectError(() => gru.bindStep(own(2), shared(3), shared(3), 1), "ERR_ARGUMENT", /SharedArrayBuffer.*`inputs`/);
    expectError(() => gru.bindStep(shared(2), own(3), shared(3), 1), "ERR_ARGUMENT", /`output`/);
    expectError(() => gru.bindStep(shared(2), shared(3), own(3), 1), "ERR_ARGUMENT", /`state`/);
  });

  it("refuses arrays that are too short or of another kind, a bad batch and a custom activation", () => {
    const gru = nativeGru(2, 3);
    expectError(() => gru.bindStep(shared(1), shared(3), shared(3), 1), "ERR_SHAPE", /`inputs`/);
    expectError(() => gru.bindStep(shared(4), shared(5), shared(6), 2), "ERR_SHAPE", /`output`/);
    expectError(() => gru.bindStep(shared(2), shared(3), shared(2), 1), "ERR_SHAPE", /`state`/);
    const doubles = new Float64Array(new SharedArrayBuffer(24));
    expectError(() => gru.bindStep(shared(2), shared(3), doubles, 1), "ERR_DTYPE", /`state`/);
    expectError(() => gru.bindStep(shared(2), shared(3), null as never, 1), "ERR_DTYPE", /`state`/);
    expectError(() => gru.bindStep(shared(2), shared(3), shared(3), -1), "ERR_ARGUMENT", /`batch`/);
    expectError(() => gru.bindStep(shared(2), shared(3), shared(3), 2 ** 52), "ERR_SHAPE");
    const custom = nativeGru(2, 3, "custom");
    expectError(() => custom.bindStep(shared(2), shared(3), shared(3), 1), "ERR_UNSUPPORTED");
  });

  it("computes with the weights of the moment, until the layer is disposed", () => {
    const gru = nativeGru(2, 3);
    const [input, output, state] = [shared(2), shared(3), shared(3)];
    input.set([0.5, -1]);
    const step = gru.bindStep(input, output, state, 1);
    for (const seed of [2, 3]) {
      setWeights(gru, 2, 3, seed);
      const [expected, next] = [new Float32Array(3), new Float32Array(3)];
      gru.call(input, expected, next, state.slice(), null, null, null, null, 1, 1, 0);
      step();
      expect([[...output], [...state]]).toEqual([[...expected], [...next]]);
    }
    gru.dispose();
    const before = [...state];
    expectError(step, "ERR_DISPOSED");
    expect([...state]).toEqual(before);
  });

  it("keeps its layer and its arrays alive, and takes nothing from its caller", async () => {
    const made = () => {
      const [input, output] = [shared(2).fill(1), shared(3)];
      const gru = nativeGru(2, 3);
      const refs = [gru, input.buffer, output.buffer].map((held) => new WeakRef(held));
      return { step: gru.bindStep(input, output, shared(3), 1) as (...args: unknown[]) => unknown, refs };
    };
    const { step, refs } = made();
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      gc();
    }
    expect(refs.map((ref) => ref.deref() !== undefined)).toEqual([true, true, true]);
    expect(Reflect.apply(step, "anything", [1, 2, 3])).toBeUndefined();
  });
});
