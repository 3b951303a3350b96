import { allocate } from "../arguments/memory.js";
import { checkedProduct } from "../arguments/shapes.js";
import type { NativeArray } from "../native/binding.js";
import { lengthOf } from "../native/intrinsics.js";
import { isSixteenBit, narrowInto, type SixteenBitDtype, widened, widenInto } from "../native/sixteen_bit.js";
import {
  makeOwnedVariable,
  peekVariableData,
  type Variable,
  type VariableOwner,
  writableVariableData,
} from "../variables/variable.js";
import { floatScratch } from "./float_scratch.js";

/**
 * The own variables of an optimizer, which Keras calls slots. There is one of each kind (`momentum`, `velocity`) for
 * each variable that the optimizer updates.
 */
export class SlotVariables {
  /** All slots, in Keras's order. */
  readonly variables: Variable[] = [];
  readonly #byKind = new Map<string, Variable[]>();
  readonly #owner: VariableOwner = { trainable: false, version: 0, locked: false };

  /**
   * Makes slots of zeros. Within a group of kinds, the slots of one variable follow each other, as in Keras. Throws
   * `ERR_OUT_OF_MEMORY`.
   *
   * @param groups such as `[["momentum", "velocity"], ["velocity_hat"]]`
   */
  constructor(optimizer: string, references: readonly Variable[], groups: readonly (readonly string[])[]) {
    for (const kinds of groups) {
      for (const reference of references) {
        for (const kind of kinds) {
          const slot = this.#zeros(optimizer, reference, kind);
          this.variables.push(slot);
          this.#byKind.set(kind, [...(this.#byKind.get(kind) ?? []), slot]);
        }
      }
    }
  }

  #zeros(optimizer: string, { path, shape, dtype }: Variable, kind: string): Variable {
    const name = `${path.replaceAll("/", "_")}_${kind}`;
    const data = allocate(dtype, checkedProduct(shape, name), name);
    const description = { name, path: `${optimizer}/${name}`, shape, dtype, regularizer: null, constraint: null };
    return makeOwnedVariable(description, data, this.#owner);
  }

  /** Returns the slot of the variable at `index`, or `undefined` when there are none of this kind. */
  find(kind: string, index: number): Variable | undefined {
    return this.#byKind.get(kind)?.[index];
  }

  /** Returns every slot by its kind and the place of its variable, such as `momentum/0`. */
  named(): Map<string, Variable> {
    const named = new Map<string, Variable>();
    for (const [kind, slots] of this.#byKind) {
      for (const [index, slot] of slots.entries()) named.set(`${kind}/${index}`, slot);
    }
    return named;
  }
}

/**
 * Runs `write`, which changes the elements of `variables` in place, and returns its result. The elements of 16-bit
 * variables are widened before and rounded afterwards. `write` may not keep their arrays, nor update other variables.
 */
export function updateInPlace<T>(
  variables: readonly [Variable, ...Variable[]],
  write: (first: NativeArray, ...rest: NativeArray[]) => T,
): T {
  const lengths = variables.map((variable) =>
    isSixteenBit(variable.dtype) ? lengthOf(peekVariableData(variable)) : 0,
  );
  // A layer of 0 features has 16-bit variables without elements.
  const scratch = variables.some(({ dtype }) => isSixteenBit(dtype)) ? floatScratch(lengths) : [];
  return writeThrough(variables, write, (bits, dtype, index) => widenInto(scratch[index] as Float32Array, bits, dtype));
}

/** Does what `updateInPlace` does, for a `write` of the user's. */
export function changeInPlace<T>(variable: Variable, write: (values: NativeArray) => T): T {
  return writeThrough([variable], write, widened);
}

/** Runs `write` on the variables' own arrays, and on those that `widen` returns for the bits of a 16-bit variable. */
function writeThrough<T>(
  variables: readonly [Variable, ...Variable[]],
  write: (first: NativeArray, ...rest: NativeArray[]) => T,
  widen: (bits: Uint16Array, dtype: SixteenBitDtype, index: number) => Float32Array,
): T {
  const open = variables.map((variable, index) => {
    const { dtype } = variable;
    if (!isSixteenBit(dtype)) return writableVariableData(variable) as NativeArray;
    return widen(peekVariableData(variable) as Uint16Array, dtype, index);
  });
  const result = write(...(open as [NativeArray, ...NativeArray[]]));
  for (const [index, variable] of variables.entries()) {
    const { dtype } = variable;
    if (!isSixteenBit(dtype)) continue;
    narrowInto(writableVariableData(variable) as Uint16Array, open[index] as Float32Array, dtype);
  }
  return result;
}
