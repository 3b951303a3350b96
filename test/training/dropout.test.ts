// Dropout in training: the masks that are drawn, and their effect on gradients.
import { type GRU, type GRUArguments, optimizers, type Tensor, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { readConstructor } from "../../dist/arguments/constructor.js";
import { DropoutGenerator } from "../../dist/layers/call/dropout.js";
import { layer, random } from "../layers/support.js";

const [B, T, F, U] = [6, 5, 8, 4];
const inputs = random([B, T, F]);
const upstream = random([B, T, U], 3);
const training = { training: true };

function gradientsOf(gru: GRU, batch: Tensor = inputs) {
  return gru.forward(batch, training).backward({ output: upstream });
}

/** Whether gradients are zero, by row and feature, at each timestep. */
function zeros({ data }: Tensor): boolean[][] {
  return Array.from({ length: T }, (_, t) =>
    Array.from({ length: B * F }, (_, i) => data[Math.floor(i / F) * T * F + t * F + (i % F)] === 0),
  );
}

describe("masks", () => {
  it.each([
    [{ dropout: 0.3 }, 1],
    [{ dropout: 0.3, implementation: 1 }, 3],
    [{ dropout: 0.6, recurrent_dropout: 0.2 }, 3],
  ] as [GRUArguments, number][])("of %j have the mean 1 and the rate's variance, each by itself", (args, count) => {
    const [rows, features, units] = [200, 50, 40];
    const options = readConstructor(units, { ...args, seed: 9 });
    const { input, recurrent } = new DropoutGenerator({}, options).draw(rows, features);
    const judge = (mask: ArrayLike<number>, rate: number, parts: number) => {
      const size = mask.length / parts;
      for (let part = 0; part < parts; part++) {
        const values = Array.from({ length: size }, (_, i) => mask[part * size + i] as number);
        const mean = values.reduce((sum, value) => sum + value, 0) / size;
        const variance = values.reduce((sum, value) => sum + (value - 1) ** 2, 0) / size;
        const wanted = rate / (1 - rate);
        // Five standard deviations of the mean of so many draws.
        expect(Math.abs(mean - 1)).toBeLessThan(5 * Math.sqrt(wanted / size));
        expect(Math.abs(variance - wanted)).toBeLessThan(0.1 * wanted);
      }
    };
    judge(input ?? [], args.dropout ?? 0, count);
    expect(input?.length).toBe(count * rows * features);
    if (args.recurrent_dropout) judge(recurrent ?? [], args.recurrent_dropout, 3);
    expect(recurrent?.length ?? 0).toBe(args.recurrent_dropout ? 3 * rows * units : 0);
    // The masks of the gates are different ones.
    const [first, second] = [0, 1].map((part) => input?.subarray(part * rows * features, (part + 1) * rows * features));
    if (count === 3) expect(second).not.toEqual(first);
  });

  it("are the same numbers on every machine", () => {
    const options = readConstructor(3, { dropout: 0.5, recurrent_dropout: 0.25, seed: 11, dtype: "float64" });
    const generator = new DropoutGenerator({}, options);
    const bits = (mask: ArrayLike<number> | null) => Array.from(mask ?? [], (value) => (value === 0 ? 0 : 1)).join("");
    const first = generator.draw(2, 4);
    expect([bits(first.input), bits(first.recurrent)]).toEqual(["100011110111001110100000", "111110101110101111"]);
  });
});

describe("gradients", () => {
  it("are zero where inputs were dropped: in the same places at every timestep, at the rate, in training only", () => {
    const gru = layer(U, F, { dropout: 0.4, seed: 5, return_sequences: true });
    let dropped = 0;
    for (let call = 0; call < 20; call++) {
      const [first, ...later] = zeros(gradientsOf(gru).inputs) as [boolean[], ...boolean[][]];
      for (const places of later) expect(places).toEqual(first);
      dropped += first.filter(Boolean).length;
    }
    expect(Math.abs(dropped / (20 * B * F) - 0.4)).toBeLessThan(0.08);
    const plain = gru.forward(inputs).backward({ output: upstream });
    expect(plain.inputs.data.every((value) => value !== 0)).toBe(true);
    expect(plain).toEqual(gradientsOf(layer(U, F, { return_sequences: true })));
  });

  it("of the kernel vanish in the rows of features that were dropped in every row", () => {
    const gru = layer(U, F, { dropout: 0.5, seed: 3, return_sequences: true });
    const one = tensor(inputs.data.slice(0, T * F), [1, T, F]);
    const { inputs: own, weights } = gru
      .forward(one, training)
      .backward({ output: tensor(upstream.data.slice(0, T * U), [1, T, U]) });
    const kernel = weights[0] as Tensor;
    for (let feature = 0; feature < F; feature++) {
      const row = kernel.data.slice(feature * 3 * U, (feature + 1) * 3 * U);
      expect(row.every((value) => value === 0)).toBe(own.data[feature] === 0);
    }
    expect(own.data.slice(0, F).some((value) => value === 0)).toBe(true);
  });

  it("average to those without dropout where everything is linear", () => {
    const args = { activation: "linear", use_bias: false, return_sequences: true, dtype: "float64" } as const;
    const make = (more: GRUArguments) => {
      const gru = layer(U, F, { ...args, ...more });
      const [kernel, recurrent] = gru.getWeights() as [Tensor, Tensor];
      // No gates: z is 0.5 throughout, and the candidate does not see the state.
      const candidate = kernel.data.map((value, index) => (index % (3 * U) < 2 * U ? 0 : value));
      gru.setWeights([candidate, recurrent.data.map(() => 0)]);
      return gru;
    };
    const wanted = gradientsOf(make({})).inputs.data;
    const gru = make({ dropout: 0.3, seed: 8 });
    const draws = 400;
    const mean = new Float64Array(wanted.length);
    for (let draw = 0; draw < draws; draw++) {
      const { data } = gradientsOf(gru).inputs;
      for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] as number) + (data[i] as number) / draws;
    }
    const largest = Math.max(...wanted.map(Math.abs));
    const worst = Math.max(...mean.map((value, i) => Math.abs(value - (wanted[i] as number))));
    expect(worst).toBeLessThan((5 * Math.sqrt(0.3 / 0.7) * largest) / Math.sqrt(draws));
  });
});

describe("training with dropout", () => {
  const train = async (seed: number, asynchronous: boolean) => {
    const args = { dropout: 0.3, recurrent_dropout: 0.2, seed, return_sequences: true };
    const gru = layer(U, F, args);
    const adam = new optimizers.Adam({ learning_rate: 0.02 });
    const losses: number[] = [];
    for (let step = 0; step < 30; step++) {
      const pass = asynchronous ? await gru.forwardAsync(inputs, training) : gru.forward(inputs, training);
      const errors = Float32Array.from(pass.output.data, (value, i) => value - (upstream.data[i] as number) / 2);
      losses.push(errors.reduce((sum, error) => sum + error * error, 0));
      const given = { output: tensor(errors, [B, T, U]) };
      const { weights } = asynchronous ? await pass.backwardAsync(given) : pass.backward(given);
      adam.apply(weights, gru.trainable_weights);
    }
    return { losses, weights: gru.getWeights(), inference: gru.call(inputs) };
  };

  it("learns, and is the same bit for bit from the same seed, asynchronously too", async () => {
    const first = await train(5, false);
    expect(first.losses.at(-1)).toBeLessThan(0.8 * (first.losses[0] as number));
    expect(await train(5, false)).toEqual(first);
    expect(await train(5, true)).toEqual(first);
    expect((await train(6, false)).weights).not.toEqual(first.weights);
  });
});
