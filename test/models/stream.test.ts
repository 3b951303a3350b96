// model.stream(): frame by frame and in blocks, the numbers of Keras for the whole sequence.
import { Tensor, type TypedArray, tensor } from "cudnn-gru";
import { type KerasModel, loadKerasModel, type ModelInputs } from "cudnn-gru/models";
import { describe, expect, it } from "vitest";
import {
  type GoldenModel,
  goldenModels,
  type ModelTensor,
  mapNested,
  type Nested,
  placesIn,
  TOLERANCES,
} from "../golden/models/models.js";
import { expectError } from "../layers/support.js";
import { errorOf } from "./numbers.js";

/** Returns the timesteps from `start` to `end` of (batch, timesteps, …). */
function timesteps({ shape, dtype, data }: ModelTensor, start: number, end: number): Tensor {
  const [batch, steps, ...rest] = shape as [number, number, ...number[]];
  const frame = rest.reduce((size, axis) => size * axis, 1);
  const part = new (data.constructor as new (length: number) => typeof data)(batch * (end - start) * frame);
  for (let row = 0; row < batch; row += 1) {
    const from = (row * steps + start) * frame;
    part.set(data.subarray(from, from + (end - start) * frame) as Float32Array, row * (end - start) * frame);
  }
  return new Tensor(part as TypedArray, [batch, end - start, ...rest], dtype as Tensor["dtype"]);
}

function frameOf(inputs: ModelTensor, step: number): Tensor {
  const { data, shape, dtype } = timesteps(inputs, step, step + 1);
  return new Tensor(data, [shape[0] as number, ...shape.slice(2)], dtype);
}

function firstInput(inputs: Nested<ModelTensor>): ModelTensor {
  return (placesIn(inputs)[0] as [string, ModelTensor])[1];
}

/** Returns the outputs of Keras for those timesteps; outputs of the whole sequence only at its end. */
function wanted(outputs: Nested<ModelTensor>, steps: number, start: number, end: number): [string, ModelTensor][] {
  return placesIn(outputs).flatMap(([place, output]): [string, ModelTensor][] => {
    if (output.shape[1] === steps) return [[place, timesteps(output, start, end) as ModelTensor]];
    return end === steps ? [[place, output]] : [];
  });
}

const models = goldenModels("causal");

async function withModel<T>({ bytes }: GoldenModel, work: (model: KerasModel) => T): Promise<T> {
  const model = await loadKerasModel(bytes);
  try {
    return work(model);
  } finally {
    model.dispose();
  }
}

describe.each(models)("a stream of $name", (golden) => {
  const tolerance = TOLERANCES[golden.dtype] as number;

  it("has Keras's numbers and the bits of predict, frame by frame", () =>
    withModel(golden, (model) => {
      for (const { inputs, outputs } of golden.calls) {
        const whole = model.predict(inputs as ModelInputs) as Nested<ModelTensor>;
        const [batch, steps] = firstInput(inputs).shape as [number, number];
        const stream = model.stream({ batch });
        for (let step = 0; step < steps; step += 1) {
          const frame = mapNested(inputs, (one) => frameOf(one, step) as unknown as ModelTensor);
          const found = new Map(placesIn(stream.push(frame as never) as Nested<ModelTensor>));
          for (const [place, tensor] of wanted(outputs, steps, step, step + 1)) {
            const own = found.get(place) as ModelTensor;
            const shape = placesIn(outputs).find(([name]) => name === place)?.[1].shape[1] === steps;
            expect(own.shape).toEqual(shape ? [tensor.shape[0], ...tensor.shape.slice(2)] : tensor.shape);
            expect(own.dtype).toBe(tensor.dtype);
            expect(errorOf(own, tensor), `output ${place}, timestep ${step}`).toBeLessThanOrEqual(tolerance);
          }
          for (const [place, tensor] of wanted(whole, steps, step, step + 1)) {
            expect(found.get(place)?.data, `bits of ${place}, timestep ${step}`).toEqual(tensor.data);
          }
        }
        stream.dispose();
      }
    }));

  it("has the same bits in blocks of any length", () =>
    withModel(golden, (model) => {
      for (const { inputs } of golden.calls) {
        const whole = model.predict(inputs as ModelInputs) as Nested<ModelTensor>;
        const [batch, steps] = firstInput(inputs).shape as [number, number];
        const stream = model.stream({ batch });
        for (const length of [1, 2, 5, steps]) {
          for (let start = 0; start < steps; start += length) {
            const end = Math.min(steps, start + length);
            const block = mapNested(inputs, (one) => timesteps(one, start, end) as unknown as ModelTensor);
            const found = new Map(placesIn(stream.push(block as never) as Nested<ModelTensor>));
            for (const [place, tensor] of wanted(whole, steps, start, end)) {
              const own = found.get(place) as ModelTensor;
              expect(own.shape).toEqual(tensor.shape);
              expect(own.data, `bits of ${place}, timesteps ${start} to ${end}`).toEqual(tensor.data);
            }
          }
          stream.reset();
        }
      }
    }));
});

