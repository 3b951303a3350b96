import { GRU } from "cudnn-gru";
import { expect, it } from "vitest";
import { runChild } from "./support.js";

it("asynchronous methods reject, and never throw, on whatever they are called", async () => {
  const { callAsync, forwardAsync, warmUp } = GRU.prototype;
  for (const receiver of [undefined, null, {}, new Proxy(new GRU(1), {})]) {
    for (const method of [callAsync, forwardAsync, warmUp] as ((...args: unknown[]) => unknown)[]) {
      const promise = Reflect.apply(method, receiver, [[[[1]]]]);
      expect(promise).toBeInstanceOf(Promise);
      await expect(promise).rejects.toBeInstanceOf(TypeError);
    }
  }
});

it("a stream lets go of the caller's frame and `out`", async () => {
  const program = `
    const gru = built(4, 1000);
    const stream = gru.stream();
    const refs = [];
    (() => {
      const frame = new Float32Array(1000), out = new Float32Array(4);
      stream.push(frame, out);
      refs.push(new WeakRef(frame), new WeakRef(out));
    })();
    await sleep(5);
    gc();
    await sleep(5);
    gc();
    console.log(refs.every((ref) => ref.deref() === undefined));`;
  const ended = await runChild(program, { flags: ["--expose-gc"] });
  expect(ended).toMatchObject({ code: 0, stdout: "true", stderr: "" });
});

it("a layer with functions of the user's copies its inputs before code that builds the layer runs", async () => {
  const ended = await runChild(`
    const { initializers } = await import("cudnn-gru");
    const values = new Float32Array([1, 1, 1, 1]);
    class Thief extends initializers.Initializer {
      fill(out) { out.fill(0.1); if (values.length > 0) structuredClone(values.buffer, { transfer: [values.buffer] }); }
      getConfig() { return {}; }
    }
    const mine = { name: "mine", forward(input, output) { output.set(input); }, backward() {} };
    const gru = new GRU({ units: 2, activation: mine, kernel_initializer: new Thief() });
    const output = gru.call({ data: values, shape: [1, 2, 2] });
    console.log(output.shape.join(), values.length);`);
  expect(ended).toMatchObject({ code: 0, stdout: "1,2 0", stderr: "" });
});
