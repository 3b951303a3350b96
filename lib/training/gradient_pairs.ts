import { kernelArray } from "../arguments/convert.js";
import { checkShaped, shapedElements } from "../arguments/shaped.js";
import { checkedProduct, sameShape } from "../arguments/shapes.js";
import { type ReadTensor, readTensor } from "../arguments/tensor_like.js";
import { dtypeOfArray, isTypedArray, requireWhole } from "../arguments/typed_array.js";
import { formatShape } from "../errors/describe.js";
import { GRUError } from "../errors/gru_error.js";
import { expected, expectedShape, expectedText, withRemark } from "../errors/messages.js";
import { everyItem } from "../native/arrays.js";
import type { NativeArray } from "../native/binding.js";
import { isSixteenBit } from "../native/sixteen_bit.js";
import { isRecord, readRecord } from "../options/record.js";
import { peekVariableData, requireWritable, Variable } from "../variables/variable.js";

/** A variable with its gradient. */
export interface GradientPair {
  readonly variable: Variable;
  /** The place of `variable` among the variables that the optimizer was built for. */
  readonly index: number;
  /** The gradient as the updates take it. It may be the caller's own memory. */
  readonly gradient: NativeArray;
  /** The name of the gradient in messages. */
  readonly name: string;
}

/**
 * Reads a list of different variables. Throws `ERR_ARGUMENT` for anything else, `ERR_DISPOSED` for variables of a
 * disposed layer, and `ERR_STATE` for variables that may not be written now.
 */
export function readVariables(value: unknown, method: string): Variable[] {
  if (!Array.isArray(value)) throw expected("ERR_ARGUMENT", "variables", "an array of variables", value);
  const variables: Variable[] = [];
  // Unlike `map`, this loop visits holes, and refuses the first one.
  for (const item of value) {
    if (!(item instanceof Variable)) {
      const name = `variables[${variables.length}]`;
      throw expected("ERR_ARGUMENT", name, "a Variable (such as those of gru.trainable_weights)", item);
    }
    variables.push(item);
  }
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
 * Pairs gradients with their variables and omits the `null` ones. `indexOf` returns the place of a variable. The shapes
 * of all gradients are checked before one is copied or converted.
 *
 * Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`, naming the gradient.
 */
export function readPairs(
  gradients: unknown,
  variables: readonly Variable[],
  indexOf: (variable: Variable) => number,
): GradientPair[] {
  if (!Array.isArray(gradients)) {
    throw expected("ERR_ARGUMENT", "gradients", "an array of gradients (such as pass.backward().weights)", gradients);
  }
  if (gradients.length !== variables.length) {
    const what = `${variables.length} gradients, one for each variable,`;
    throw expectedText("ERR_ARGUMENT", "gradients", what, `${gradients.length} of them`);
  }
  const checked: [Variable, ReadTensor][] = [];
  for (const [at, variable] of variables.entries()) {
    const value: unknown = gradients[at];
    if (value !== null) checked.push([variable, checkGradient(value, variable, `gradients[${at}]`)]);
  }
  if (checked.length === 0 && variables.length > 0) {
    throw expectedText("ERR_ARGUMENT", "gradients", "a gradient for at least one variable", "null for each");
  }
  return checked.map(([variable, read]) => {
    const { dtype } = variable;
    const gradient = kernelArray(shapedElements(read, dtype, false), dtype);
    return { variable, index: indexOf(variable), gradient, name: read.name };
  });
}

/**
 * Throws `ERR_ARGUMENT` when a gradient has been detached since it was read, and `ERR_DISPOSED` for variables of a
 * disposed layer. Call it after the last of the caller's code has run and before anything changes.
 */
export function requireReady(pairs: readonly GradientPair[]): void {
  for (const { variable, gradient, name } of pairs) {
    requireWritable(variable, "apply");
    requireWhole(gradient, peekVariableData(variable).length, name);
  }
}

function checkGradient(value: unknown, { shape, dtype, path }: Variable, name: string): ReadTensor {
  const check = (given: string) => {
    if (given === dtype) return;
    throw expectedText("ERR_DTYPE", `${name}.dtype`, `"${dtype}", that of the variable "${path}",`, `"${given}"`);
  };
  const nested = Array.isArray(value);
  if (isTypedArray(value)) {
    const kind = dtypeOfArray(value, name);
    // A bare Uint16Array holds the bits of 16-bit elements.
    check(kind === "uint16" && isSixteenBit(dtype) ? dtype : kind);
  } else if (!nested && !isRecord(value)) {
    throw expected("ERR_ARGUMENT", name, "a tensor, a typed array or null", value);
  }
  try {
    const count = checkedProduct(shape, name);
    if (nested || isTypedArray(value)) return checkShaped(value, shape, count, dtype, name);
    const read = readTensor(value, name, undefined);
    check(read.dtype);
    if (sameShape(read.shape, shape)) return read;
    throw expectedShape(name, `shape ${formatShape(shape)}`, read.shape);
  } catch (error) {
    if (!(error instanceof GRUError) || error.code !== "ERR_SHAPE") throw error;
    throw withRemark(error, `It is the gradient of "${path}".`);
  }
}

const EXCLUSION: ReadonlySet<string> = new Set(["variables", "names"]);

/** Reads which variables to exclude from weight decay. Throws `ERR_ARGUMENT`, and the errors of `readVariables`. */
export function readExclusion(value: unknown): (variable: Variable) => boolean {
  const what = "an object { variables, names }";
  const { variables = [], names = [] } = readRecord(value, EXCLUSION, "excludeFromWeightDecay", "excluded", what);
  const given = new Set(readVariables(variables, "excludeFromWeightDecay"));
  if (!Array.isArray(names) || !everyItem(names, (name) => typeof name === "string" && name !== "")) {
    throw expected("ERR_ARGUMENT", "names", "an array of parts of names", names);
  }
  const parts = [...(names as string[])];
  return (variable) => given.has(variable) || parts.some((part) => variable.path.includes(part));
}
