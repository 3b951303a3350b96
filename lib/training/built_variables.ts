import { GRUError } from "../errors/gru_error.js";
import { inPlace } from "../errors/messages.js";
import type { Variable } from "../variables/variable.js";
import { readVariables } from "./gradient_pairs.js";
import { SlotVariables } from "./slot_variables.js";

/** The variables of a built optimizer. */
export interface BuiltVariables {
  /** The variables that the optimizer updates. */
  readonly variables: readonly Variable[];
  /** The place of each variable among them. */
  readonly indices: ReadonlyMap<Variable, number>;
  /** The optimizer's own variables, such as momenta. */
  readonly slots: SlotVariables;
}

/**
 * Makes the own variables of an optimizer of `variables`, filled with zeros. `groups` has the form that `SlotVariables` takes.
 * Throws `ERR_OUT_OF_MEMORY`.
 */
export function buildVariables(
  optimizer: string,
  variables: readonly Variable[],
  groups: readonly (readonly string[])[],
): BuiltVariables {
  const slots = new SlotVariables(optimizer, variables, groups);
  return { variables, indices: new Map(variables.map((variable, index) => [variable, index])), slots };
}

/**
 * Reads the variables that an optimizer is to be built for, as `readVariables` does. Also throws `ERR_SHAPE` when a
 * variable does not have an axis that its constraint uses.
 */
export function readNewVariables(value: unknown, method: string): Variable[] {
  const variables = readVariables(value, method);
  for (const { constraint, shape, path } of variables) {
    try {
      constraint?.requireAxes(shape);
    } catch (error) {
      if (!(error instanceof GRUError)) throw error;
      throw inPlace(`the constraint of "${path}"`, error);
    }
  }
  return variables;
}
