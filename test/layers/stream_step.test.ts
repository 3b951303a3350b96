import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { GRU } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { bits, framesOf, inputsFor, OWN, sizes, stepsOf, variants } from "./stream_support.js";
import { expectError, layer, outputOf, random } from "./support.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

describe("step: the numbers of a sequence", () => {
  const cases = Object.entries(variants).flatMap(([name, args]) => sizes.map((size) => ({ name, args, size })));

  it.each(cases)("$name, batch, units and features $size", ({ args, size: [batch, units, features] }) => {
    const gru = layer(units, features, args);
    const inputs = inputsFor(gru, batch, features);
    const expected = stepsOf(gru, inputs);
    const stream = gru.stream({ batch });
    const { input, output } = stream;
    const outputs = framesOf(inputs).map((frame) => {
      input.set(frame);
      stream.step();
      return bits(output);
    });
    expect(outputs).toEqual(expected.outputs);
    expect(bits(stream.state.data)).toBe(expected.state);
  });

  it("so much work that several threads share a step", () => {
    const gru = layer(700, 700, { return_sequences: true });
    const frame = random([1, 1, 700]);
    const stream = gru.stream();
    stream.input.set(frame.data);
    stream.step();
    expect(bits(stream.output)).toBe(bits(outputOf(gru.call(frame)).data));
  });

  it("steps and pushes of one stream carry one state, and share `input` and `output`", () => {
    const gru = layer(3, 2);
    const inputs = inputsFor(gru, 1, 2);
    const { outputs } = stepsOf(gru, inputs);
    const stream = gru.stream();
    const frames = framesOf(inputs);
    const mixed = frames.map((frame, t) => {
      if (t % 2 === 0) {
        const result = stream.push(frame);
        expect([...stream.input]).toEqual([...frame]);
        expect(bits(stream.output)).toBe(bits(result.data));
      } else {
        stream.input.set(frame);
        stream.step();
      }
      return bits(stream.output);
    });
    expect(mixed).toEqual(outputs);
  });

  it("`input` and `output` may be pushed, and written to", () => {
    const gru = layer(2, 2);
    const [stream, other] = [gru.stream(), gru.stream()];
    stream.input.set([0.5, -1]);
    expect(bits(stream.push(stream.input).data)).toBe(bits(other.push(Float32Array.of(0.5, -1)).data));
    const feedback = other.output.slice();
    expect(stream.push(stream.output, stream.input)).toBe(stream.input);
    expect(bits(stream.input)).toBe(bits(other.push(feedback).data));
  });
});

describe("step: arrays and weights", () => {
  it("the arrays are always the same, of the compute dtype, and zeros at first", () => {
    for (const [dtype, Type] of [
      ["float32", Float32Array],
      ["float64", Float64Array],
      ["float16", Uint16Array],
    ] as const) {
      const stream = layer(3, 2, { dtype, recurrent_initializer: "zeros" }).stream({ batch: 4 });
      expect(stream.input).toBeInstanceOf(Type);
      expect(stream.output).toBeInstanceOf(Type);
      expect([...stream.input]).toEqual(new Array(8).fill(0));
      expect([...stream.output]).toEqual(new Array(12).fill(0));
      const { input, output } = stream;
      stream.step();
      expect(stream.input === input && stream.output === output).toBe(true);
    }
  });

  it("nobody can detach them", () => {
    const { input, output } = layer(3, 2).stream();
    for (const { buffer } of [input, output]) {
      expect(buffer).toBeInstanceOf(SharedArrayBuffer);
      expect(() => structuredClone(buffer, { transfer: [buffer as never] })).toThrow();
    }
  });

  it("uses weights changed in between, at once", () => {
    const gru = layer(3, 2);
    const stream = gru.stream();
    stream.input.set([0.3, -0.2]);
    stream.step();
    for (const change of [
      () => gru.kernel.assign(random([2, 9], 40)),
      () => gru.setWeights([random([2, 9], 41), random([3, 9], 42), random([2, 9], 43)]),
    ]) {
      const { state } = stream;
      change();
      stream.step();
      const expected = outputOf(gru.call({ data: stream.input, shape: [1, 1, 2] }, { initial_state: state }));
      expect(bits(stream.output)).toBe(bits(expected.data));
    }
  });

  it("a stateful layer keeps its own state", () => {
    const gru = layer(3, 2, { stateful: true });
    gru.call(random([1, 4, 2]));
    const before = gru.states?.map(({ data }) => bits(data));
    const stream = gru.stream();
    stream.step();
    expect(gru.states?.map(({ data }) => bits(data))).toEqual(before);
    const zeros = outputOf(layer(3, 2).call({ data: new Float32Array(2), shape: [1, 1, 2] }));
    expect(bits(stream.output)).toBe(bits(zeros.data));
  });
});

