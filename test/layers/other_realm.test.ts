import { createContext, runInContext } from "node:vm";
import { createBatcher } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { builtLayer, data, F, inputs, shape, U } from "./hostile_support.js";
import { expectRejection } from "./support.js";

const context = createContext({});
/** An object of another realm, as Jest and vitest's VM pools make them. */
const foreign = (text: string) => runInContext(text, context) as never;

describe("memory of another realm", () => {
  it("can be given away", async () => {
    const gru = builtLayer();
    const wanted = gru.call(inputs());
    const theirs = () => {
      const array = foreign("new Float32Array(6)") as Float32Array;
      array.set(data());
      return array;
    };
    for (const call of [gru, createBatcher(gru, { maxBatch: 1 })]) {
      const array = theirs();
      expect(await call.callAsync({ data: array, shape }, { transfer: true })).toEqual(wanted);
      expect(array.length).toBe(0);
      expect(await call.callAsync({ data: theirs(), shape: foreign("[1, 2, 3]") })).toEqual(wanted);
    }
    expect((await gru.forwardAsync({ data: theirs(), shape }, { transfer: true })).output).toEqual(wanted[0]);
    expect([...gru.stream().push(theirs().subarray(0, F)).data]).toEqual([
      ...gru.stream().push(data().subarray(0, F)).data,
    ]);
  });

  it("serves as lengths, mask, state, out, weights and gradients", async () => {
    const gru = builtLayer();
    const plain = { lengths: Int32Array.of(1), initial_state: new Float32Array(U).fill(0.5) };
    const theirs = {
      lengths: foreign("Int32Array.of(1)"),
      initial_state: foreign("new Float32Array(4).fill(0.5)"),
      out: [foreign("new Float32Array(4)"), foreign("new Float32Array(4)")] as never,
    };
    const wanted = gru.call(inputs(), plain);
    const found = gru.call(inputs(), theirs);
    expect(found.map(({ data }) => [...data])).toEqual(wanted.map(({ data }) => [...data]));
    expect((await gru.callAsync(inputs(), theirs)).map(({ data }) => [...data])).toEqual(
      wanted.map((t) => [...t.data]),
    );
    expect(gru.explain({ lengths: theirs.lengths }).path).toBe("cpu");
    const mask = { data: foreign("Uint8Array.of(1, 0)"), shape: foreign("[1, 2]") } as never;
    expect(gru.call(inputs(), { mask, initial_state: theirs.initial_state })).toEqual(wanted);
    const gradient = foreign("new Float32Array(4).fill(1)") as Float32Array;
    const own = gru.forward(inputs()).backward({ output: new Float32Array(U).fill(1) });
    expect(gru.forward(inputs()).backward({ output: gradient })).toEqual(own);
    gru.setWeights([foreign("new Float32Array(36)"), foreign("new Float64Array(48)"), foreign("new Float32Array(24)")]);
    expect([...(gru.call(inputs())[0].data as Float32Array)]).toEqual([0, 0, 0, 0]);
  });

  it("which is shared cannot be given away, and is copied", async () => {
    const gru = builtLayer();
    const shared = foreign("new Float32Array(new SharedArrayBuffer(24))") as Float32Array;
    await expectRejection(() => gru.callAsync({ data: shared, shape }, { transfer: true }), "ERR_ARGUMENT", /transfer/);
    const running = gru.callAsync({ data: shared, shape });
    shared.fill(1e3);
    expect(await running).toEqual(gru.call({ data: new Float32Array(6), shape }));
  });
});
