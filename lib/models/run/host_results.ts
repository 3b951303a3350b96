import { converted } from "../../arguments/convert.js";
import { elementsOf, readTensor } from "../../arguments/tensor_like.js";
import { describe, describeThrown } from "../../errors/describe.js";
import { GRUError } from "../../errors/gru_error.js";
import { expectedText } from "../../errors/messages.js";
import { unreadable } from "../../errors/reading.js";
import { isRecord } from "../../options/record.js";
import type { TensorDtype, TypedArray } from "../../tensor/tensor.js";
import { HostShape, type HostShapes } from "../compile/host.js";
import { type KerasDtype, storageType } from "../compile/symbolic.js";
import { flatten, mapStructure, type Structure } from "../graph/structure.js";

/** The results of one call of JavaScript: their shapes, and their elements in the order of `flatten`. */
export interface HostResults {
  readonly shapes: HostShapes;
  /** In the types of a program's memory. They belong to the call. */
  readonly arrays: readonly TypedArray[];
}

/** A tensor that a user's function returned, before its elements are read. */
class Returned {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** Reads what a user's function returned. Throws `ERR_CALLBACK` when it is not tensors. */
export function readHostResults(value: unknown, where: string): HostResults {
  try {
    const structure = structureOf(value);
    const arrays: TypedArray[] = [];
    const shapes = mapStructure<Returned, HostShape>(structure, ({ value: tensor }) => {
      const read = readTensor(tensor, where, undefined);
      const dtype = kerasDtype(read.dtype);
      const { data } = elementsOf(read);
      arrays.push(inMemory(data, read.dtype, dtype, where));
      return new HostShape([...read.shape], dtype);
    });
    return { shapes, arrays };
  } catch (error) {
    const cause = error instanceof GRUError ? error : unreadable(error, where);
    throw expectedText("ERR_CALLBACK", where, "a function that returns tensors", describe(value), {
      remedy: cause.message,
      cause,
    });
  }
}

/** A list is a list of tensors if its first item is one. Other lists are nested numbers: one tensor. */
function structureOf(value: unknown): Structure<Returned> {
  if (Array.isArray(value) && value.length > 0 && value.every((item) => isRecord(item) && "data" in item)) {
    return value.map((item) => new Returned(item));
  }
  if (isRecord(value) && !("data" in value) && Object.keys(value).length > 0) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, new Returned(item)]));
  }
  return new Returned(value);
}

function kerasDtype(dtype: TensorDtype): KerasDtype {
  return dtype;
}

function inMemory(data: TypedArray, from: TensorDtype, dtype: KerasDtype, name: string): TypedArray {
  return converted(data, from, storageType(dtype), name);
}

/** Makes the error about a user's function that threw. */
export function hostFailure(error: unknown, where: string): GRUError {
  if (error instanceof GRUError) return error;
  const received = `one that throws: ${describeThrown(error)}`;
  return expectedText("ERR_CALLBACK", where, "a function that computes the layer", received, { cause: error });
}

/** True when the results have the shapes that a program was compiled for. */
export function sameShapes(a: HostShapes, b: HostShapes): boolean {
  const keys = (shapes: HostShapes) => JSON.stringify(mapStructure<HostShape, string>(shapes, ({ key }) => key));
  return keys(a) === keys(b) && flatten(a).length === flatten(b).length;
}
