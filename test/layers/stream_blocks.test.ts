import { type GRUStream, type Tensor, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { bits, framesOf, inputsFor, sizes, stepsOf, TIMESTEPS, variants } from "./stream_support.js";
import { expectError, layer, random } from "./support.js";

/** Returns the timesteps from `begin` to `end - 1` of a (batch, timesteps, features) tensor. */
function part({ data, shape, dtype }: Tensor, begin: number, end: number): Tensor {
  const [batch, timesteps, features] = shape as [number, number, number];
  const rows = Array.from({ length: batch }, (_, b) => [
    ...data.subarray((b * timesteps + begin) * features, (b * timesteps + end) * features),
  ]);
  const values = new (data.constructor as Float32ArrayConstructor)(rows.flat());
  return tensor(values, [batch, end - begin, features], dtype);
}

/** Returns the outputs of each timestep when the sequence is pushed in blocks that end at `ends`. */
function inBlocks(stream: GRUStream, inputs: Tensor, ends: readonly number[]): string[] {
  return ends.flatMap((end, i) => framesOf(stream.push(part(inputs, ends[i - 1] ?? 0, end))).map(bits));
}

describe("blocks: the numbers of a sequence", () => {
  const cases = Object.entries(variants).flatMap(([name, args]) => sizes.map((size) => ({ name, args, size })));

  it.each(cases)("$name, batch, units and features $size", ({ args, size: [batch, units, features] }) => {
    const gru = layer(units, features, args);
    const inputs = inputsFor(gru, batch, features);
    const expected = stepsOf(gru, inputs);
    for (const ends of [[TIMESTEPS], [1, 4, TIMESTEPS], [2, 3, 5, TIMESTEPS]]) {
      const stream = gru.stream({ batch });
      expect(inBlocks(stream, inputs, ends)).toEqual(expected.outputs);
      expect(bits(stream.state.data)).toBe(expected.state);
    }
    const stream = gru.stream({ batch });
    const out = stream
      .push(part(inputs, 0, TIMESTEPS))
      .data.slice()
      .fill(1);
    stream.reset();
    expect(stream.push(part(inputs, 0, TIMESTEPS), out)).toBe(out);
    expect(framesOf(tensor(out, [batch, TIMESTEPS, units], gru.compute_dtype)).map(bits)).toEqual(expected.outputs);
    expect(bits(stream.state.data)).toBe(expected.state);
  });

  it("frames, steps and blocks of one stream carry one state; a block leaves `input` and `output` alone", () => {
    const gru = layer(3, 2);
    const inputs = inputsFor(gru, 1, 2);
    const { outputs } = stepsOf(gru, inputs);
    const stream = gru.stream();
    const [first, second] = framesOf(inputs) as [Float32Array, Float32Array];
    const found = [bits(stream.push(first).data)];
    stream.input.set(second);
    stream.step();
    found.push(bits(stream.output));
    found.push(...framesOf(stream.push(part(inputs, 2, TIMESTEPS))).map(bits));
    expect(found).toEqual(outputs);
    expect(bits(stream.input)).toBe(bits(second));
    expect(bits(stream.output)).toBe(found[1]);
  });

  it("of every kind", () => {
    const gru = layer(4, 3);
    const inputs = random([2, 5, 3]);
    const expected = bits(gru.stream({ batch: 2 }).push(inputs).data);
    const shared = new Float32Array(new SharedArrayBuffer(120));
    shared.set(inputs.data);
    const timeMajor = Float32Array.from({ length: 30 }, (_, i) => {
      const [t, b, f] = [Math.floor(i / 6), Math.floor(i / 3) % 2, i % 3] as const;
      return inputs.data[(b * 5 + t) * 3 + f] as number;
    });
    for (const kind of [
      { data: inputs.data, dims: [2, 5, 3], type: "float32" },
      inputs.toArray() as number[][][],
      tensor(Float64Array.from(inputs.data), [2, 5, 3]),
      { data: shared, shape: [2, 5, 3] },
      { data: timeMajor, shape: [2, 5, 3], strides: [3, 6, 1] },
    ]) {
      expect(bits(gru.stream({ batch: 2 }).push(kind).data)).toBe(expected);
    }
  });

  it("a bare array of several frames, in a stream of one row", () => {
    const gru = layer(4, 3);
    const inputs = random([1, 5, 3]);
    const expected = gru.stream().push(inputs);
    expect(expected.shape).toEqual([1, 5, 4]);
    const found = gru.stream().push(inputs.data);
    expect(found.shape).toEqual([1, 5, 4]);
    expect(bits(found.data)).toBe(bits(expected.data));
    expect(bits(gru.stream().push(Float64Array.from(inputs.data), new Float32Array(20)))).toBe(bits(expected.data));
    const half = layer(4, 3, { dtype: "float16", recurrent_initializer: "zeros" });
    const ones = new Uint16Array(6).fill(0x3c00);
    expect(half.stream().push(ones).shape).toEqual([1, 2, 4]);
  });
});

describe("blocks: results", () => {
  it("are a tensor of the stream's own, apart from that of frames, until the length changes", () => {
    const stream = layer(4, 2).stream();
    const frame = stream.push(Float32Array.of(1, 2));
    const kept = [...frame.data];
    const block = stream.push(random([1, 3, 2]));
    expect(stream.push(random([1, 3, 2], 2))).toBe(block);
    expect([...frame.data]).toEqual(kept);
    const longer = stream.push(random([1, 4, 2]));
    expect(longer === block).toBe(false);
    expect(longer.shape).toEqual([1, 4, 4]);
    expect(stream.push(random([1, 1, 2])).shape).toEqual([1, 1, 4]);
  });

  it("a tensor whose memory was given away is replaced", () => {
    const stream = layer(2, 1).stream();
    const first = stream.push(random([1, 3, 1]));
    structuredClone(first.data, { transfer: [first.data.buffer as ArrayBuffer] });
    expect(stream.push(random([1, 3, 1])).data.length).toBe(6);
  });

  it("go to `out`: an array, a tensor, shared memory, the block itself", () => {
    const gru = layer(3, 3);
    const block = random([1, 4, 3]);
    const expected = bits(gru.stream().push(block).data);
    const array = new Float32Array(12);
    const owned = tensor(new Float32Array(12), [1, 4, 3]);
    const foreign = { data: new Float32Array(12), dims: [1, 4, 3] };
    const shared = new Float32Array(new SharedArrayBuffer(48));
    expect(gru.stream().push(block, array)).toBe(array);
    expect(gru.stream().push(block, owned)).toBe(owned);
    expect(gru.stream().push(block, foreign)).toBe(foreign);
    expect(gru.stream().push(block, shared)).toBe(shared);
    for (const result of [array, owned.data, foreign.data, shared]) expect(bits(result)).toBe(expected);
    const stream = gru.stream();
    stream.push(block, block);
    expect(bits(block.data)).toBe(expected);
    // Its own result as the next block.
    const again = stream.push(stream.push(block));
    expect(again.shape).toEqual([1, 4, 3]);
  });
});

describe("blocks: errors leave the stream as it was", () => {
  it("bad blocks and `out`", () => {
    const stream = layer(3, 2).stream({ batch: 2 });
    stream.push(random([2, 3, 2]));
    const state = bits(stream.state.data);
    expectError(() => stream.push(random([2, 0, 2])), "ERR_SHAPE", /\[2, timesteps, 2\]/);
    expectError(() => stream.push(random([1, 3, 2])), "ERR_SHAPE", /`frame`.*\[1, 3, 2\]/);
    expectError(() => stream.push(random([2, 3, 3])), "ERR_SHAPE", /`frame`/);
    expectError(() => stream.push(random([2, 3, 2, 1])), "ERR_SHAPE", /`frame`/);
    // With several rows an array does not say which of them its frames belong to.
    expectError(
      () => stream.push(new Float32Array(8)),
      "ERR_SHAPE",
      /4 elements.*received 8\. A block for several rows must/,
    );
    expectError(() => stream.push(new Float32Array(7)), "ERR_SHAPE", /4 elements \(shape \[2, 2\]\).*received 7\.$/);
    const block = random([2, 3, 2]);
    expectError(() => stream.push(block, new Float32Array(6)), "ERR_SHAPE", /`out`/);
    expectError(() => stream.push(block, new Float64Array(18)), "ERR_DTYPE", /`out`/);
    expectError(() => stream.push(block, tensor(new Float32Array(18), [3, 2, 3])), "ERR_SHAPE", /`out`/);
    expectError(() => layer(3, 2).stream().push(new Float32Array(5)), "ERR_SHAPE", /2 elements.*or a multiple of them/);
    expectError(() => layer(3, 2).stream().push(new Float32Array(0)), "ERR_SHAPE", /`frame`/);
    expectError(() => layer(3, 2, { autocast: false }).stream().push(new Float64Array(4)), "ERR_DTYPE", /autocast/);
    expect(bits(stream.state.data)).toBe(state);
  });

  it("an `out` whose getter disposes the stream, or detaches the block", () => {
    const gru = layer(3, 2);
    const stream = gru.stream();
    const out = {
      get data() {
        stream.dispose();
        return new Float32Array(9);
      },
      shape: [1, 3, 3],
    };
    expectError(() => stream.push(random([1, 3, 2]), out), "ERR_DISPOSED");
    const block = random([1, 3, 2]);
    const thief = {
      get data() {
        structuredClone(block.data, { transfer: [block.data.buffer as ArrayBuffer] });
        return new Float32Array(9);
      },
      shape: [1, 3, 3],
    };
    const other = gru.stream();
    expectError(() => other.push(block, thief), "ERR_ARGUMENT", /`frame`.*detached/);
    expect([...other.state.data]).toEqual([0, 0, 0]);
  });

  it("an activation of one's own that throws in the middle, or detaches block or `out`", () => {
    let act: () => void = () => {};
    const forward = (x: Float32Array, out: Float32Array) => {
      act();
      out.set(x);
    };
    const gru = layer(3, 2, { activation: { name: "mine", forward, backward: () => {} } as never });
    const stream = gru.stream();
    const block = random([1, 4, 2]);
    const expected = bits(stream.push(block).data);
    stream.reset();
    let steps = 0;
    act = () => {
      steps += 1;
      if (steps === 3) throw new RangeError("no");
    };
    expectError(() => stream.push(block), "ERR_CALLBACK", /no/);
    expect([...stream.state.data]).toEqual([0, 0, 0]);
    const out = new Float32Array(12);
    act = () => {
      if (out.length > 0) structuredClone(out, { transfer: [out.buffer] });
    };
    expectError(() => stream.push(block, out), "ERR_ARGUMENT", /`out`/);
    expect([...stream.state.data]).toEqual([0, 0, 0]);
    act = () => {
      if (block.data.length > 0) structuredClone(block.data, { transfer: [block.data.buffer as ArrayBuffer] });
    };
    expect(bits(stream.push(block).data)).toBe(expected);
  });
});
