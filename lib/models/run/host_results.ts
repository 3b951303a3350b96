import { converted } from "../../arguments/convert.js";
import { elementsOf, readTensor } from "../../arguments/tensor_like.js";
import { describeThrown, formatShape } from "../../errors/describe.js";
import { GRUError } from "../../errors/gru_error.js";
import { expected, expectedText, inPlace, maybeCause, withRemark } from "../../errors/messages.js";
import { unreadable } from "../../errors/reading.js";
import { isRecord } from "../../options/record.js";
import type { TensorDtype, TypedArray } from "../../tensor/tensor.js";
import { HostShape, type HostShapes } from "../compile/host.js";
import { type KerasDtype, storageType } from "../compile/symbolic.js";
import { flatten, mapStructure, type Structure } from "../graph/structure.js";

/** The results of one call of JavaScript: their shapes, and their elements in the order of `flatten`. */
export interface HostResults {
  /** The layer that returned them, as messages name it. */
  readonly layer: string;
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

/** The name that messages have for what a user's function returned. */
const RESULT = "result";

/** Reads what the user's function for `layer` returned. Throws `ERR_CALLBACK` when it is not tensors. */
export function readHostResults(value: unknown, layer: string): HostResults {
  try {
    const structure = structureOf(value);
    if (structure === null)
      throw notTensors(value, layer, "Return tensor(data, shape), or a list or an object of these.");
    const arrays: TypedArray[] = [];
    const shapes = mapStructure<Returned, HostShape>(structure, ({ value: tensor }) => {
      const read = readTensor(tensor, RESULT, undefined);
      const dtype = kerasDtype(read.dtype);
      const { data } = elementsOf(read);
      arrays.push(inMemory(data, read.dtype, dtype, RESULT));
      return new HostShape([...read.shape], dtype);
    });
    return { layer, shapes, arrays };
  } catch (error) {
    if (error instanceof GRUError && error.code === "ERR_CALLBACK") throw error;
    const cause = error instanceof GRUError ? error : unreadable(error, RESULT);
    throw notTensors(value, layer, cause.message, cause);
  }
}

function notTensors(value: unknown, layer: string, remedy: string, cause?: GRUError): GRUError {
  const extras = { owner: layer, remedy, ...maybeCause(cause) };
  return expected("ERR_CALLBACK", "custom_objects", "a function that returns tensors", value, extras);
}

/**
 * A list is a list of tensors if all of its items are. Other lists are nested numbers: one tensor. Returns `null` for a
 * value that has no tensors.
 */
function structureOf(value: unknown): Structure<Returned> | null {
  if (Array.isArray(value)) {
    const isList = value.length > 0 && value.every(isTensorObject);
    return isList ? value.map((item) => new Returned(item)) : new Returned(value);
  }
  if (isTensorObject(value)) return new Returned(value);
  if (!isRecord(value)) return null;
  const entries = Object.entries(value);
  if (entries.length === 0 || !entries.every(([, item]) => Array.isArray(item) || isTensorObject(item))) return null;
  return Object.fromEntries(entries.map(([key, item]) => [key, new Returned(item)]));
}

function isTensorObject(value: unknown): boolean {
  return isRecord(value) && "data" in value;
}

function kerasDtype(dtype: TensorDtype): KerasDtype {
  return dtype;
}

function inMemory(data: TypedArray, from: TensorDtype, dtype: KerasDtype, name: string): TypedArray {
  return converted(data, from, storageType(dtype), name);
}

/** Makes the error about the user's function for `layer`, which threw. */
export function hostFailure(error: unknown, layer: string): GRUError {
  if (error instanceof GRUError) return inPlace(`\`custom_objects\` of ${layer}`, error);
  const received = `one that throws: ${describeThrown(error)}`;
  const extras = { owner: layer, cause: error };
  return expectedText("ERR_CALLBACK", "custom_objects", "a function that computes the layer", received, extras);
}

/** Returns the error of compiling what comes after `results`, with a remark about their shapes. */
export function afterHostResults(error: unknown, { layer, shapes }: HostResults): unknown {
  if (!(error instanceof GRUError)) return error;
  const list = flatten(shapes).map(({ shape }) => formatShape(shape));
  return withRemark(error, `The function in \`custom_objects\` of ${layer} returned shape ${list.join(" and ")}.`);
}

/** True when the results have the shapes that a program was compiled for. */
export function sameShapes(a: HostShapes, b: HostShapes): boolean {
  const keys = (shapes: HostShapes) => JSON.stringify(mapStructure<HostShape, string>(shapes, ({ key }) => key));
  return keys(a) === keys(b) && flatten(a).length === flatten(b).length;
}
