// Bidirectional with this package's layer computes the results of Keras 3's Bidirectional(GRU)
// (test/fixtures/make_tfjs_bidirectional.py).
import * as tf from "@tensorflow/tfjs";
import { memoryUsage } from "cudnn-gru";
import { bidirectional, GRU } from "cudnn-gru/tfjs";
import { describe, expect, it } from "vitest";
import { type Call, fixture, same, tensor } from "./bidirectional_fixture.js";
import { quiet } from "./support.js";

quiet();

const inputs = tensor(fixture.inputs);
const mask = tf.tensor2d(fixture.mask, undefined, "bool");
const states = fixture.states.map(tensor) as [tf.Tensor, tf.Tensor];

type Make = (args: { layer: GRU; mergeMode: Call["merge_mode"] }) => tf.layers.Layer;

const makers: [string, Make][] = [
  ["tf.layers.bidirectional", (args) => tf.layers.bidirectional(args as never)],
  ["bidirectional of cudnn-gru/tfjs", bidirectional],
];

const named = (calls: Call[]) => calls.map((call) => [call.name, call] as const);
const masked = (call: Call) => (call.mask ? { mask } : {});

function withWeights(make: Make, { arguments: args, merge_mode: mergeMode, weights }: Call): tf.layers.Layer {
  const layer = make({ layer: new GRU({ units: 4, ...args } as never), mergeMode });
  layer.build([2, 5, 3]);
  layer.setWeights(weights.map(tensor));
  return layer;
}

describe.each(makers)("%s", (_, make) => {
  it.each(named(fixture.calls))("%s", (__, call) => {
    const layer = withWeights(make, call);
    const kwargs = () => ({ ...masked(call), ...(call.initial_state ? { initialState: [...states] } : {}) });
    let outputs: tf.Tensor | tf.Tensor[] = [];
    for (let step = 0; step < call.steps; step += 1) outputs = layer.apply(inputs, kwargs()) as tf.Tensor[];
    same(outputs, call.outputs);
  });

  it.each(named(fixture.calls.filter(({ initial_state }) => initial_state)))("%s as further inputs", (__, call) => {
    const layer = withWeights(make, call);
    same(layer.apply([inputs, ...states], masked(call)) as tf.Tensor[], call.outputs);
  });

  it("frees the native memory of both halves when it is disposed", () => {
    const before = memoryUsage().weights;
    const layer = make({ layer: new GRU({ units: 32 }), mergeMode: "concat" });
    tf.dispose(layer.apply(inputs) as tf.Tensor);
    expect(memoryUsage().weights).toBeGreaterThan(before);
    layer.dispose();
    expect(memoryUsage().weights).toBe(before);
  });

  it("leaves no tensors behind, with states and masks", () => {
    const layer = make({ layer: new GRU({ units: 4, returnState: true, returnSequences: true }), mergeMode: null });
    const step = () => tf.dispose(layer.apply(inputs, { mask, initialState: [...states] }) as tf.Tensor[]);
    step();
    const { numTensors } = tf.memory();
    for (let index = 0; index < 20; index += 1) step();
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
