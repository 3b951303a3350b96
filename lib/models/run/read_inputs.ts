import { converted } from "../../arguments/convert.js";
import { elementsOf, type ReadTensor, readTensor } from "../../arguments/tensor_like.js";
import { isTypedArray } from "../../arguments/typed_array.js";
import { formatShape } from "../../errors/describe.js";
import { expected, expectedText } from "../../errors/messages.js";
import { unreadable } from "../../errors/reading.js";
import { suggestion } from "../../errors/suggestion.js";
import { isSteady } from "../../native/intrinsics.js";
import { isRecord } from "../../options/record.js";
import type { TensorDtype, TensorLike, TypedArray } from "../../tensor/tensor.js";
import type { CallShape } from "../compile/compile_model.js";
import type { KerasDtype } from "../compile/symbolic.js";
import { flatten, isNested, type Structure } from "../graph/structure.js";
import type { InputSpec } from "../layers/model_layer.js";

/** The inputs of a model: one tensor, a list of tensors in Keras's order, or an object by the names of the inputs. */
export type ModelInputs =
  | TensorLike
  | readonly TensorLike[]
  | {
      /** The input of this name. */
      readonly [name: string]: TensorLike;
    };

/** Inputs that have been read: their sizes, and their elements in the form that programs take. */
export interface ReadInputs extends CallShape {
  readonly arrays: readonly TypedArray[];
}

/** Whether the arrays must be memory of the call's own, because it computes later. */
export type Ownership = "borrow" | "own";

/**
 * Reads the inputs of a call of a model with these inputs.
 *
 * Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`, naming the input.
 */
export function readInputs(given: unknown, inputs: Structure<InputSpec>, ownership: Ownership): ReadInputs {
  try {
    const specs = flatten(inputs);
    const values = valuesOf(given, inputs, specs);
    const read = specs.map((spec, index) => readOne(values[index], spec, specs.length));
    const batch = batchOf(read);
    const shapes = read.map(({ shape }) => shape.slice(1));
    return {
      batch,
      shapes,
      arrays: read.map((tensor, index) => programArray(tensor, (specs[index] as InputSpec).dtype, ownership)),
    };
  } catch (error) {
    throw unreadable(error, "inputs");
  }
}

/** Returns the value of each input of a model, in Keras's order. Throws `ERR_ARGUMENT`. */
export function valuesOf(given: unknown, inputs: Structure<InputSpec>, specs: readonly InputSpec[]): unknown[] {
  if (Array.isArray(given) && isListOfTensors(given, specs.length)) {
    if (given.length === specs.length) return [...given];
    const names = specs.map(({ name }) => JSON.stringify(name)).join(", ");
    throw expectedText("ERR_ARGUMENT", "inputs", `${specs.length} tensors (${names})`, `${given.length}`);
  }
  if (Array.isArray(given) || isTensorObject(given)) {
    if (specs.length === 1) return [given];
    throw wrongForm(specs, given);
  }
  if (isRecord(given)) return byName(given, inputs, specs);
  throw wrongForm(specs, given);
}

function isTensorObject(value: unknown): boolean {
  return isRecord(value) && "data" in value;
}

/** Nested arrays are one tensor, unless the model has several inputs. */
function isListOfTensors(list: readonly unknown[], count: number): boolean {
  return list.length > 0 && (count > 1 || list.every(isTensorObject));
}

function wrongForm(specs: readonly InputSpec[], received: unknown): Error {
  const names = specs.map(({ name }) => name).join(", ");
  const wanted =
    specs.length === 1
      ? "a tensor ({ data, shape } or nested arrays)"
      : `a list of ${specs.length} tensors, or an object of them ({ ${names} })`;
  const [{ shape }] = specs as [InputSpec];
  const sizes = ["batch", ...shape.slice(1).map((size) => size ?? "…")].join(", ");
  const remedy = isTypedArray(received) ? `Say what the numbers are: tensor(data, [${sizes}]).` : undefined;
  return expected("ERR_ARGUMENT", "inputs", wanted, received, { remedy });
}

