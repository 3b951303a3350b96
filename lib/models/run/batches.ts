import { viewOf } from "../../native/intrinsics.js";
import { Tensor, type TypedArray } from "../../tensor/tensor.js";
import { flatten, mapStructure, type Structure } from "../graph/structure.js";
import type { ReadInputs } from "./read_inputs.js";

/** Divides inputs into batches of at most `size` samples. */
export function* batchesOf(inputs: ReadInputs, size: number): Generator<ReadInputs> {
  const { batch, shapes, arrays } = inputs;
  for (let start = 0; start < batch; start += size) {
    const rows = Math.min(size, batch - start);
    const parts = arrays.map((array) => {
      const width = array.length / batch;
      return viewOf(array).subarray(start * width, (start + rows) * width) as TypedArray;
    });
    yield { batch: rows, shapes, arrays: parts };
  }
}

/** Joins the results of batches, one after the other along the first axis. */
export function joined(results: readonly Structure<Tensor>[]): Structure<Tensor> {
  const [first] = results as [Structure<Tensor>];
  if (results.length === 1) return first;
  const lists = results.map((result) => flatten(result));
  let index = 0;
  return mapStructure(first, ({ shape, dtype }) => {
    const parts = lists.map((list) => list[index] as Tensor);
    index += 1;
    const rows = parts.reduce((sum, part) => sum + (part.shape[0] as number), 0);
    const Type = (parts[0] as Tensor).data.constructor as new (length: number) => TypedArray;
    const data = new Type(parts.reduce((sum, part) => sum + part.data.length, 0));
    let at = 0;
    for (const part of parts) {
      data.set(part.data as Float32Array, at);
      at += part.data.length;
    }
    return new Tensor(data, [rows, ...shape.slice(1)], dtype);
  });
}
