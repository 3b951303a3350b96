// 10,000 calls with flat memory, on the host and on the device; all memory is freed afterwards.
import assert from "node:assert/strict";
import { it } from "node:test";
import { memoryUsage } from "cudnn-gru";
import { layer, onGpu, random, record, skipReason } from "./support.mjs";

const CALLS = 10_000;
/** A slow machine makes fewer in this time, but no fewer than a tenth. */
const SECONDS = 30;
const MIB = 2 ** 20;

function usage() {
  const { device, pinned } = memoryUsage();
  return { device, pinned, resident: process.memoryUsage.rss() };
}

onGpu("memory", skipReason(), () => {
  it(`${CALLS} calls or ${SECONDS} s of them, forward and training steps in turn`, async () => {
    const gru = layer(64, 32, { use_cudnn: true, return_sequences: true });
    const inputs = random([8, 20, 32]);
    const output = random([8, 20, 64], "float32", 2);
    const out = gru.call(inputs);
    const round = async (index) => {
      if (index % 4 === 0) gru.call(inputs, { out });
      else if (index % 4 === 1) await gru.callAsync(inputs, { lengths: [20, 1, 5, 0, 20, 3, 7, 9] });
      else if (index % 4 === 2) gru.forward(inputs).backward({ output });
      else await (await gru.forwardAsync(inputs)).backwardAsync({ output });
    };
    for (let i = 0; i < CALLS / 10; i++) await round(i);
    const before = usage();
    const end = performance.now() + SECONDS * 1000;
    let calls = 0;
    while (calls < CALLS && (calls < CALLS / 10 || performance.now() < end)) await round(calls++);
    const after = usage();
    record("memory", { calls, before, after });
    assert.equal(after.device, before.device);
    assert.equal(after.pinned, before.pinned);
    assert.ok(after.resident - before.resident < 64 * MIB, `${(after.resident - before.resident) / MIB} MiB more`);
  });

  it("what dispose gives back is used again", () => {
    const use = () => {
      const gru = layer(512, 512, { use_cudnn: true });
      const pass = gru.forward(random([16, 20, 512]));
      const { device } = memoryUsage();
      pass.dispose();
      gru.dispose();
      return device;
    };
    const before = memoryUsage().device;
    const during = use();
    assert.ok(during - before > 6 * 512 * 512 * 4, "weights are on the device");
    for (let i = 0; i < 20; i++) assert.equal(use(), during);
    record("memory of one layer", { before, during, after: memoryUsage().device });
  });

  it("more than the device has is ERR_OUT_OF_MEMORY, and the next call works", () => {
    const gru = layer(16, 16, { use_cudnn: true });
    const inputs = random([2, 3, 16]);
    const expected = gru.call(inputs);
    const passes = [];
    const large = layer(1024, 8, { use_cudnn: true });
    const many = random([4096, 64, 8]);
    let code = null;
    for (let i = 0; i < 400 && code === null; i++) {
      try {
        passes.push(large.forward(many));
      } catch (error) {
        ({ code } = error);
      }
    }
    record("passes until the device was full", { passes: passes.length, code });
    for (const pass of passes) pass.dispose();
    assert.equal(code, "ERR_OUT_OF_MEMORY");
    assert.deepEqual(gru.call(inputs), expected);
  });
});
