// A model with a Bidirectional: its tensors, and the numbers that the layer computes alone.
import { fileURLToPath } from "node:url";
import { Bidirectional, tensor } from "cudnn-gru";
import { expect, it } from "vitest";
import { Model } from "../model.mjs";
import { makeInputs, requestOf, serviceOf, settings } from "./service.mjs";

const fixture = (name) => fileURLToPath(new URL(`../../../test/fixtures/wrappers/${name}`, import.meta.url));

async function serve(file, options) {
  const model = await Model.load("both", fixture(file), { ...settings, ...options });
  return serviceOf("both", model);
}

const valuesOf = (response) => response.json().outputs.map(({ name, data }) => [name, data]);

it("concurrent requests share calls, and each gets its own numbers", async () => {
  const { app, infer } = await serve("stack.keras", { layer: "both" });
  const both = await Bidirectional.fromKeras(fixture("stack.keras"), { layer: "both" });
  const inputs = Array.from({ length: 12 }, (_, i) => makeInputs(1 + (i % 2), 1 + (i % 5), i + 1));
  const responses = await Promise.all(inputs.map((each) => infer(requestOf(each))));
  for (const [i, response] of responses.entries()) {
    const { data, shape } = inputs[i];
    expect(valuesOf(response)).toEqual([["output", Array.from(both.call(tensor(data, shape)).data)]]);
  }
  const { inputs: given, outputs, parameters } = (await app.inject({ url: "/v2/models/both" })).json();
  expect(given.map(({ name, shape }) => [name, shape])).toEqual([
    ["inputs", [-1, -1, 3]],
    ["lengths", [-1]],
    ["mask", [-1, -1]],
    ["initial_forward_state", [-1, 2]],
    ["initial_backward_state", [-1, 2]],
  ]);
  expect(outputs).toEqual([{ name: "output", datatype: "FP32", shape: [-1, -1, 4] }]);
  expect(parameters.path).toBe("cpu");
  await app.close();
});

it("two outputs and two states have names of their own", async () => {
  const { app, infer } = await serve("pair.keras", { batching: false });
  const pair = await Bidirectional.fromKeras(fixture("pair.keras"), { merge_mode: null, return_state: true });
  const inputs = makeInputs(2, 4);
  const states = [2, 3].map((units) => Array.from({ length: 2 * units }, (_, i) => i / 10));
  const state = (name, index) => ({ name, datatype: "FP32", shape: [2, 2 + index], data: states[index] });
  const request = requestOf(inputs);
  request.inputs.push(state("initial_forward_state", 0), state("initial_backward_state", 1));
  const wanted = pair.call(tensor(inputs.data, inputs.shape), {
    initial_state: states.map((data, index) => tensor(Float32Array.from(data), [2, 2 + index])),
  });
  const names = ["forward_output", "backward_output", "forward_state", "backward_state"];
  const response = await infer(request);
  expect(valuesOf(response)).toEqual(wanted.map(({ data }, index) => [names[index], Array.from(data)]));
  request.inputs.pop();
  const refused = await infer(request);
  expect([refused.statusCode, refused.json().error]).toEqual([400, expect.stringContaining("initial_backward_state")]);
  await app.close();
});

it("a layer that the file does not have names those that it has", async () => {
  await expect(serve("stack.keras", { layer: "none" })).rejects.toThrow(/"both\/forward_layer", .*"middle"/);
});
