import { GRUError, Tensor, type TensorLike, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { elementsOf, readTensor } from "../../dist/arguments/tensor_like.js";
import { expectError } from "../layers/support.js";

const loose = tensor as (...values: unknown[]) => Tensor;
const read = (value: unknown) => {
  const description = readTensor(value, "inputs", "float32");
  const { shape, dtype, named } = description;
  return { shape, dtype, named, ...elementsOf(description) };
};

describe("tensor()", () => {
  it("wraps a typed array without a copy", () => {
    const data = new Float32Array(6);
    const made = tensor(data, [2, 3]);
    expect(made.data).toBe(data);
    expect([made.shape, made.dims, made.dtype, made.type]).toEqual([[2, 3], [2, 3], "float32", "float32"]);
    expect(Array.isArray(made.shape)).toBe(true);
  });

  it("gives a typed array one dimension by default", () => {
    expect(tensor(new Float64Array(4)).shape).toEqual([4]);
  });

  it("reads nested numbers, booleans and rows of typed arrays", () => {
    expect(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    ).toEqual(new Tensor(Float32Array.of(1, 2, 3, 4), [2, 2], "float32"));
    expect(tensor([[true, false]])).toEqual(new Tensor(Uint8Array.of(1, 0), [1, 2], "bool"));
    expect(tensor([Float64Array.of(1, 2), Float64Array.of(3, 4)]).data).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
  });

  it("reshapes flat lists and converts to the dtype asked for", () => {
    expect(tensor([1, 2, 3, 4], [2, 2], "float64").data).toEqual(Float64Array.of(1, 2, 3, 4));
    expect(tensor(Float32Array.of(1.5), undefined, "float64").data).toEqual(Float64Array.of(1.5));
    expect(tensor(Float32Array.of(0, 2, Number.NaN), undefined, "bool").data).toEqual(Uint8Array.of(0, 1, 1));
  });

  it("has toArray()", () => {
    expect(tensor(Float32Array.of(1, 2, 3, 4, 5, 6), [1, 2, 3]).toArray()).toEqual([
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ]);
    expect(tensor([[true, false]]).toArray()).toEqual([[true, false]]);
    expect(tensor(Float32Array.of(7), []).toArray()).toBe(7);
    expect(tensor(new Float32Array(0), [2, 0]).toArray()).toEqual([[], []]);
  });

  it.each([
    ["ragged rows", [[[1, 2], [3]]], "ERR_SHAPE"],
    ["ragged depth", [[[1, 2], 3]], "ERR_SHAPE"],
    ["deeper later", [[1, [2]]], "ERR_SHAPE"],
    ["typed rows of unequal length", [[new Float32Array(2), new Float32Array(3)]], "ERR_SHAPE"],
    ["strings", [["1"]], "ERR_DTYPE"],
    ["BigInts", [[1n]], "ERR_DTYPE"],
    ["null", [[1, null]], "ERR_DTYPE"],
    ["holes", [new Array(3)], "ERR_DTYPE"],
    ["booleans among numbers", [[1, true]], "ERR_DTYPE"],
    ["numbers among booleans", [[true, 1]], "ERR_DTYPE"],
    ["booleans where numbers are asked for", [[true], [1], "float32"], "ERR_DTYPE"],
    ["BigInt data", [new BigInt64Array(2)], "ERR_DTYPE"],
    ["a DataView", [new DataView(new ArrayBuffer(8))], "ERR_ARGUMENT"],
    ["a number", [3], "ERR_ARGUMENT"],
    ["nothing", [], "ERR_ARGUMENT"],
    ["short data", [new Float32Array(5), [2, 3]], "ERR_SHAPE"],
    ["long data", [new Float32Array(7), [2, 3]], "ERR_SHAPE"],
    ["a negative size", [new Float32Array(6), [-2, -3]], "ERR_SHAPE"],
    ["a fractional size", [new Float32Array(6), [1.5, 4]], "ERR_SHAPE"],
    ["a size of 2^31", [new Float32Array(0), [2 ** 31, 0]], "ERR_SHAPE"],
    ["a product beyond 2^53", [new Float32Array(0), [2 ** 30, 2 ** 30, 2]], "ERR_SHAPE"],
    ["a shape that is no array", [new Float32Array(6), 6], "ERR_SHAPE"],
    ["an unknown dtype", [new Float32Array(6), [6], "float31"], "ERR_DTYPE"],
    ["a float16 tensor of another length", [new Uint16Array(6), [5], "float16"], "ERR_SHAPE"],
  ] as const)("refuses %s", (_what, values, code) => {
    expectError(() => loose(...values), code);
  });

  it("ends on a cycle of arrays", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expectError(() => loose(cycle), "ERR_SHAPE");
  });
});

