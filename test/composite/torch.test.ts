// PyTorch's bidirectional GRU of two layers: results and gradients.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Bidirectional, GRU, GRUStack, type Tensor, tensor } from "cudnn-gru";
import { expect, it } from "vitest";
import { relativeError } from "../golden/reader.js";

interface Stored {
  shape: number[];
  values: number[];
}

const folder = new URL("../fixtures/torch/", import.meta.url);
const expected = JSON.parse(readFileSync(new URL("stack_gradients.json", folder), "utf8")) as {
  inputs: Stored;
  initial_state: Stored;
  upstream: Stored;
  upstream_states: Stored;
  output: Stored;
  states: Stored;
  gradients: { inputs: Stored; initial_state: Stored; parameters: Record<string, Stored> };
};

const [U, LAYERS] = [5, ["gru.l0", "gru.l1"]] as const;

function tensorOf({ shape, values }: Stored): Tensor {
  return tensor(Float64Array.from(values), shape);
}

/** The states of PyTorch, (layers * directions, batch, units), one by one. */
function apart({ shape, values }: Stored): Tensor[] {
  const [count, ...rest] = shape as [number, number, number];
  const size = values.length / count;
  return Array.from({ length: count }, (_, i) =>
    tensor(Float64Array.from(values.slice(i * size, (i + 1) * size)), rest),
  );
}

function flat(tensors: readonly Tensor[]): number[] {
  return tensors.flatMap(({ data }) => [...(data as Float64Array)]);
}

/** A gradient of Keras's kernel, (inputs, 3 * units) with the gates z, r, h, as PyTorch's, (3 * units, inputs): r, z, n. */
function torchWeight({ data, shape }: Tensor): number[] {
  const [rows, columns] = shape as [number, number];
  return [1, 0, 2].flatMap((gate) =>
    Array.from({ length: U }, (_, unit) =>
      Array.from({ length: rows }, (_row, row) => (data as Float64Array)[row * columns + gate * U + unit] as number),
    ).flat(),
  );
}

function torchBias({ data }: Tensor, row: 0 | 1): number[] {
  return [1, 0, 2].flatMap((gate) => [
    ...(data as Float64Array).subarray((3 * row + gate) * U, (3 * row + gate + 1) * U),
  ]);
}

async function stackOf(): Promise<GRUStack<true, "concat", "float64">> {
  const flags = { return_sequences: true, dtype: "float64", use_cudnn: false } as const;
  const layers = LAYERS.map(() => new Bidirectional(new GRU(U, flags), { dtype: "float64" }));
  const stack = new GRUStack(layers, { return_state: true });
  await stack.loadWeights(fileURLToPath(new URL("stack_gradients.safetensors", folder)), { layers: [...LAYERS] });
  return stack;
}

it("equals torch.nn.GRU(num_layers=2, bidirectional=True), forward and backward", async () => {
  const stack = await stackOf();
  const given = { initial_state: apart(expected.initial_state) };
  const [output, ...states] = stack.call(tensorOf(expected.inputs), given);
  expect(output.shape).toEqual(expected.output.shape);
  expect(relativeError(output.data as Float64Array, expected.output.values)).toBeLessThanOrEqual(1e-12);
  expect(relativeError(flat(states), expected.states.values)).toBeLessThanOrEqual(1e-12);

  const pass = stack.forward(tensorOf(expected.inputs), given);
  const { inputs, initial_state, weights } = pass.backward({
    output: tensorOf(expected.upstream),
    states: apart(expected.upstream_states),
  });
  const { gradients } = expected;
  expect(relativeError(inputs.data as Float64Array, gradients.inputs.values)).toBeLessThanOrEqual(1e-10);
  expect(relativeError(flat(initial_state), gradients.initial_state.values)).toBeLessThanOrEqual(1e-10);
  const suffixes = ["l0", "l0_reverse", "l1", "l1_reverse"];
  expect(Object.keys(gradients.parameters)).toHaveLength(4 * suffixes.length);
  suffixes.forEach((suffix, index) => {
    const [kernel, recurrent, bias] = weights.slice(3 * index) as [Tensor, Tensor, Tensor];
    const pairs = {
      weight_ih: torchWeight(kernel),
      weight_hh: torchWeight(recurrent),
      bias_ih: torchBias(bias, 0),
      bias_hh: torchBias(bias, 1),
    };
    for (const [name, found] of Object.entries(pairs)) {
      const wanted = gradients.parameters[`${name}_${suffix}`] as Stored;
      expect(relativeError(found, wanted.values), `${name}_${suffix}`).toBeLessThanOrEqual(1e-10);
    }
  });
});
