// The same call returns the same bits, alone or among others.
import assert from "node:assert/strict";
import { it } from "node:test";
import { layer, onGpu, random, record, sameBits, skipReason } from "./support.mjs";

for (const dtype of ["float32", "float64", "float16", "bfloat16"]) {
  onGpu(`determinism, ${dtype}`, skipReason(dtype), () => {
    const args = { dtype, use_cudnn: true, return_sequences: true };
    const inputs = random([17, 40, 24], dtype);

    it("twice, and on another layer with the same weights", () => {
      const gru = layer(48, 24, args);
      const first = gru.call(inputs);
      for (let i = 0; i < 5; i++) assert.ok(sameBits(gru.call(inputs), first), `call ${i}`);
      assert.ok(sameBits(layer(48, 24, args).call(inputs), first));
    });

    it("eight asynchronous calls at once", async () => {
      const gru = layer(48, 24, args);
      const first = gru.call(inputs);
      const results = await Promise.all(Array.from({ length: 8 }, () => gru.callAsync(inputs)));
      const same = results.filter((result) => sameBits(result, first)).length;
      record(`determinism of 8 calls at once ${dtype}`, {
        same,
        workspace: process.env.CUBLAS_WORKSPACE_CONFIG ?? null,
      });
      assert.equal(same, 8);
    });

    it("gradients", async () => {
      const gru = layer(48, 24, args);
      const output = random([17, 40, 48], dtype, 4);
      const once = () => gru.forward(inputs).backward({ output });
      const first = once();
      for (const grads of [once(), await (await gru.forwardAsync(inputs)).backwardAsync({ output })]) {
        assert.ok(sameBits(grads.inputs, first.inputs));
        assert.ok(sameBits(grads.initial_state, first.initial_state));
        grads.weights.forEach((weight, index) => {
          assert.ok(sameBits(weight, first.weights[index]));
        });
      }
    });
  });
}