describe("step: errors leave the stream as it was", () => {
  it("after dispose, of the stream and of the layer", () => {
    const gru = layer(3, 2);
    const [stream, other, never] = [gru.stream(), gru.stream(), gru.stream()];
    const { output } = stream;
    stream.step();
    other.step();
    stream.dispose();
    expectError(() => stream.step(), "ERR_DISPOSED", /`step`.*stream|stream.*`step`/);
    expectError(() => stream.input, "ERR_DISPOSED", /`input`/);
    expectError(() => stream.output, "ERR_DISPOSED", /`output`/);
    expect(output.length).toBe(3);
    const state = bits(other.state.data);
    gru.dispose();
    expectError(() => other.step(), "ERR_DISPOSED", /layer/);
    expectError(() => never.step(), "ERR_DISPOSED", /layer/);
    expect(bits(other.state.data)).toBe(state);
  });

  it("an activation of one's own that throws, or steps its stream", () => {
    let act: () => void = () => {};
    const forward = (x: Float32Array, out: Float32Array) => {
      act();
      OWN.forward(x, out);
    };
    const gru = layer(3, 2, { activation: { name: "mine", forward, backward: () => {} } as never });
    const stream = gru.stream({ batch: 2 });
    stream.input.set([1, 2, 3, 4]);
    stream.step();
    const [state, output] = [bits(stream.state.data), bits(stream.output)];
    let rows = 0;
    act = () => {
      rows += 1;
      if (rows === 2) throw new RangeError("no");
    };
    expectError(() => stream.step(), "ERR_CALLBACK", /no/);
    act = () => stream.step();
    expectError(() => stream.step(), "ERR_CALLBACK", /step/);
    expect([bits(stream.state.data), bits(stream.output)]).toEqual([state, output]);
    act = () => stream.input.fill(Number.NaN);
    stream.step();
  });

  it("`use_cudnn: true` where there is none", () => {
    const stream = layer(3, 2, { use_cudnn: true }).stream();
    expectError(() => stream.step(), "ERR_CUDNN_UNAVAILABLE");
    expect([...stream.state.data]).toEqual([0, 0, 0]);
  });

  it("a stream whose arrays would be too large", () => {
    expectError(() => layer(1, 64).stream({ batch: 2 ** 31 - 1 }), "ERR_OUT_OF_MEMORY");
  });
});

describe("step: memory", () => {
  it("200,000 steps allocate nothing", () => {
    const program = `
      import { GRU } from "cudnn-gru";
      const gru = new GRU(8); gru.build([null, null, 4]);
      const stream = gru.stream();
      for (let i = 0; i < 50_000; i++) stream.step();
      console.log("begin");
      for (let i = 0; i < 200_000; i++) stream.step();
      console.log("end");`;
    const args = ["--trace-gc", "--input-type=module", "--eval", program];
    const text = execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" });
    const meanwhile = text.slice(text.indexOf("begin"), text.indexOf("end"));
    expect(text).toContain("begin");
    expect(meanwhile.split("\n").filter((line) => /Scavenge|Mark-Compact/.test(line))).toEqual([]);
  });

  it("streams that nobody holds are collected, with their native memory", () => {
    const program = `
      import { setTimeout as sleep } from "node:timers/promises";
      import { GRU, memoryUsage } from "cudnn-gru";
      const gru = new GRU(64); gru.build([null, null, 64]);
      const round = async (count) => {
        for (let i = 0; i < count; i++) { gru.stream().step(); if (i % 100 === 0) await sleep(1); }
        // Native memory goes with the first collection, and lets go of the arrays that the next one takes.
        for (let i = 0; i < 10; i++) { gc(); await sleep(5); }
        return [memoryUsage().scratch, process.memoryUsage().arrayBuffers];
      };
      const [scratch, buffers] = await round(500);
      const after = await round(3000);
      console.log(after[0] <= scratch + 1e5, after[1] <= buffers + 1e5, JSON.stringify([scratch, buffers, after]));`;
    const args = ["--expose-gc", "--input-type=module", "--eval", program];
    expect(execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" })).toMatch(/^true true/);
  });

  it("a worker that writes to `input` and `output` meanwhile disturbs numbers only", () => {
    const program = `
      import { Worker } from "node:worker_threads";
      import { GRU } from "cudnn-gru";
      const gru = new GRU(40, { kernel_initializer: "ones" }); gru.build([null, null, 16]);
      const streams = ["float32", "float16"].map((dtype) => {
        const gru = new GRU(40, { dtype, recurrent_initializer: "glorot_uniform" });
        gru.build([null, null, 16]);
        return gru.stream({ batch: 2 });
      });
      const worker = new Worker(\`
        import { parentPort, workerData } from "node:worker_threads";
        parentPort.postMessage("on");
        for (let i = 0; ; i++) for (const array of workerData) array[i % array.length] = i % 7 === 0 ? NaN : i;
      \`, { eval: true, workerData: streams.flatMap(({ input, output }) => [input, output]) });
      await new Promise((resolve) => worker.once("message", resolve));
      const other = gru.stream();
      const expected = gru.stream().push(new Float32Array(16)).data.slice();
      for (let i = 0; i < 20_000; i++) {
        for (const stream of streams) stream.step();
        for (const stream of streams) stream.push(stream.input, stream.output);
      }
      const fine = other.push(new Float32Array(16)).data.join() === expected.join();
      await worker.terminate();
      console.log(fine, streams.every((stream) => { stream.reset(); return stream.state.data.every((bits) => bits === 0); }));`;
    const args = ["--input-type=module", "--eval", program];
    expect(execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" }).trim()).toBe("true true");
  });

  it("many streams of one layer, made and stepped in turn, do not know each other", () => {
    const gru = new GRU(5);
    gru.build([null, null, 3]);
    const frames = Array.from({ length: 20 }, (_, seed) => random([1, 3], seed).data);
    const alone = frames.map((frame) => bits(gru.stream().push(frame).data));
    const streams = frames.map(() => gru.stream());
    streams.forEach(({ input }, i) => void input.set(frames[i] as Float32Array));
    for (const stream of streams) stream.step();
    expect(streams.map(({ output }) => bits(output))).toEqual(alone);
  });
});
