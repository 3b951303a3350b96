import { reading } from "../errors/reading.js";
import type { Batchable } from "../models/batchable.js";
import { mapStructure, type Structure } from "../models/graph/structure.js";
import type { ReadInputs } from "../models/run/read_inputs.js";
import { readRecord } from "../options/record.js";
import { Tensor, type TypedArray } from "../tensor/tensor.js";
import type { Subject, Waitable } from "./request.js";

/** A request for a model. */
interface ModelRequest extends Waitable {
  readonly inputs: ReadInputs;
}

/** The optional arguments of `callAsync` of a batcher of a model. */
export interface ModelBatcherArguments {
  /** Aborting the signal makes the promise reject with `ERR_ABORTED`. Other requests are not affected. */
  signal?: AbortSignal | null | undefined;
}

const KNOWN: ReadonlySet<string> = new Set(["signal"]);
let alone = 0;

/** Returns the subject of a batcher of a model. Requests whose inputs have the same shapes share calls. */
export function modelSubject(model: Batchable): Subject<ModelRequest> {
  return {
    read(given, args) {
      reading("callAsync of a batcher", () => readRecord(args ?? {}, KNOWN, "callAsync of a batcher"));
      const inputs = model.read(given);
      const shapes = inputs.shapes.map((shape) => shape.join("x")).join();
      alone += 1;
      // The results of a model that mixes samples would be others in a larger batch, and an empty batch has no samples.
      const group = inputs.batch === 0 || model.mixesSamples(inputs) ? `alone ${alone}` : shapes;
      return { inputs, rows: inputs.batch, timesteps: 1, group };
    },
    async compute(requests, signal) {
      const outputs = await model.compute(joined(requests.map(({ inputs }) => inputs)), signal);
      return divided(
        outputs,
        requests.map(({ rows }) => rows),
      );
    },
  };
}

/** Returns the samples of all requests in one batch. */
function joined(requests: readonly ReadInputs[]): ReadInputs {
  const [first] = requests as [ReadInputs];
  if (requests.length === 1) return first;
  const arrays = first.arrays.map((array, index) => {
    const parts = requests.map((request) => request.arrays[index] as TypedArray);
    const Type = array.constructor as new (length: number) => Float32Array;
    const all = new Type(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part as Float32Array, at);
      at += part.length;
    }
    return all;
  });
  return { shapes: first.shapes, arrays, batch: requests.reduce((sum, { batch }) => sum + batch, 0) };
}

/** Returns the outputs of each request. */
function divided(outputs: Structure<Tensor>, rows: readonly number[]): Structure<Tensor>[] {
  if (rows.length === 1) return [outputs];
  const total = rows.reduce((sum, count) => sum + count, 0);
  let start = 0;
  return rows.map((count) => {
    const from = start;
    start += count;
    return mapStructure(outputs, ({ data, shape, dtype }) => {
      const [batch = 0, ...rest] = shape;
      const width = data.length / total;
      return new Tensor(data.slice(from * width, (from + count) * width), [(batch / total) * count, ...rest], dtype);
    });
  });
}
