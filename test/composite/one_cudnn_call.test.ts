// Which calls of a Bidirectional or a GRUStack are one cuDNN call, where every GRU takes the cuDNN path.
import { Bidirectional, GRU, type GRUArguments, GRUStack } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { compositeOf } from "../../dist/layers/composite/composite_layer.js";
import { oneCudnnCall } from "../../dist/layers/composite/one_cudnn_call.js";

const CALL = { timesteps: 10, training: false };

function gru(units: number, args: GRUArguments = {}): GRU {
  return new GRU(units, { return_sequences: true, name: `gru_of_${units}`, ...args });
}

/** The answer if every half takes the cuDNN path. */
function answer(layer: unknown, call: Parameters<typeof oneCudnnCall>[1] = CALL) {
  const composite = compositeOf(layer);
  if (composite === undefined) throw new Error("Expected a Bidirectional or a GRUStack.");
  return oneCudnnCall(
    composite,
    call,
    composite.halves.map(() => true),
  );
}

describe("one cuDNN call", () => {
  it.each<[string, () => unknown]>([
    ["a Bidirectional of any merge mode", () => new Bidirectional(gru(4), { merge_mode: "mul" })],
    ["GRUs of equal units", () => new GRUStack([gru(4), gru(4, { name: "b" }), gru(4, { name: "c" })])],
    [
      "Bidirectionals, of which the last may sum",
      () => new GRUStack([new Bidirectional(gru(4)), new Bidirectional(gru(4, { name: "b" }), { merge_mode: "sum" })]),
    ],
  ])("%s", (_, make) => {
    expect(answer(make())).toEqual({ met: true, detail: "one cuDNN call computes all layers and directions" });
  });

  it.each<[string, () => unknown, RegExp]>([
    ["other units", () => new GRUStack([gru(4), gru(5)]), /^"gru_of_5" has 5 units, and "gru_of_4" has 4$/],
    [
      "directions that differ",
      () => new GRUStack([new Bidirectional(gru(4), { name: "both" }), gru(4)]),
      /^"gru_of_4" has one direction, unlike "both"$/,
    ],
    [
      "a sum inside",
      () =>
        new GRUStack([
          new Bidirectional(gru(4), { name: "first", merge_mode: "sum" }),
          new Bidirectional(gru(4, { name: "b" })),
        ]),
      /^"first" has another merge_mode than "concat"/,
    ],
    [
      "a layer that goes backwards",
      () => new GRUStack([gru(4, { go_backwards: true }), gru(4, { name: "b" })]),
      /^"gru_of_4" goes in another direction/,
    ],
    ["several dtypes", () => new GRUStack([gru(4), gru(4, { name: "b", dtype: "float64" })]), /several dtypes/],
    ["another device", () => new GRUStack([gru(4), gru(4, { name: "b", cuda_device: 1 })]), /^"b" is on another CUDA/],
    ["one GRU", () => new GRUStack([gru(4)]), /one GRU/],
  ])("is not made for %s, and the reason names it", (_, make, detail) => {
    expect(answer(make())).toMatchObject({ met: false, detail: expect.stringMatching(detail) });
  });

  it("depends on the call: dropout counts in training, and so do very many timesteps", () => {
    const both = new Bidirectional(gru(4, { dropout: 0.5 }));
    expect(answer(both).met).toBe(true);
    expect(answer(both, { ...CALL, training: true })).toMatchObject({
      met: false,
      detail: expect.stringContaining("dropout"),
    });
    expect(answer(both, { ...CALL, timesteps: 65_536 }).detail).toContain("65535 timesteps");
    expect(answer(both, { ...CALL, timesteps: 65_535 }).met).toBe(true);
  });

  it("names the first GRU that takes the CPU path", () => {
    const stack = new GRUStack([gru(4), gru(4, { name: "b", use_cudnn: false })]);
    const { one_cudnn_call, path } = stack.explain();
    expect(["cpu", "mixed"]).toContain(path);
    expect(one_cudnn_call.met).toBe(false);
    expect(one_cudnn_call.detail).toMatch(/takes the CPU path$/);
  });
});