describe("tensors of other libraries", () => {
  it("reads onnxruntime's { data, dims, type }", () => {
    const data = new Float32Array(6);
    expect(read({ data, dims: [1, 2, 3], type: "float32", location: "cpu" })).toMatchObject({ data, shape: [1, 2, 3] });
    expect(read({ data: new Uint8Array(2), dims: [2], type: "bool" }).dtype).toBe("bool");
  });

  it("reads strides and offsets, copying once", () => {
    const data = Float32Array.from({ length: 12 }, (_, index) => index);
    const transposed = read({ data, shape: [3, 2], stride: [1, 3], offset: 0 });
    expect([...transposed.data]).toEqual([0, 3, 1, 4, 2, 5]);
    expect([...read({ data, shape: [2, 2], strides: [-3, -1], offset: 11 }).data]).toEqual([11, 10, 8, 7]);
    expect([...read({ data, shape: [2, 2], strides: [0, 1], offset: 4 }).data]).toEqual([4, 5, 4, 5]);
    expect([...read({ data, shape: [0, 2], strides: [2, 1], offset: 12 }).data]).toEqual([]);
  });

  it("does not copy strided data that is contiguous", () => {
    const data = new Float32Array(12);
    const dense = read({ data, shape: [1, 2, 3], stride: [6, 3, 1], offset: 4 }).data;
    expect([dense.buffer, dense.byteOffset, dense.length]).toEqual([data.buffer, 16, 6]);
  });

  it.each([
    ["an offset that ends too late", { shape: [2, 3], stride: [3, 1], offset: 7 }, "ERR_SHAPE"],
    ["strides that end too late", { shape: [2, 3], stride: [10, 1], offset: 0 }, "ERR_SHAPE"],
    ["strides that start too early", { shape: [2, 3], stride: [-3, 1], offset: 2 }, "ERR_SHAPE"],
    ["too few strides", { shape: [2, 3], stride: [1], offset: 0 }, "ERR_SHAPE"],
    ["fractional strides", { shape: [2, 3], stride: [1.5, 1], offset: 0 }, "ERR_SHAPE"],
    ["a negative offset", { shape: [2, 3], offset: -1 }, "ERR_ARGUMENT"],
    ["a fractional offset", { shape: [2, 3], offset: 0.5 }, "ERR_ARGUMENT"],
    ["no shape", {}, "ERR_SHAPE"],
    ["a dtype its data is not of", { shape: [2, 6], dtype: "float64" }, "ERR_DTYPE"],
    ["a dtype nobody knows", { shape: [2, 6], type: "complex64" }, "ERR_DTYPE"],
  ] as const)("refuses %s", (_what, rest, code) => {
    expectError(() => read({ data: new Float32Array(12), ...rest }), code, "inputs");
  });

  it("tells what to call for a tfjs tensor", () => {
    const tfjs = { shape: [1, 2, 3], dtype: "float32", data: async () => new Float32Array(6), dataSync: () => 0 };
    expectError(() => read(tfjs), "ERR_ARGUMENT", /await tensor\.data\(\).*\{ data, shape \}/);
  });

  it("tells what to call for a GPU-resident onnxruntime tensor, without touching its data", () => {
    const resident = {
      location: "gpu-buffer",
      dims: [1, 2, 3],
      type: "float32",
      get data(): Float32Array {
        throw new Error("not on CPU");
      },
    };
    expectError(() => read(resident), "ERR_ARGUMENT", /gpu-buffer.*await tensor\.getData\(\)/);
  });

  it("says that an onnxruntime tensor was disposed", () => {
    expectError(() => read({ location: "none", dims: [1], type: "float32" }), "ERR_ARGUMENT", /disposed/);
  });

  it("wraps what a tensor's own getter throws", () => {
    const disposed = {
      dims: [1],
      get data(): Float32Array {
        throw new Error("The tensor is disposed.");
      },
    };
    const error = expectError(() => read(disposed), "ERR_ARGUMENT", /The tensor is disposed/);
    expect((error.cause as Error).message).toBe("The tensor is disposed.");
  });

  it.each([
    ["BigInt data", { data: new BigInt64Array(6), dims: [6], type: "int64" }, "ERR_DTYPE"],
    ["data that is a plain array", { data: [1, 2], shape: [2] }, "ERR_DTYPE"],
    ["no data", { shape: [2] }, "ERR_ARGUMENT"],
    ["a bare typed array", new Float32Array(6), "ERR_ARGUMENT"],
    ["a string", "tensor", "ERR_ARGUMENT"],
    ["null", null, "ERR_ARGUMENT"],
    ["undefined", undefined, "ERR_ARGUMENT"],
  ] as const)("refuses %s", (_what, value, code) => {
    expectError(() => read(value), code, "inputs");
  });

  it("says that a buffer is detached", () => {
    const data = new Float32Array(6);
    structuredClone(data.buffer, { transfer: [data.buffer] });
    expectError(() => read({ data, shape: [6] }), "ERR_ARGUMENT", /detached/);
  });
});

describe("types", () => {
  it("accepts the forms as TensorLike", () => {
    const forms: TensorLike[] = [
      { data: new Float32Array(1), shape: [1] },
      { data: new Float32Array(1), dims: [1], type: "float32" },
      [[1, 2]],
      [[Float32Array.of(1)]],
      tensor([1]),
    ];
    expect(forms).toHaveLength(5);
    expect(new GRUError("ERR_SHAPE", "x")).toBeInstanceOf(Error);
  });
});
