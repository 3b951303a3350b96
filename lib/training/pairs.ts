import { kernelArray } from "../arguments/convert.js";
import { expected, expectedText } from "../arguments/messages.js";
import { isRecord, refuseUnknown } from "../arguments/predicates.js";
import { readShaped } from "../arguments/shaped.js";
import { checkedProduct } from "../arguments/shapes.js";
import { readTensor } from "../arguments/tensor_like.js";
import { dtypeOfArray, isTypedArray } from "../arguments/typed_array.js";
import { GRUError } from "../errors.js";
import type { NativeArray } from "../native.js";
import { isSixteenBit } from "../sixteen_bit.js";
import { requireWritable, Variable } from "../variable.js";

/** A gradient and what it is the gradient of. */
export interface Pair {
  readonly variable: Variable;
  /** The place of `variable` among those the optimizer was built for. */
  readonly index: number;
  /** As the updates take it; it may be the caller's own memory. */
  readonly gradient: NativeArray;
  /** How messages call it. */
  readonly name: string;
}

/** Throws `ERR_ARGUMENT` unless `value` is a list of different variables, `ERR_DISPOSED` and `ERR_STATE`. */
export function readVariables(value: unknown, method: string): Variable[] {
  if (!Array.isArray(value)) throw expected("ERR_ARGUMENT", "variables", "an array of variables", value);
  const variables = value.map((item: unknown, index) => {
    if (!(item instanceof Variable)) {
      throw expected(
        "ERR_ARGUMENT",
        `variables[${index}]`,
        "a Variable (such as those of gru.trainable_weights)",
        item,
      );
    }
    return item;
  });
  variables.forEach((variable, index) => {
    const first = variables.indexOf(variable);
    if (first === index) return;
    const received = `${JSON.stringify(variable.path)} again, which is variables[${first}]`;
    throw expectedText("ERR_ARGUMENT", `variables[${index}]`, "each variable once", received);
  });
  for (const variable of variables) requireWritable(variable, method);
  return variables;
}

/**
 * Pairs gradients with the variables that they belong to, leaving out the `null` ones; `indexOf` gives a variable's place.
 *
 * Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`, naming the gradient.
 */
export function readPairs(
  gradients: unknown,
  variables: readonly Variable[],
  indexOf: (variable: Variable) => number,
): Pair[] {
  if (!Array.isArray(gradients)) {
    throw expected("ERR_ARGUMENT", "gradients", "an array of gradients (such as pass.backward().weights)", gradients);
  }
  if (gradients.length !== variables.length) {
    const what = `${variables.length} gradients, one for each variable,`;
    throw expectedText("ERR_ARGUMENT", "gradients", what, `${gradients.length} of them`);
  }
  const pairs: Pair[] = [];
  for (const [at, variable] of variables.entries()) {
    const value: unknown = gradients[at];
    if (value === null) continue;
    const name = `gradients[${at}]`;
    pairs.push({ variable, index: indexOf(variable), gradient: readGradient(value, variable, name), name });
  }
  if (pairs.length === 0 && variables.length > 0) {
    throw expectedText("ERR_ARGUMENT", "gradients", "a gradient for at least one variable", "null for each");
  }
  return pairs;
}

function readGradient(value: unknown, { shape, dtype, path }: Variable, name: string): NativeArray {
  const given = dtypeOf(value, name, dtype);
  if (given !== dtype) {
    throw expectedText("ERR_DTYPE", `${name}.dtype`, `"${dtype}", that of the variable "${path}",`, `"${given}"`);
  }
  try {
    return kernelArray(readShaped(value, shape, checkedProduct(shape, name), dtype, name, false), dtype);
  } catch (error) {
    if (!(error instanceof GRUError) || error.code !== "ERR_SHAPE") throw error;
    throw new GRUError("ERR_SHAPE", `${error.message} It is the gradient of "${path}".`, { cause: error });
  }
}

/** The dtype of a gradient, for what is no nested array. A bare `Uint16Array` holds the bits of 16-bit elements. */
function dtypeOf(value: unknown, name: string, wanted: string): string {
  if (Array.isArray(value)) return wanted;
  if (isTypedArray(value)) {
    const dtype = dtypeOfArray(value, name);
    return dtype === "uint16" && isSixteenBit(wanted) ? wanted : dtype;
  }
  if (!isRecord(value)) throw expected("ERR_ARGUMENT", name, "a tensor, a typed array or null", value);
  return readTensor(value, name, undefined).dtype;
}

const EXCLUSION: ReadonlySet<string> = new Set(["variables", "names"]);

/** Reads which variables something is not for. Throws `ERR_ARGUMENT`, and as `readVariables`. */
export function readExclusion(value: unknown): (variable: Variable) => boolean {
  if (!isRecord(value)) throw expected("ERR_ARGUMENT", "excluded", "an object { variables, names }", value);
  refuseUnknown(value, EXCLUSION, "excludeFromWeightDecay");
  const { variables = [], names = [] } = value;
  const given = new Set(readVariables(variables, "excludeFromWeightDecay"));
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string" && name !== "")) {
    throw expected("ERR_ARGUMENT", "names", "an array of parts of names", names);
  }
  const parts = [...(names as string[])];
  return (variable) => given.has(variable) || parts.some((part) => variable.path.includes(part));
}
