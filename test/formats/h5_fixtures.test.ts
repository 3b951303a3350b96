// Every HDF5 file of real writers: the weights exactly, and the outputs of the layers for an input.
import { GRU, type Tensor, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { type ExpectedLayer, expectedOf, h5Fixture, h5FixtureNames, WRITERS } from "./h5_files.js";

const isWeightsOnly = (file: string) => /[._]weights\.h5$/.test(file);

/** How a file's layer is addressed: a .weights.h5 of Keras 2 has no Keras names. */
function address(file: string, { path, group }: ExpectedLayer): string {
  if (/^(windows_)?(tf_keras|keras213).*\.weights\.h5$/.test(file)) return group!.replace(/\/cell$/, "");
  // Keras 2.2.4 had numbered the scope of the variables of this layer.
  if (file === "keras2_nested_weights.h5" && path.at(-1) === "gru") return "inner/gru_3";
  return path.join("/");
}

/** A layer with the arguments of the writer's config that Keras 3's GRU knows, but without its weights. */
function unloaded({ config, weights }: ExpectedLayer): GRU {
  const [, , bias] = weights;
  return new GRU({
    units: config.units as number,
    go_backwards: config.go_backwards as boolean,
    return_sequences: config.return_sequences as boolean,
    recurrent_activation: recurrentActivation(config),
    use_bias: bias !== undefined,
    reset_after: bias?.shape.length !== 1,
  });
}

function recurrentActivation(config: Record<string, unknown>): string {
  const name = (config.recurrent_activation as string | undefined) ?? "sigmoid";
  return name === "hard_sigmoid" ? "keras2_hard_sigmoid" : name;
}

function expectOutputs(gru: GRU, { input, outputs }: ExpectedLayer): void {
  const given = tensor(Float32Array.from(input.values), input.shape);
  const result = gru.call(given);
  const found = Array.isArray(result) ? result : [result];
  expect(found.map(({ shape }) => shape)).toEqual(outputs.map(({ shape }) => shape));
  for (const [index, { values }] of outputs.entries()) {
    // The writer computed in float32 or float64, whatever the layer's dtype is.
    const bound = TOLERANCES[found[index]!.dtype]! * Math.max(1, ...values.map(Math.abs));
    elements(found[index]!).forEach((value, at) => {
      expect(Math.abs(value - values[at]!)).toBeLessThanOrEqual(bound);
    });
  }
}

const TOLERANCES: Record<string, number> = { float64: 1e-5, float32: 1e-5, float16: 4e-3, bfloat16: 3e-2 };

const elements = (values: Tensor): number[] =>
  (values.toArray() as number[][]).flat(Number.POSITIVE_INFINITY) as number[];

function expectWeights(gru: GRU, { weights }: ExpectedLayer): void {
  expect(gru.getWeights().map((weight) => ({ shape: weight.shape, values: elements(weight) }))).toEqual(weights);
}

it("has an expectation for every file", () => {
  expect(WRITERS.flatMap((writer) => Object.keys(expectedOf(writer))).sort()).toEqual(h5FixtureNames().sort());
});

// Each file is read on a thread of its own, so several can be read at once.
describe.concurrent.each(WRITERS)("%s", (writer) => {
  describe.each(Object.entries(expectedOf(writer)))("%s", (file, grus) => {
    const path = h5Fixture(file);

    it.each(grus.map((gru) => [address(file, gru), gru] as const))("%s", async (layer, expected) => {
      let gru: GRU;
      if (isWeightsOnly(file)) {
        gru = unloaded(expected);
        await gru.loadWeights(path, { layer });
      } else {
        gru = await GRU.fromKeras(path, { layer });
        expect(gru.name).toBe(expected.config.name);
      }
      expectWeights(gru, expected);
      expectOutputs(gru, expected);
      // The result is a config of Keras 3, which makes the same layer again.
      const again = GRU.fromConfig(gru.getConfig());
      if (isWeightsOnly(file)) {
        // `loadWeights` has read this file already, and starting a thread to read it again takes long.
        again.build([null, null, expected.features]);
        again.setWeights(gru.getWeights());
      } else {
        await again.loadWeights(path, { layer });
      }
      expectOutputs(again, expected);
    });

    if (isWeightsOnly(file) && grus.length > 0) {
      it("has no config to make a layer of", async () => {
        await expect(GRU.fromKeras(path, { layer: address(file, grus[0]!) })).rejects.toMatchObject({
          code: "ERR_ARGUMENT",
          message: expect.stringContaining("weights only. Make the layer with new GRU(units, ...) and call its load"),
        });
      });
    }

    if (grus.length === 0) {
      it("has no GRU", async () => {
        await expect(GRU.fromKeras(path)).rejects.toMatchObject({
          code: "ERR_ARGUMENT",
          message: expect.stringContaining("whose layers are: "),
        });
      });
    }
  });
});