function byName(given: Record<string, unknown>, inputs: Structure<InputSpec>, specs: readonly InputSpec[]): unknown[] {
  const keys = namesOf(inputs, specs);
  const unknown = Object.keys(given).find((key) => !keys.includes(key) && !specs.some(({ name }) => name === key));
  if (unknown !== undefined) {
    throw expected("ERR_ARGUMENT", "inputs", "the names of the model's inputs", unknown, {
      remedy: suggestion(unknown, keys),
    });
  }
  return specs.map(({ name }, index) => {
    const key = keys[index] as string;
    const value = given[key] ?? given[name];
    if (value === undefined) throw expectedText("ERR_ARGUMENT", "inputs", `the input ${JSON.stringify(key)}`, "none");
    return value;
  });
}

/** Returns the names of the inputs in the order of `flatten`: the keys of a dictionary, or the names of the InputLayers. */
function namesOf(inputs: Structure<InputSpec>, specs: readonly InputSpec[]): string[] {
  if (!isNested(inputs) || Array.isArray(inputs)) return specs.map(({ name }) => name);
  const object = inputs as Record<string, Structure<InputSpec>>;
  return Object.keys(object)
    .sort()
    .flatMap((key) => {
      const inner = flatten(object[key] as Structure<InputSpec>);
      return inner.length === 1 ? [key] : inner.map(({ name }) => name);
    });
}

function readOne(value: unknown, { name, shape, dtype }: InputSpec, count: number): ReadTensor {
  const label = count === 1 ? "inputs" : `inputs.${name}`;
  const read = readTensor(value, label, nestedDtype(dtype));
  const wanted = shape.slice(1);
  const own = read.shape.slice(1);
  const fits = (sizes: readonly number[]) =>
    sizes.length === wanted.length && sizes.every((size, axis) => (wanted[axis] ?? size) === size);
  const squeezed = own.at(-1) === 1 && fits(own.slice(0, -1));
  const expanded = wanted.at(-1) === 1 && fits([...own, 1]);
  if (read.shape.length > 0 && (fits(own) || squeezed || expanded)) return read;
  throw expectedText("ERR_SHAPE", label, `shape ${formatShape([null, ...wanted])}`, `shape ${formatShape(read.shape)}`);
}

/** Nested arrays hold numbers, which become this type. Those of an input of truths may be booleans. */
function nestedDtype(dtype: KerasDtype): TensorDtype | undefined {
  return dtype === "bool" ? undefined : tensorDtype(dtype);
}

/** Returns the dtype of a tensor for elements of `dtype`: 64-bit integers are 32-bit ones here. */
export function tensorDtype(dtype: KerasDtype): TensorDtype {
  return dtype === "int64" ? "int32" : dtype === "uint64" ? "uint32" : dtype;
}

function batchOf(read: readonly ReadTensor[]): number {
  const [first] = read as [ReadTensor];
  const batch = first.shape[0] as number;
  for (const { shape, name } of read) {
    if (shape[0] === batch) continue;
    throw expectedText("ERR_SHAPE", name, `${batch} samples, as the first input has`, `${shape[0]}`);
  }
  return batch;
}

/** Returns the elements of a tensor in the form that programs take for an input of `dtype`. */
export function programArray(read: ReadTensor, dtype: KerasDtype, ownership: Ownership): TypedArray {
  const { data, owned } = elementsOf(read);
  const wanted = tensorDtype(dtype);
  const isInteger = !(dtype.includes("float") || dtype === "bool");
  const fits = read.dtype === wanted && (!isInteger || wanted === "int32");
  if (fits && (owned || (ownership === "borrow" && isSteady(data)))) return data;
  const cast = converted(data, read.dtype, wanted, read.name);
  return isInteger && !(cast instanceof Int32Array) ? Int32Array.from(cast as Uint8Array) : cast;
}
