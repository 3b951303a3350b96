import { GRUError } from "../errors/gru_error.js";
import { inPlace } from "../errors/messages.js";
import type { Variable } from "../variables/variable.js";
import { readVariables } from "./pairs.js";
import { Slots } from "./slots.js";

/** What an optimizer knows once it is built. */
export interface Built {
  readonly variables: readonly Variable[];
  readonly indices: ReadonlyMap<Variable, number>;
  readonly slots: Slots;
}

/** Everything for `variables`, all zeros; `groups` as `Slots` takes them. Throws `ERR_OUT_OF_MEMORY`. */
export function builtFor(
  optimizer: string,
  variables: readonly Variable[],
  groups: readonly (readonly string[])[],
): Built {
  const slots = new Slots(optimizer, variables, groups);
  return { variables, indices: new Map(variables.map((variable, index) => [variable, index])), slots };
}

/** As `readVariables`, for variables that an optimizer is built for. Throws `ERR_SHAPE` where a constraint lacks an axis. */
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
