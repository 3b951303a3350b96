import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { GRU, type Tensor, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { bits, framesOf, inputsFor, sizes, stepsOf, variants } from "./stream_support.js";
import { expectError, layer, outputOf, random, stateOf } from "./support.js";

describe("stream: the layer's exact numbers", () => {
  const cases = Object.entries(variants).flatMap(([name, args]) => sizes.map((size) => ({ name, args, size })));

  it.each(cases)("$name, batch, units and features $size", ({ args, size: [batch, units, features] }) => {
    const gru = layer(units, features, args);
    const inputs = inputsFor(gru, batch, features);
    const expected = stepsOf(gru, inputs);
    const before = stateOf(gru);
    const stream = gru.stream({ batch });
    const frames = framesOf(inputs);
    expect(frames.map((frame) => bits(stream.push(frame).data))).toEqual(expected.outputs);
    expect(bits(stream.state.data)).toBe(expected.state);
    stream.reset();
    const out = new ((frames[0] as Float32Array).constructor as Float32ArrayConstructor)(batch * units);
    expect(frames.map((frame) => bits(stream.push(frame, out)))).toEqual(expected.outputs);
    expect(stateOf(gru)).toEqual(before);
  });

  it("frames of every kind", () => {
    const gru = layer(5, 3);
    const expected = bits(gru.stream({ batch: 2 }).push(random([2, 3]).data).data);
    const { data } = random([2, 3]);
    const shared = new Float32Array(new SharedArrayBuffer(24));
    shared.set(data);
    const kinds = [
      tensor(data, [2, 3]),
      { data, dims: [2, 3], type: "float32" },
      [Array.from(data.subarray(0, 3)), Array.from(data.subarray(3))],
      Float64Array.from(data),
      shared,
      {
        data: Float32Array.of(
          data[0] as number,
          data[3] as number,
          data[1] as number,
          data[4] as number,
          data[2] as number,
          data[5] as number,
        ),
        shape: [2, 3],
        strides: [1, 2],
      },
    ];
    for (const kind of kinds) expect(bits(gru.stream({ batch: 2 }).push(kind).data)).toBe(expected);
  });
});

describe("stream: results", () => {
  it("are one tensor, overwritten", () => {
    const stream = layer(4, 2).stream();
    const first = stream.push(Float32Array.of(1, 2));
    const kept = first.data.slice();
    const second = stream.push(Float32Array.of(3, 4));
    expect(second).toBe(first);
    expect(first.shape).toEqual([1, 4]);
    expect(first.dtype).toBe("float32");
    expect([...first.data]).not.toEqual([...kept]);
  });

  it("go to `out` where it is given: an array, a tensor, one of another library, shared memory, the frame itself", () => {
    const gru = layer(3, 3);
    const frame = Float32Array.of(0.5, -1, 2);
    const expected = [...gru.stream().push(frame).data];
    const array = new Float32Array(3);
    const owned = tensor(new Float32Array(3), [1, 3]);
    const foreign = { data: new Float32Array(3), dims: [1, 3] };
    const shared = new Float32Array(new SharedArrayBuffer(12));
    expect(gru.stream().push(frame, array)).toBe(array);
    expect(gru.stream().push(frame, owned)).toBe(owned);
    expect(gru.stream().push(frame, foreign)).toBe(foreign);
    expect(gru.stream().push(frame, shared)).toBe(shared);
    for (const result of [array, owned.data, foreign.data, shared]) expect([...result]).toEqual(expected);
    expect([...gru.stream().push(frame, frame)]).toEqual(expected);
    expect([...frame]).toEqual(expected);
  });

  it("a tensor whose memory was given away is replaced", () => {
    const stream = layer(2, 1).stream();
    const first = stream.push(Float32Array.of(1));
    structuredClone(first.data, { transfer: [first.data.buffer as ArrayBuffer] });
    const again = stream.push(Float32Array.of(1));
    expect(again.data.length).toBe(2);
    expect(again === first).toBe(false);
  });

  it("`state` is a copy", () => {
    const stream = layer(2, 1).stream();
    stream.push(Float32Array.of(1));
    const state = stream.state;
    const values = [...state.data];
    state.data.fill(9);
    expect([...stream.state.data]).toEqual(values);
    expect(state.shape).toEqual([1, 2]);
  });
});

describe("stream: state and weights", () => {
  const frame = Float32Array.of(0.3, -0.2);

  it("starts from `initial_state`, and again from `reset`", () => {
    const gru = layer(3, 2, { return_state: true });
    const state = random([1, 3], 5);
    const expected = bits(outputOf(gru.call(tensor(frame, [1, 1, 2]), { initial_state: state })).data);
    const zeros = bits(outputOf(gru.call(tensor(frame, [1, 1, 2]))).data);
    for (const initial_state of [state, [state] as [Tensor], state.data]) {
      expect(bits(gru.stream({ initial_state }).push(frame).data)).toBe(expected);
    }
    const stream = gru.stream();
    expect(bits(stream.push(frame).data)).toBe(zeros);
    stream.reset(state);
    state.data.fill(0);
    expect(bits(stream.push(frame).data)).toBe(expected);
    stream.reset();
    expect(bits(stream.push(frame).data)).toBe(zeros);
  });

  it("uses weights changed in between", () => {
    const gru = layer(3, 2);
    const stream = gru.stream();
    stream.push(frame);
    const state = stream.state;
    gru.kernel.assign(random([2, 9], 40));
    const expected = outputOf(gru.call(tensor(frame, [1, 1, 2]), { initial_state: state }));
    expect(bits(stream.push(frame).data)).toBe(bits(expected.data));
  });

  it("streams of one layer do not know each other", () => {
    const gru = layer(3, 2);
    const [a, b] = [gru.stream(), gru.stream()];
    const first = bits(a.push(frame).data);
    const second = bits(a.push(frame).data);
    expect(bits(b.push(frame).data)).toBe(first);
    expect(bits(b.push(frame).data)).toBe(second);
  });
});

describe("stream: errors leave it as it was", () => {
  const frame = Float32Array.of(0.3, -0.2);

  it("bad arguments", () => {
    const gru = layer(3, 2);
    expectError(() => new GRU(3).stream(), "ERR_NOT_BUILT", /`stream`/);
    expectError(() => gru.stream({ batch: 0 }), "ERR_ARGUMENT", /`batch`/);
    expectError(() => gru.stream({ batch: 1.5 }), "ERR_ARGUMENT", /`batch`/);
    expectError(() => gru.stream(3 as never), "ERR_ARGUMENT");
    expectError(() => gru.stream({ bach: 1 } as never), "ERR_ARGUMENT", /batch/);
    expectError(() => gru.stream({ initial_state: new Float32Array(2) }), "ERR_SHAPE", /`initial_state`/);
    expectError(() => gru.stream({ initial_state: "no" as never }), "ERR_ARGUMENT", /`initial_state`/);
    const huge = { batch: 2 ** 31 - 1 };
    expectError(() => layer(64, 1).stream(huge), "ERR_OUT_OF_MEMORY");
  });

  it("bad frames and `out`", () => {
    const gru = layer(3, 2);
    const stream = gru.stream();
    const first = bits(stream.push(frame).data);
    const state = bits(stream.state.data);
    const none = new Float32Array(2);
    structuredClone(none, { transfer: [none.buffer as ArrayBuffer] });
    expectError(() => stream.push(new Float32Array(3)), "ERR_SHAPE", /`frame`/);
    expectError(() => stream.push(tensor(frame, [2, 1])), "ERR_SHAPE", /`frame`/);
    expectError(() => stream.push(tensor(frame, [1, 2, 1])), "ERR_SHAPE", /\[1, 2\]/);
    expectError(() => stream.push(none), "ERR_ARGUMENT", /detached/);
    expectError(() => stream.push(null as never), "ERR_ARGUMENT", /`frame`/);
    expectError(() => stream.push(new BigInt64Array(2) as never), "ERR_DTYPE", /`frame`/);
    expectError(() => stream.push(frame, new Float32Array(2)), "ERR_SHAPE", /`out`/);
    expectError(() => stream.push(frame, new Float64Array(3)), "ERR_DTYPE", /`out`/);
    expectError(() => stream.push(frame, 3 as never), "ERR_ARGUMENT", /`out`/);
    expect(bits(stream.state.data)).toBe(state);
    expectError(() => stream.reset(new Float32Array(2)), "ERR_SHAPE", /`state`/);
    expect(bits(stream.state.data)).toBe(state);
    stream.reset();
    expect(bits(stream.push(frame).data)).toBe(first);
  });

  it("`autocast: false` refuses other floats, bare arrays included", () => {
    const stream = layer(3, 2, { autocast: false }).stream();
    expectError(() => stream.push(Float64Array.from(frame)), "ERR_DTYPE", /autocast/);
    expectError(() => stream.push(tensor(Float64Array.from(frame), [1, 2])), "ERR_DTYPE", /autocast/);
    stream.push(frame);
    stream.push([[0.5, 1]]);
    stream.push(Int32Array.of(1, 2));
  });

  it("an activation of one's own that throws, or uses its stream", () => {
    let act: () => void = () => {};
    const forward = (x: Float32Array, out: Float32Array) => {
      act();
      out.set(x);
    };
    const gru = layer(3, 2, { activation: { name: "mine", forward, backward: () => {} } as never });
    const stream = gru.stream();
    stream.push(frame);
    const state = bits(stream.state.data);
    act = () => {
      throw new RangeError("no");
    };
    expectError(() => stream.push(frame), "ERR_CALLBACK", /no/);
    expect(bits(stream.state.data)).toBe(state);
    act = () => stream.push(Float32Array.of(7, 7));
    expectError(() => stream.push(frame), "ERR_CALLBACK", /push/);
    expect(bits(stream.state.data)).toBe(state);
    const alone = gru.stream({ initial_state: stream.state });
    act = () => expectError(() => stream.push(Float32Array.of(7, 7)), "ERR_STATE");
    const result = bits(stream.push(frame).data);
    act = () => {};
    expect(bits(alone.push(frame).data)).toBe(result);
    stream.reset(gru.stream({ initial_state: new Float32Array(3) }).state);
    stream.push(frame);
    const before = bits(stream.state.data);
    const out = new Float32Array(3);
    act = () => void structuredClone(out, { transfer: [out.buffer as ArrayBuffer] });
    expectError(() => stream.push(frame, out), "ERR_ARGUMENT", /`out`/);
    expect(bits(stream.state.data)).toBe(before);
    act = () => {};
    stream.push(frame);
  });

  it("`use_cudnn: true` where there is none, or the layer is not eligible", () => {
    const stream = layer(3, 2, { use_cudnn: true }).stream();
    expectError(() => stream.push(frame), "ERR_CUDNN_UNAVAILABLE");
    const relu = layer(3, 2, { use_cudnn: true, activation: "relu" }).stream();
    expectError(() => relu.push(frame), "ERR_CUDNN_NOT_ELIGIBLE", /activation/);
  });

  it("after dispose, of the stream and of the layer", () => {
    const gru = layer(3, 2);
    const [stream, other] = [gru.stream(), gru.stream()];
    stream.dispose();
    stream[Symbol.dispose]();
    expectError(() => stream.push(frame), "ERR_DISPOSED", /stream/);
    expectError(() => stream.state, "ERR_DISPOSED");
    expectError(() => stream.reset(), "ERR_DISPOSED");
    other.push(frame);
    gru.dispose();
    expectError(() => other.push(frame), "ERR_DISPOSED", /layer/);
    expectError(() => gru.stream(), "ERR_DISPOSED");
    expect(other.state.shape).toEqual([1, 3]);
  });
});

it("200,000 steps allocate nothing: no garbage is collected meanwhile", () => {
  const program = `
    import { GRU } from "cudnn-gru";
    const gru = new GRU(8); gru.build([null, null, 4]);
    const stream = gru.stream(); const frame = new Float32Array(4); const out = new Float32Array(8);
    for (let i = 0; i < 50_000; i++) { stream.push(frame); stream.push(frame, out); }
    console.log("begin");
    for (let i = 0; i < 100_000; i++) { stream.push(frame); stream.push(frame, out); }
    console.log("end");`;
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const args = ["--trace-gc", "--input-type=module", "--eval", program];
  const text = execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  expect(text).toContain("begin");
  const meanwhile = text.slice(text.indexOf("begin"), text.indexOf("end"));
  expect(meanwhile.split("\n").filter((line) => /Scavenge|Mark-Compact/.test(line))).toEqual([]);
});
