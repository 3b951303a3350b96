import type { VariableRequest } from "../hdf5/dataset.js";
import type { WeightData } from "./gru_variables.js";

/**
 * The arrays of a GRU of Keras 1. For each gate there are its kernel (features, units), its recurrent kernel (units,
 * units) and its bias (units,), nine in all. With `consume_less="gpu"` there are three, in which the gates are already
 * joined as in later versions. The names are `gru_1_W_z`, `gru_1_U_z`, `gru_1_b_z` and so on (`gru_1_W:0` in
 * TensorFlow), and in Keras 1.0 `param_0` to `param_8`, in that order.
 */

const GATES = ["z", "r", "h"];
const ROLES = ["W", "U", "b"];
const NINE = GATES.flatMap((gate) => ROLES.map((role) => `${role}_${gate}`));

/** The arrays of one GRU: their names, and the text before their roles (`gru_1`). */
export interface Keras1Run {
  readonly prefix: string;
  readonly names: readonly string[];
}

/**
 * Returns the GRUs among the arrays `names` of one layer, or none if Keras 1 did not name them. Shapes are not known
 * yet.
 */
export function keras1Runs(names: readonly string[]): Keras1Run[] {
  if (names.length > 0 && names.length % NINE.length === 0 && names.every((name) => /^param_\d+$/.test(name))) {
    return chunks(names, NINE.length).map((run) => ({ prefix: "", names: run }));
  }
  const found = new Map<string, Map<string, string>>();
  for (const name of names) {
    const [, prefix, role] = /^(.*)_([WUb](?:_[zrh])?)(?:_\d+)?(?::\d+)?$/.exec(name) ?? [];
    if (prefix === undefined || role === undefined) continue;
    const roles = found.get(prefix) ?? new Map<string, string>();
    if (!roles.has(role)) roles.set(role, name);
    found.set(prefix, roles);
  }
  return [...found].flatMap(([prefix, roles]) => {
    const wanted = roles.has("W") ? ROLES : NINE;
    const run = wanted.map((role) => roles.get(role));
    return roles.size === run.length && run.every((name) => name !== undefined) ? [{ prefix, names: run }] : [];
  });
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: items.length / size }, (_, at) => items.slice(at * size, (at + 1) * size));
}

/** True for the shapes of the nine arrays, in the order of {@link keras1Runs}. */
export function isKeras1Cell(shapes: readonly (readonly number[])[]): boolean {
  if (shapes.length !== NINE.length) return false;
  const [features, units] = shapes[0]!;
  const wanted = [`${features},${units}`, `${units},${units}`, `${units}`];
  return (units ?? 0) > 0 && shapes.every((shape, at) => shape.join() === wanted[at % ROLES.length]);
}

/** Returns the requests for `variables`, which have joined shapes, in a file that has `count` arrays for the layer. */
export function keras1Requests(variables: readonly VariableRequest[], count: number): readonly VariableRequest[] {
  if (count !== NINE.length || variables.length !== ROLES.length) return variables;
  return GATES.flatMap((gate) =>
    variables.map(({ label, shape }) => {
      const units = shape.at(-1);
      const own = typeof units === "number" ? units / GATES.length : null;
      return { label: `the ${gate} of ${label}`, shape: [...shape.slice(0, -1), own] };
    }),
  );
}

/**
 * Joins nine arrays to the kernel, recurrent kernel and bias, with the gates side by side. Returns other weights
 * unchanged.
 */
export function joinedGates(weights: readonly WeightData[]): WeightData[] {
  if (weights.length !== NINE.length) return [...weights];
  return ROLES.map((_, role) => joined(GATES.map((_gate, gate) => weights[gate * ROLES.length + role]!)));
}

/** Joins arrays of one shape side by side in their last dimension. */
function joined(parts: readonly WeightData[]): WeightData {
  const [{ shape, dtype, data }] = parts as [WeightData];
  const width = shape.at(-1)!;
  const out = new (data.constructor as Float32ArrayConstructor)(parts.length * data.length);
  parts.forEach((part, at) => {
    for (let row = 0; row * width < part.data.length; row += 1) {
      out.set(part.data.subarray(row * width, (row + 1) * width), (row * parts.length + at) * width);
    }
  });
  return { shape: [...shape.slice(0, -1), width * parts.length], dtype, data: out };
}
