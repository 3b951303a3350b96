import { type GRU, type GRUPass, type Tensor, tensor } from "cudnn-gru";
import type { ForwardArguments } from "../../dist/arguments/read_forward.js";
import { count, numbers } from "./support.js";

/** One float64 call and a scalar of it: sum(upstream * results) + sum(losses). */
export interface Scalar {
  readonly gru: GRU;
  readonly inputs: Tensor<Float64Array>;
  readonly args: ForwardArguments;
  readonly state: Tensor<Float64Array>;
  readonly upstream: { output: Float64Array; state: Float64Array };
}

/** A call on reproducible numbers, with an initial state. */
export function scalarOf(gru: GRU, shape: readonly number[], args: ForwardArguments = {}, seed = 31): Scalar {
  const float64 = (sizes: readonly number[], from: number) => tensor(numbers(count(sizes), from), [...sizes]);
  const [batch, timesteps] = shape as [number, number];
  const sequences = gru.getConfig().return_sequences;
  return {
    gru,
    inputs: float64(shape, seed),
    args,
    state: float64([batch, gru.units], seed + 1),
    upstream: {
      output: numbers(batch * (sequences ? timesteps : 1) * gru.units, seed + 2),
      state: numbers(batch * gru.units, seed + 3),
    },
  };
}

function passOf({ gru, inputs, args, state }: Scalar): GRUPass {
  return gru.forward(inputs, { ...args, initial_state: state });
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** The scalar's value. */
export function scalarValue(scalar: Scalar): number {
  const pass = passOf(scalar);
  pass.dispose();
  const { output, state } = scalar.upstream;
  return (
    dot(output, pass.output.data as Float64Array) +
    dot(state, pass.state.data as Float64Array) +
    pass.losses.reduce((sum, loss) => sum + loss, 0)
  );
}

/** Everything the scalar depends on, by name, with its gradient. */
export function gradientsOf(scalar: Scalar): { name: string; value: Float64Array; gradient: Float64Array }[] {
  const { inputs, initial_state, weights } = passOf(scalar).backward(scalar.upstream);
  const parts = [
    { name: "inputs", value: scalar.inputs.data, gradient: inputs.data },
    { name: "initial_state", value: scalar.state.data, gradient: initial_state.data },
    ...weights.map(({ data }, index) => {
      const variable = scalar.gru.weights[index] as GRU["weights"][number];
      return { name: variable.name, value: variable.value.data, gradient: data };
    }),
  ];
  return parts as { name: string; value: Float64Array; gradient: Float64Array }[];
}

/** Sets the weights to `parts`, in the order of `gradientsOf`; the other parts are the scalar's own arrays. */
function setWeights({ gru }: Scalar, parts: readonly { value: Float64Array }[]): void {
  gru.setWeights(parts.slice(2).map(({ value }) => value));
}

const STEP = 1e-4;

/** The derivative at 0, from two central differences (Richardson): exact but for the fourth power of the step. */
function derivative(at: (step: number) => number): number {
  const central = (step: number) => (at(step) - at(-step)) / (2 * step);
  return (4 * central(STEP / 2) - central(STEP)) / 3;
}

/**
 * max|gradient - difference| / max(1, max|difference|) over every element of everything.
 */
export function worstDifference(scalar: Scalar): { error: number; name: string } {
  const parts = gradientsOf(scalar);
  const worst = { error: 0, name: "" };
  for (const { name, value, gradient } of parts) {
    let scale = 1;
    let error = 0;
    for (let i = 0; i < value.length; i++) {
      const before = value[i] as number;
      const difference = derivative((step) => {
        value[i] = before + step;
        setWeights(scalar, parts);
        return scalarValue(scalar);
      });
      value[i] = before;
      scale = Math.max(scale, Math.abs(difference));
      error = Math.max(error, Math.abs(difference - (gradient[i] as number)));
      if (Number.isNaN(gradient[i])) error = Number.NaN;
    }
    if (!(error / scale <= worst.error)) Object.assign(worst, { error: error / scale, name });
  }
  setWeights(scalar, parts);
  return worst;
}

/** The same for one direction in which everything moves at once. */
export function directionError(scalar: Scalar, seed: number): number {
  const parts = gradientsOf(scalar);
  const starts = parts.map(({ value }) => value.slice());
  const directions = parts.map(({ value }, index) => numbers(value.length, seed + index));
  const at = (step: number) => {
    parts.forEach(({ value }, part) => {
      for (let i = 0; i < value.length; i++) {
        value[i] = (starts[part]?.[i] as number) + step * (directions[part]?.[i] as number);
      }
    });
    setWeights(scalar, parts);
    return scalarValue(scalar);
  };
  const difference = derivative(at);
  at(0);
  const slope = parts.reduce((sum, { gradient }, part) => sum + dot(gradient, directions[part] as Float64Array), 0);
  return Math.abs(slope - difference) / Math.max(1, Math.abs(difference));
}