describe("a stream", () => {
  const one = (name: string) => models.find((model) => model.name === name) as GoldenModel;

  it("takes bare arrays, its own results, and refuses other shapes without a change", () =>
    withModel(one("causal/nested"), (model) => {
      const stream = model.stream();
      const frame = Float32Array.of(0.5, -0.25, 1, 0);
      const first = (stream.push(frame) as Tensor).data.slice();
      expectError(
        () => stream.push(new Float32Array(3)),
        "ERR_SHAPE",
        /Expected 4 elements .*multiple of them.* `frame`/,
      );
      const rows = model.stream({ batch: 2 });
      expectError(
        () => rows.push(new Float32Array(16)),
        "ERR_SHAPE",
        /Expected 8 elements .*16\. A block for several rows must/,
      );
      expectError(() => stream.push(tensor(new Float32Array(8), [2, 4])), "ERR_SHAPE", /shape \[1, 4\]/);
      expectError(() => stream.push(null as never), "ERR_ARGUMENT", /frame|inputs/);
      const second = (stream.push(frame) as Tensor).data.slice();
      stream.reset();
      const block = stream.push(Float32Array.of(...frame, ...frame)) as Tensor;
      expect(block.shape).toEqual([1, 2, 4]);
      expect([...block.data]).toEqual([...first, ...second]);
      stream.reset();
      stream.push(frame);
      // The result is the memory that the stream writes to.
      const fed = (stream.push(stream.push(frame) as Tensor) as Tensor).data.slice();
      stream.reset();
      stream.push(frame);
      const copy = (stream.push(frame) as Tensor).data.slice() as Float32Array;
      expect((stream.push(copy) as Tensor).data).toEqual(fed);
    }));

  it("is independent of other streams and of predict, and ends with its model", () =>
    withModel(one("causal/nested"), (model) => {
      const [a, b] = [model.stream(), model.stream()];
      const frame = Float32Array.of(1, 2, 3, 4);
      const first = (a.push(frame) as Tensor).data.slice();
      a.push(frame);
      model.predict(tensor(new Float32Array(12), [1, 3, 4]));
      expect((b.push(frame) as Tensor).data).toEqual(first);
      b.dispose();
      b.dispose();
      expectError(() => b.push(frame), "ERR_DISPOSED", /stream/);
      expectError(() => b.reset(), "ERR_DISPOSED", /stream/);
      model.dispose();
      expectError(() => a.push(frame), "ERR_DISPOSED", /model/);
      expectError(() => model.stream(), "ERR_DISPOSED", /model/);
    }));

  it("checks its arguments", () =>
    withModel(one("causal/nested"), (model) => {
      for (const batch of [0, -1, 0.5, "2", null, 2 ** 31]) {
        expectError(() => model.stream({ batch } as never), "ERR_ARGUMENT", /batch/);
      }
      expectError(() => model.stream({ bach: 2 } as never), "ERR_ARGUMENT", /bach/);
    }));
});

describe("models that are not causal are refused, and the message names the layer and why", () => {
  const golden = goldenModels();
  it.each([
    ["bidirectional/concat", /bidirectional.*goes in both directions/],
    ["gru/return_sequences=True_go_backwards=True", /gru.*goes backwards/],
    ["rnn/two_go_backwards=True_return_sequences=True", /rnn.*goes backwards/],
    ["gru/initial_state", /gru.*also gets a tensor that is no sequence, such as a state/],
    ["conv1d/same_plain", /conv1d.*padding "same"/],
    ["conv1d/causal_strides=2", /conv1d.*skips timesteps/],
    ["pooling1d/MaxPooling1D_pool_size=2", /max_pooling1d.*needs the whole sequence/],
    ["operations_graph/any_length", /does not treat each timestep by itself/],
  ])("%s", async (name, message) => {
    const found = golden.find((model) => model.name === name);
    expect(found, `a golden model called ${name}`).toBeDefined();
    await withModel(found as GoldenModel, (model) => expectError(() => model.stream(), "ERR_UNSUPPORTED", message));
  });
});

it("every golden model that can be streamed has the bits of predict, and the others are refused", async () => {
  let streamed = 0;
  for (const golden of goldenModels()) {
    await withModel(golden, (model) => {
      const [{ inputs }] = golden.calls as [GoldenModel["calls"][0]];
      const [batch = 0, steps = 0] = firstInput(inputs).shape;
      const isSequence = placesIn(inputs).every(([, { shape }]) => shape[1] === steps);
      if (batch === 0 || !isSequence) return;
      let stream: ReturnType<KerasModel["stream"]>;
      try {
        stream = model.stream({ batch });
      } catch (error) {
        expect((error as { code?: string }).code, `${golden.name}: ${error}`).toBe("ERR_UNSUPPORTED");
        return;
      }
      const whole = model.predict(inputs as ModelInputs) as Nested<ModelTensor>;
      for (let step = 0; step < steps; step += 1) {
        const block = mapNested(inputs, (one) => timesteps(one, step, step + 1) as unknown as ModelTensor);
        const found = new Map(placesIn(stream.push(block as never) as Nested<ModelTensor>));
        for (const [place, tensor] of wanted(whole, steps, step, step + 1)) {
          expect(found.get(place)?.data, `${golden.name}: output ${place}, timestep ${step}`).toEqual(tensor.data);
        }
      }
      streamed += 1;
    });
  }
  expect(streamed).toBeGreaterThan(300);
});
