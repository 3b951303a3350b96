// Results of several megabytes, under which the addon asks for huge pages.
import { GRU, type Tensor, tensor } from "cudnn-gru";
import { expect, it } from "vitest";

const [BATCH, STEPS, FEATURES, UNITS] = [64, 600, 64, 64];
const gru = new GRU(UNITS, { return_sequences: true, seed: 1 });
const inputs = tensor(
  Float32Array.from({ length: BATCH * STEPS * FEATURES }, (_, index) => Math.sin(index)),
  [BATCH, STEPS, FEATURES],
);

/** Transfers the array's buffer as `postMessage` does, and returns the array over the buffer that arrives. */
function transferred({ data }: Tensor): Float32Array {
  expect(data.byteOffset).toBe(0);
  expect(data.buffer.byteLength).toBe(data.byteLength);
  const copy = structuredClone(data as Float32Array<ArrayBuffer>, { transfer: [data.buffer as ArrayBuffer] });
  expect(data.byteLength).toBe(0);
  return copy;
}

it("large results are ordinary arrays that can be transferred, and the same numbers as in `out`", async () => {
  const out = new Float32Array(BATCH * STEPS * UNITS);
  expect(out.byteLength).toBeGreaterThan(8e6);
  gru.call(inputs, { out });
  const equal = (result: Tensor) => expect(Buffer.compare(Buffer.from(transferred(result).buffer), bytes)).toBe(0);
  const bytes = Buffer.from(out.buffer);
  equal(gru.call(inputs) as Tensor);
  equal((await gru.callAsync(inputs)) as Tensor);
  const pass = gru.forward(inputs);
  const { inputs: gradient, weights } = pass.backward({ output: tensor(out, [BATCH, STEPS, UNITS]) });
  equal(pass.output);
  const again = gru.forward(inputs).backward({ output: tensor(out, [BATCH, STEPS, UNITS]) });
  for (const [one, other] of [
    [gradient, again.inputs],
    [weights[0], again.weights[0]],
    [weights[1], again.weights[1]],
  ] as [Tensor, Tensor][]) {
    expect(Buffer.compare(Buffer.from(transferred(one).buffer), Buffer.from(transferred(other).buffer))).toBe(0);
  }
});
