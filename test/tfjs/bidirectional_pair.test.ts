// A Bidirectional of this package computes both of its halves in one call. Its results are those of tfjs's own class,
// which calls one half after the other.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import * as tf from "@tensorflow/tfjs";
import { bidirectional, GRU } from "cudnn-gru/tfjs";
import { describe, expect, it } from "vitest";
import { relativeError, TOLERANCE } from "../golden/reader.js";
import { quiet } from "./support.js";

quiet();

const [B, T, F, U] = [3, 6, 4, 5] as const;
const inputs = tf.randomUniform([B, T, F], -1, 1, "float32", 1);
const states = [2, 3].map((seed) => tf.randomUniform([B, U], -1, 1, "float32", seed));
const mask = tf.tensor2d(
  [
    [1, 1, 1, 1, 1, 1],
    [1, 0, 1, 1, 0, 0],
    [0, 0, 0, 0, 0, 0],
  ],
  undefined,
  "bool",
);

type MergeMode = "concat" | "sum" | "mul" | "ave" | null;
interface Form {
  mergeMode: MergeMode;
  returnSequences: boolean;
  returnState: boolean;
  with: "nothing" | "a mask" | "states" | "a mask and states";
}

const forms: Form[] = (["concat", "sum", "mul", "ave", null] as const).flatMap((mergeMode) =>
  [false, true].flatMap((returnSequences) =>
    (["nothing", "a mask", "states", "a mask and states"] as const).map((given) => ({
      mergeMode,
      returnSequences,
      returnState: given !== "nothing",
      with: given,
    })),
  ),
);

/** Returns the number of calls of this package that `run` makes. */
function callsOf(run: () => void): number {
  let count = 0;
  const listener = () => {
    count += 1;
  };
  subscribe("cudnn-gru:call", listener);
  try {
    run();
  } finally {
    unsubscribe("cudnn-gru:call", listener);
  }
  return count;
}

const data = (tensors: readonly tf.Tensor[]) => tensors.map((tensor) => [...tensor.dataSync()]);

function withWeights<L extends tf.layers.Layer>(layer: L): L {
  layer.build([null, T, F]);
  layer.setWeights(
    layer.getWeights().map(({ shape }, index) => tf.randomUniform(shape, -0.6, 0.6, "float32", 9 + index)),
  );
  return layer;
}

const kwargsOf = (form: Form) => ({
  ...(form.with.includes("mask") ? { mask } : {}),
  ...(form.with.includes("states") ? { initialState: [...states] } : {}),
});

/** Returns the results of a call, and the gradients of a weighted sum of them in the inputs and all weights. */
function run(layer: tf.layers.Layer, form: Form): { results: tf.Tensor[]; gradients: tf.Tensor[] } {
  const results = [layer.apply(inputs, kwargsOf(form)) as tf.Tensor[]].flat();
  const variables = layer.trainableWeights.map((weight) => (weight as unknown as { val: tf.Variable }).val);
  const loss = (x: tf.Tensor) =>
    [layer.apply(x, { ...kwargsOf(form), training: true }) as tf.Tensor[]]
      .flat()
      .map((result, index) =>
        result
          .mul(result)
          .sum()
          .mul(index + 1),
      )
      .reduce((sum, each) => sum.add(each)) as tf.Scalar;
  const x = tf.grad(loss)(inputs);
  const { grads } = tf.variableGrads(() => loss(inputs), variables);
  return { results, gradients: [x, ...variables.map(({ name }) => grads[name] as tf.Tensor)] };
}

const layerOf = (form: Form, resetAfter = true) =>
  new GRU({
    units: U,
    resetAfter,
    useCudnn: false,
    returnSequences: form.returnSequences,
    returnState: form.returnState,
  });

