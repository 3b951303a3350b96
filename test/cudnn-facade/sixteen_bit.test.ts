// 16-bit layers hand arrays of bits to the addon as they are, so that none is widened on its way to the device.

import { GRU, tensor } from "cudnn-gru";
import { beforeEach, describe, expect, it } from "vitest";
import { double, FOUND } from "./double.js";

const [B, T, F, U] = [2, 3, 4, 5];

describe.each(["float16", "bfloat16"] as const)("%s", (dtype) => {
  beforeEach(() => {
    double.info = FOUND;
    double.verdicts = { [`0 ${dtype}`]: { met: true, detail: "It works.", final: true } };
  });

  const bits = () => Uint16Array.from({ length: B * T * F }, (_, index) => 0x3c00 + index);
  const make = (args = {}) => new GRU(U, { dtype, return_sequences: true, ...args });

  it.each([true, false])("call reads and writes the caller's arrays, use_cudnn: %s", (use_cudnn) => {
    const inputs = bits();
    const out = new Uint16Array(B * T * U);
    make({ use_cudnn }).call(tensor(inputs, [B, T, F], dtype), { out });
    expect(double.arrays).toHaveLength(1);
    expect(double.arrays[0]?.[0]).toBe(inputs);
    expect(double.arrays[0]?.[1]).toBe(out);
  });

  it("without out, the output is the addon's array", () => {
    const output = make().call(tensor(bits(), [B, T, F], dtype));
    expect(double.arrays[0]?.[1]).toBe(output.data);
  });

  it("callAsync hands over a copy, or with transfer the buffer itself", async () => {
    const inputs = bits();
    const gru = make();
    const copied = await gru.callAsync(tensor(inputs, [B, T, F], dtype));
    expect(double.arrays[0]?.[0]).toEqual(inputs);
    expect(double.arrays[0]?.[0]?.buffer).not.toBe(inputs.buffer);
    const wanted = inputs.slice();
    const moved = await gru.callAsync(tensor(inputs, [B, T, F], dtype), { transfer: true });
    expect(double.arrays[1]?.[0]).toEqual(wanted);
    expect(inputs.length).toBe(0);
    expect(moved).toEqual(copied);
  });

  it("forward hands its inputs over too", () => {
    const inputs = bits();
    make()
      .forward(tensor(inputs, [B, T, F], dtype))
      .dispose();
    expect(double.arrays[0]?.[0]).toBe(inputs);
  });

  it("floats come rounded, as bits", () => {
    make().call(tensor(new Float32Array(B * T * F).fill(1), [B, T, F]));
    expect(double.arrays[0]?.[0]).toEqual(new Uint16Array(B * T * F).fill(dtype === "float16" ? 0x3c00 : 0x3f80));
  });
});
