// The layers called one by one, by their public methods: what one call of a Bidirectional or a GRUStack must equal.
import { Bidirectional, type CallArguments, type GRU, type StackLayer, type Tensor, tensor } from "cudnn-gru";
import { bitsOf, numberOf } from "../golden/sixteen_bit.js";

type Half = "float16" | "bfloat16";

/** The elements of a tensor as numbers. */
export function valuesOf({ data, dtype }: Tensor): number[] {
  return Array.from(data as ArrayLike<number>, (value) =>
    dtype === "float16" || dtype === "bfloat16" ? numberOf(value, dtype) : value,
  );
}

/** A tensor of these numbers, each rounded once to `dtype`. */
export function tensorFrom(values: readonly number[], shape: readonly number[], dtype: string): Tensor {
  if (dtype === "float64") return tensor(Float64Array.from(values), [...shape]);
  if (dtype === "float32") return tensor(Float32Array.from(values), [...shape]);
  return tensor(
    Uint16Array.from(values, (value) => bitsOf(value, dtype as Half)),
    [...shape],
    dtype as Half,
  );
}

/** `values` with the timesteps in the other order, if it has timesteps. */
export function turned(values: Tensor): Tensor {
  if (values.shape.length < 3) return values;
  const [batch, timesteps, width] = values.shape as [number, number, number];
  const list = valuesOf(values);
  const other = list.map((_, index) => {
    const unit = index % width;
    const step = Math.floor(index / width) % timesteps;
    const row = Math.floor(index / width / timesteps);
    return list[(row * timesteps + timesteps - 1 - step) * width + unit] as number;
  });
  return tensorFrom(other, [batch, timesteps, width], values.dtype);
}

/** Two tensors merged in `dtype`, each operation rounded to it. */
export function merged(first: Tensor, second: Tensor, mode: string, dtype: string): Tensor {
  const [a, b] = [first, second].map((one) => valuesOf(tensorFrom(valuesOf(one), one.shape, dtype))) as [
    number[],
    number[],
  ];
  const round = (values: number[]) => valuesOf(tensorFrom(values, [values.length], dtype));
  if (mode === "concat") {
    const [left, right] = [first, second].map(({ shape }) => shape.at(-1) as number) as [number, number];
    const rows = left === 0 ? 0 : a.length / left;
    const joined = Array.from({ length: rows }, (_, row) => [
      ...a.slice(row * left, (row + 1) * left),
      ...b.slice(row * right, (row + 1) * right),
    ]).flat();
    return tensorFrom(joined, [...first.shape.slice(0, -1), left + right], dtype);
  }
  const combined =
    mode === "mul"
      ? round(a.map((value, i) => value * (b[i] as number)))
      : round(a.map((value, i) => value + (b[i] as number)));
  return tensorFrom(mode === "ave" ? combined.map((value) => value / 2) : combined, first.shape, dtype);
}

/** The arguments of one layer's call. */
type Arguments = Pick<CallArguments, "mask" | "lengths" | "training">;

/** Calls one GRU. Its state comes second. */
function callGru(gru: GRU, inputs: Tensor, args: Arguments, state: Tensor | undefined): [Tensor, Tensor | undefined] {
  const result = gru.call(inputs, { ...args, initial_state: state ?? null });
  return Array.isArray(result) ? [result[0], result[1]] : [result, undefined];
}

/** The outputs and the states of layers that are called one after the other. */
export function callByHand(
  layers: readonly StackLayer[],
  inputs: Tensor,
  args: Arguments = {},
  states: readonly Tensor[] | null = null,
): { outputs: Tensor[]; states: (Tensor | undefined)[] } {
  const last: (Tensor | undefined)[] = [];
  const given = [...(states ?? [])];
  let outputs = [inputs];
  for (const layer of layers) {
    const [values] = outputs as [Tensor];
    if (!(layer instanceof Bidirectional)) {
      const [output, state] = callGru(layer as GRU, values, args, given.shift());
      outputs = [output];
      last.push(state);
      continue;
    }
    const { forward_layer, backward_layer, merge_mode, compute_dtype } = layer;
    const own = tensorFrom(valuesOf(values), values.shape, compute_dtype);
    const state = (one: Tensor | undefined) =>
      one === undefined ? undefined : tensorFrom(valuesOf(one), one.shape, compute_dtype);
    const [forward, forwardState] = callGru(forward_layer, own, args, state(given.shift()));
    const [backward, backwardState] = callGru(backward_layer, own, args, state(given.shift()));
    last.push(forwardState, backwardState);
    const other = turned(backward);
    outputs =
      merge_mode === null
        ? [forward, other].map((one) => tensorFrom(valuesOf(one), one.shape, compute_dtype))
        : [merged(forward, other, merge_mode, compute_dtype)];
  }
  return { outputs, states: last };
}

/** The GRUs of layers, forward before backward. */
export function grusOf(layers: readonly StackLayer[]): GRU[] {
  return layers.flatMap((layer) =>
    layer instanceof Bidirectional ? [layer.forward_layer, layer.backward_layer] : [layer as GRU],
  );
}

/** A result as a list. */
export function listOf(result: unknown): Tensor[] {
  return (Array.isArray(result) ? result : [result]) as Tensor[];
}