describe("a Bidirectional", () => {
  it.each(forms)("has the bits of its halves: $mergeMode, sequences $returnSequences, $with", (form) => {
    const ours = withWeights(bidirectional({ layer: layerOf(form), mergeMode: form.mergeMode }));
    const theirs = withWeights(
      tf.layers.bidirectional({ layer: layerOf(form) as never, mergeMode: form.mergeMode as never }),
    );
    const [found, wanted] = [run(ours, form), run(theirs, form)];
    expect(found.results.map(({ shape }) => shape)).toEqual(wanted.results.map(({ shape }) => shape));
    expect(data(found.results)).toEqual(data(wanted.results));
    expect(found.gradients.map(({ shape }) => shape)).toEqual(wanted.gradients.map(({ shape }) => shape));
    for (const [index, gradient] of wanted.gradients.entries()) {
      const error = relativeError((found.gradients[index] as tf.Tensor).dataSync(), gradient.dataSync());
      expect(error).toBeLessThanOrEqual(1e-6);
    }
  });

  it.each(forms.filter((form) => form.with === "nothing"))(
    "has the results of tfjs's own GRU: $mergeMode, sequences $returnSequences",
    (form) => {
      const ours = withWeights(bidirectional({ layer: layerOf(form, false), mergeMode: form.mergeMode }));
      const own = tf.layers.gru({
        units: U,
        recurrentActivation: "sigmoid",
        returnSequences: form.returnSequences,
      });
      const theirs = withWeights(tf.layers.bidirectional({ layer: own as never, mergeMode: form.mergeMode as never }));
      const [found, wanted] = [run(ours, form), run(theirs, form)];
      for (const kind of ["results", "gradients"] as const) {
        expect(found[kind]).toHaveLength(wanted[kind].length);
        for (const [index, tensor] of wanted[kind].entries()) {
          const error = relativeError((found[kind][index] as tf.Tensor).dataSync(), tensor.dataSync());
          expect(error).toBeLessThanOrEqual(TOLERANCE.float32 * (kind === "results" ? 1 : 10));
        }
      }
    },
  );

  it("is one call, and its halves are one each", () => {
    const ours = bidirectional({ layer: new GRU({ units: U }), mergeMode: "concat" });
    ours.apply(inputs);
    expect(callsOf(() => ours.apply(inputs))).toBe(1);
    expect(callsOf(() => ours.apply([inputs, ...states]))).toBe(1);
    const theirs = tf.layers.bidirectional({ layer: new GRU({ units: U }) as never, mergeMode: "concat" });
    theirs.apply(inputs);
    expect(callsOf(() => theirs.apply(inputs))).toBe(2);
  });

  it("keeps its halves usable alone, with the same weights and states", () => {
    const args = { units: U, stateful: true, returnState: true };
    const ours = bidirectional({ layer: new GRU(args), mergeMode: null, batchInputShape: [B, T, F] });
    const [forward, backward, first, second] = ours.apply(inputs) as tf.Tensor[];
    expect(data(ours.forwardLayer.getStates() ?? [])).toEqual(data([first as tf.Tensor]));
    expect(data(ours.backwardLayer.getStates() ?? [])).toEqual(data([second as tf.Tensor]));
    ours.resetStates();
    expect(data([(ours.forwardLayer.apply(inputs) as tf.Tensor[])[0] as tf.Tensor])).toEqual(
      data([forward as tf.Tensor]),
    );
    expect(data([(ours.backwardLayer.apply(inputs) as tf.Tensor[])[0] as tf.Tensor])).toEqual(
      data([backward as tf.Tensor]),
    );
  });

  it("goes half by half where the halves ask for different paths, or one is replaced", () => {
    const layer = new GRU({ units: U, useCudnn: false });
    const backwardLayer = new GRU({ units: U, goBackwards: true, useCudnn: "auto" });
    const ours = bidirectional({ layer, backwardLayer, mergeMode: "concat" });
    expect(callsOf(() => ours.apply(inputs))).toBe(2);
    const other = bidirectional({ layer, mergeMode: "concat" });
    other.apply(inputs);
    const { backwardLayer: replacement } = ours;
    other.backwardLayer = replacement;
    const output = other.apply(inputs) as tf.Tensor;
    expect(callsOf(() => other.apply(inputs))).toBe(2);
    const alone = replacement.apply(inputs) as tf.Tensor;
    expect(data([output.slice([0, U], [B, U])])).toEqual(data([alone]));
  });

  it("says which initial state does not fit", () => {
    const ours = bidirectional({ layer: new GRU({ units: U }), mergeMode: "concat" });
    const wrong = tf.zeros([B, U + 1]);
    expect(() => ours.apply(inputs, { initialState: [states[0], wrong] })).toThrow(/initial_state/);
  });
});
